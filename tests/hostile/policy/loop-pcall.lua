-- tries: to swallow its own end
-- must: stopped
-- says: stopped after
-- call: 500
local policy = parley.policy { name = "loop-pcall" }

function policy.join(request, conference)
  local function forever() while true do end end
  while true do pcall(forever) end
end

return policy
