-- tries: to write base64 of base64, again and again
-- must: stopped
-- says: not enough memory
-- call: 500
local policy = parley.policy { name = "base64" }

function policy.join(request, conference)
  local s = "x"
  while true do s = base64.encode(s) .. s end
end

return policy
