-- tries: to do something while it is asked for its opinion
-- must: stopped
-- says: is not possible in a decision hook
-- call: 500
local policy = parley.policy { name = "act" }

function policy.join(request, conference)
  conference:close("gone")
end

return policy
