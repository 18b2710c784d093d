-- tries: to leave it half done
-- must: refused
-- says: outside a coroutine
local policy = parley.policy { name = "moved", version = 2 }

function policy.migrate(state, version)
  state.half = true
  coroutine.yield()
end

return policy
