-- tries: to act on the conference instead
-- must: refused
-- says: not possible
local policy = parley.policy { name = "moved", version = 2 }

function policy.migrate(state, version)
  parley.conference("moved"):close()
end

return policy
