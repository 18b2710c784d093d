-- tries: to run when nobody looks, as garbage
-- must: stopped
-- says: __gc is not available to scripts
-- call: 500
local policy = parley.policy { name = "finalizer" }

function policy.join(request, conference)
  setmetatable({}, { __gc = function() while true do end end })
end

return policy
