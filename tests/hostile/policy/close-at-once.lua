-- tries: to end the conference at the moment that it begins
-- must: stopped
-- says: gone
-- call: BYE
local policy = parley.policy { name = "close-at-once" }

function policy.joined(event, conference, participant)
  conference:close("no")
  local done, why = participant:mute()
  if not done then error(why) end
end

return policy
