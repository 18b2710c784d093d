-- tries: to write a header, and markup, by somebody's name
-- must: stopped
-- says: the name must be UTF-8 without control characters
-- call: 200
local policy = parley.policy { name = "rename" }

function policy.joined(event, conference, participant)
  participant:rename("Bob\r\nSubject: <b>")
end

return policy
