-- tries: to give a function of one class the handles of another
-- must: stopped
-- says: participant expected
-- call: 200
local policy = parley.policy { name = "handle-other" }

function policy.joined(_, conference, participant)
  local is_done = pcall(conference.close, participant)
  for _, other in ipairs { conference, "host", 1, {}, print } do
    is_done = is_done or pcall(participant.mute, other)
  end
  if is_done then error "it is taken" end
  participant.mute(conference)
end

return policy
