-- tries: to move nothing, for a century
-- must: stopped
-- says: stopped after
-- call: 500
local policy = parley.policy { name = "table-move" }

function policy.join(request, conference)
  table.move({}, 1, math.maxinteger - 1, 2)
end

return policy
