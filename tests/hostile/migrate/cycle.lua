-- tries: to keep what contains itself
-- must: refused
-- says: state
local policy = parley.policy { name = "moved", version = 2 }

function policy.migrate(state, version)
  state.self = state
end

return policy
