-- tries: to keep whoever reloads waiting
-- must: refused
-- says: stopped after
local policy = parley.policy { name = "moved", version = 2 }

function policy.migrate(state, version)
  while true do pcall(function() while true do end end) end
end

return policy
