-- tries: to keep more than a state may hold
-- must: refused
-- says: 64 KiB
local policy = parley.policy { name = "moved", version = 2 }

function policy.migrate(state, version)
  state.much = ("x"):rep(100000)
end

return policy
