-- tries: to return what is no verdict
-- must: stopped
-- says: hook join must return
-- call: 500
local policy = parley.policy { name = "verdict" }

function policy.join(request, conference)
  return setmetatable({}, { __index = function() return "accept" end })
end

return policy
