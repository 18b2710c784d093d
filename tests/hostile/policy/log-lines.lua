-- tries: to write a line into the log that looks like the server's
-- must: harmless
-- says: first.2026-01-01 error \[board\] forged .\[2J
-- call: 200
local policy = parley.policy { name = "log-lines" }

function policy.joined(event, conference, participant)
  print("first\n2026-01-01 error [board] forged \27[2J")
end

return policy
