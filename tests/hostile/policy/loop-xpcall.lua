-- tries: to loop on in the handler of its own end
-- must: stopped
-- says: stopped after
-- call: 500
local policy = parley.policy { name = "loop-xpcall" }

function policy.join(request, conference)
  local function forever() while true do end end
  while true do xpcall(forever, forever) end
end

return policy
