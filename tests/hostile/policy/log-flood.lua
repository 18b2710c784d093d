-- tries: to fill the disk with its log
-- must: stopped
-- says: stopped after
-- call: 200
local policy = parley.policy { name = "log-flood" }

function policy.joined(event, conference, participant)
  while true do print("x") end
end

return policy
