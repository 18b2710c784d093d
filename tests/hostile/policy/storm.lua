-- tries: to answer its own events for ever
-- must: stopped
-- says: Loop Detected
-- call: 200
local policy = parley.policy { name = "storm" }

function policy.joined(event, conference, participant)
  participant:mute()
end

function policy.muted(event, conference, participant)
  local done, why
  if participant.muted then done, why = participant:unmute() else done, why = participant:mute() end
  if not done then error(why) end
end

return policy
