-- tries: to fail by an error that is never written
-- must: refused
-- says: 
local policy = parley.policy { name = "moved", version = 2 }

function policy.migrate(state, version)
  error(setmetatable({}, { __tostring = function() while true do end end }))
end

return policy
