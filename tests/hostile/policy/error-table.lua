-- tries: an error whose text never ends
-- must: stopped
-- says: the error is a table instead of a text
-- call: 500
local policy = parley.policy { name = "error-table" }

function policy.join(request, conference)
  error(setmetatable({}, { __tostring = function() while true do end end }))
end

return policy
