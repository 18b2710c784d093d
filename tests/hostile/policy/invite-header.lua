-- tries: to dial a URI that brings headers along
-- must: stopped
-- says: invite
-- call: 200
local policy = parley.policy { name = "invite-header" }

function policy.joined(event, conference, participant)
  local done, why = conference:invite("sip:bob@127.0.0.1\r\nVia: SIP/2.0/UDP 192.0.2.1")
  if not done then error("conference:invite: " .. why) end
end

return policy
