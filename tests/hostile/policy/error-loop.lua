-- tries: to fail by an error that is never written
-- must: stopped
-- says: 
-- call: 500
local policy = parley.policy { name = "error-loop" }

function policy.join()
  error(setmetatable({}, { __tostring = function() while true do end end }))
end

return policy
