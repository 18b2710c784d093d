-- tries: to leave something for others in a global
-- must: stopped
-- says: cannot set global 'mine': write `local mine`
-- call: 500
local policy = parley.policy { name = "globals" }

function policy.join(request, conference)
  mine = { "for all" }
end

return policy
