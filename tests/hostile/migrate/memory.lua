-- tries: to bring a state to a size that no memory holds
-- must: refused
-- says: (not enough memory|stopped after)
local policy = parley.policy { name = "moved", version = 2 }

function policy.migrate(state, version)
  while true do state[#state + 1] = ("x"):rep(1000):rep(200) .. #state end
end

return policy
