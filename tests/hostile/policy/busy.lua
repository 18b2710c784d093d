-- tries: to compute for a good part of its budget at each event, and to have event follow event
-- must: stopped
-- says: no hook is called for the rest of the minute
local policy = parley.policy { name = "busy" }

local function compute()
  for i = 1, 100000 do local _ = { i } end
end

function policy.joined(_, _, participant) participant:mute() end
function policy.muted(_, _, participant)
  compute()
  if participant.muted then participant:unmute() else participant:mute() end
end

return policy
