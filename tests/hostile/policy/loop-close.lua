-- tries: to loop on while what it has opened is closed
-- must: stopped
-- says: stopped after
-- call: 500
local policy = parley.policy { name = "loop-close" }

function policy.join(request, conference)
  local function forever() while true do end end
  local one <close> = setmetatable({}, { __close = forever })
  local two <close> = setmetatable({}, { __close = forever })
  forever()
end

return policy
