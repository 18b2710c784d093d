-- tries: to change what conferences and participants are
-- must: harmless
-- says: they are what they were
-- call: 200
local policy = parley.policy { name = "handles" }

function policy.joined(event, conference, participant)
  local is_changed = pcall(function() participant.role = "host" end)
    or pcall(function() conference.count = 1000 end)
    or pcall(setmetatable, participant, {})
    or pcall(rawset, conference, "close", print)
  if not is_changed and not getmetatable(participant) then print "they are what they were" end
end

return policy
