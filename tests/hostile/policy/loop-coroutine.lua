-- tries: a new coroutine for each one that is stopped
-- must: stopped
-- says: stopped after
-- call: 500
local policy = parley.policy { name = "loop-coroutine" }

function policy.join(request, conference)
  local function forever() while true do end end
  while true do coroutine.resume(coroutine.create(forever)) end
end

return policy
