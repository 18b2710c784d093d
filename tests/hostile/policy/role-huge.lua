-- tries: a role of a hundred thousand letters
-- must: stopped
-- says: role must have at most
-- call: 500
local policy = parley.policy { name = "role-nul" }

function policy.join(request, conference)
  return accept { role = ("host"):rep(30000) }
end

return policy
