-- tries: a pattern that would go back for longer than the world is old
-- must: stopped
-- says: stopped after
-- call: 500
local policy = parley.policy { name = "pattern" }

function policy.join(request, conference)
  return ("a"):rep(200):find(("a-"):rep(30) .. "b")
end

return policy
