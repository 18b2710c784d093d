-- tries: to go on in what is closed on the way out, each with more to be closed
-- must: stopped
-- says: stopped after
-- call: 500
local policy = parley.policy { name = "close-nested" }

local function nest()
  local more <close> = setmetatable({}, { __close = nest })
  while true do end
end

policy.join = nest
return policy
