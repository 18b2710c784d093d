-- tries: to loop in a comparison
-- must: stopped
-- says: stopped after
-- call: 500
local policy = parley.policy { name = "loop-sort" }

function policy.join(request, conference)
  table.sort({ 3, 1, 2 }, function() while true do end end)
end

return policy
