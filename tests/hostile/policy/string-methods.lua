-- tries: to change what strings of all policies can do
-- must: stopped
-- says: attempt to index a boolean value
-- call: 500
local policy = parley.policy { name = "string-methods" }

function policy.join(request, conference)
  getmetatable("").__index.format = function() return "poisoned" end
end

return policy
