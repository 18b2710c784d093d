-- tries: to decide never
-- must: stopped
-- says: stopped after
-- call: 500
local policy = parley.policy { name = "loop" }

function policy.join(request, conference)
  while true do end
end

return policy
