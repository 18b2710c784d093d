-- tries: to join ten thousand million empty strings
-- must: stopped
-- says: stopped after
-- call: 500
local policy = parley.policy { name = "table-concat" }

function policy.join(request, conference)
  local t = setmetatable({}, { __index = function() return "" end })
  return table.concat(t, "", 1, 10 ^ 10 // 1 | 0)
end

return policy
