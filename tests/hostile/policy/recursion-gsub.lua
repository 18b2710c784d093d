-- tries: to fill the stack of C by replacements within replacements
-- must: stopped
-- says: C stack overflow
-- call: 500
local policy = parley.policy { name = "recursion-gsub" }

function policy.join(request, conference)
  local function deeper(text) return (text:gsub(".", deeper)) end
  return deeper("x")
end

return policy
