-- tries: a string that is squared
-- must: stopped
-- says: not enough memory
-- call: 500
local policy = parley.policy { name = "string-gsub" }

function policy.join(request, conference)
  local s = ("x"):rep(1000)
  return #s:gsub(".", s)
end

return policy
