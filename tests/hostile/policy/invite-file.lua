-- tries: to dial a file
-- must: stopped
-- says: invite
-- call: 200
local policy = parley.policy { name = "invite-file" }

function policy.joined(event, conference, participant)
  local done, why = conference:invite("file:///etc/passwd")
  if not done then error("conference:invite: " .. why) end
end

return policy
