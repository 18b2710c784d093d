-- tries: to call itself for ever
-- must: refused
-- says: (stack overflow|stopped after)
local policy = parley.policy { name = "moved", version = 2 }

function policy.migrate(state, version)
  return 1 + policy.migrate(state, version)
end

return policy
