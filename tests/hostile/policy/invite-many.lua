-- tries: to dial ten thousand at once
-- must: stopped
-- says: stopped after
-- call: 200
local policy = parley.policy { name = "invite-many" }

function policy.joined(event, conference, participant)
  for i = 1, 10000 do conference:invite("sip:" .. i .. "@127.0.0.1:1") end
end

return policy
