-- tries: a table that is looked up in itself
-- must: stopped
-- says: chain too long; possible loop
-- call: 500
local policy = parley.policy { name = "recursion-index" }

function policy.join(request, conference)
  local t = {}
  setmetatable(t, { __index = t })
  return t.x
end

return policy
