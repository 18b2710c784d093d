-- tries: to keep ten megabytes
-- must: stopped
-- says: (stopped after|conference.state)
-- call: 200
local policy = parley.policy { name = "state-huge" }

function policy.joined(event, conference, participant)
  for i = 1, 100 do conference.state[i] = ("x"):rep(100000) .. i end
end

return policy
