-- tries: to have the server send a header of its own
-- must: stopped
-- says: the reason must be UTF-8 without control characters
-- call: 500
local policy = parley.policy { name = "reason-header" }

function policy.join(request, conference)
  return reject(403, "No\r\nVia: SIP/2.0/UDP 192.0.2.1\r\nX: ")
end

return policy
