-- tries: to keep a table that holds itself
-- must: stopped
-- says: a table that holds itself cannot be kept
-- call: 200
local policy = parley.policy { name = "state-cycle" }

function policy.joined(event, conference, participant)
  local t = {}
  t.t = t
  conference.state.t = t
end

return policy
