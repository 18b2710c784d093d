-- tries: to become a host by changing what was asked, after it was decided
-- must: harmless
-- says: it is participant
-- call: 200
local policy = parley.policy { name = "request-kept" }
local kept

function policy.join(request) kept = request end

function policy.joined(_, _, participant)
  pcall(function() kept.params.role = "host" end)
  pcall(function() kept.params = { role = "host" } end)
  print("it is " .. participant.role)
end

return policy
