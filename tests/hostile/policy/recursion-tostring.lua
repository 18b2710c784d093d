-- tries: to be written by being written
-- must: stopped
-- says: C stack overflow
-- call: 500
local policy = parley.policy { name = "recursion-tostring" }

function policy.join(request, conference)
  local t = setmetatable({}, { __tostring = tostring })
  print(t)
end

return policy
