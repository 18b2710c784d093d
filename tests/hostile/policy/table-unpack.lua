-- tries: to fill the stack
-- must: stopped
-- says: (stopped after|too many results)
-- call: 500
local policy = parley.policy { name = "table-unpack" }

function policy.join(request, conference)
  while true do pcall(table.unpack, {}, 1, 900000) end
end

return policy
