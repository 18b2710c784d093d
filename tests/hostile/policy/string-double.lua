-- tries: a string that doubles
-- must: stopped
-- says: not enough memory
-- call: 500
local policy = parley.policy { name = "string-double" }

function policy.join(request, conference)
  local s = "x"
  while true do s = string.format("%s%s", s, s) end
end

return policy
