-- tries: to have all memory, in coroutines
-- must: stopped
-- says: (stopped after|not enough memory)
-- call: 500
local policy = parley.policy { name = "memory-coroutines" }

function policy.join(request, conference)
  local list = {}
  while true do
    list[#list + 1] = coroutine.wrap(function() coroutine.yield(list) end)
    list[#list]()
  end
end

return policy
