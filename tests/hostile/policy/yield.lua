-- tries: to wait within a decision
-- must: stopped
-- says: attempt to yield from outside a coroutine
-- call: 500
local policy = parley.policy { name = "yield" }

function policy.join(request, conference)
  coroutine.yield("later")
end

return policy
