-- tries: to keep a function over a reload
-- must: stopped
-- says: a function cannot be kept
-- call: 200
local policy = parley.policy { name = "state-function" }

function policy.joined(event, conference, participant)
  conference.state.f = print
end

return policy
