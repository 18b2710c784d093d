-- tries: a pattern that would fill the stack of C
-- must: stopped
-- says: pattern too complex
-- call: 500
local policy = parley.policy { name = "pattern-deep" }

function policy.join(request, conference)
  return ("a"):rep(2000):find(("a?"):rep(2000))
end

return policy
