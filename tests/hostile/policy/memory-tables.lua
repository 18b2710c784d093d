-- tries: to have all memory, in tables
-- must: stopped
-- says: (stopped after|not enough memory)
-- call: 500
local policy = parley.policy { name = "memory-tables" }

function policy.join(request, conference)
  local list = {}
  while true do list[#list + 1] = { list } end
end

return policy
