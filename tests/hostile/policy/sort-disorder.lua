-- tries: to lead the sort out of its table, by an order that is none
-- must: stopped
-- says: invalid order function
-- call: 500
local policy = parley.policy { name = "sort-disorder" }

function policy.join(request, conference)
  local list = {}
  for i = 1, 1000 do list[i] = i % 7 end
  table.sort(list, function() return true end)
end

return policy
