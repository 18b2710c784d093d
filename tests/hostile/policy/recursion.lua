-- tries: to call itself for ever
-- must: stopped
-- says: (stack overflow|not enough memory|stopped after)
-- call: 500
local policy = parley.policy { name = "recursion" }

function policy.join(request, conference)
  local function deeper(n) return 1 + deeper(n + 1) end
  return deeper(1)
end

return policy
