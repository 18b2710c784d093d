-- tries: to loop when somebody has joined
-- must: stopped
-- says: stopped after
-- call: 200
local policy = parley.policy { name = "loop-event" }

function policy.joined(event, conference, participant)
  while true do pcall(function() while true do end end) end
end

return policy
