-- tries: to have all memory, and to catch what comes of it
-- must: stopped
-- says: (stopped after|not enough memory)
-- call: 200
local policy = parley.policy { name = "memory-event" }

function policy.joined(event, conference, participant)
  local list = {}
  while true do pcall(function() list[#list + 1] = ("x"):rep(200000) .. #list end) end
end

return policy
