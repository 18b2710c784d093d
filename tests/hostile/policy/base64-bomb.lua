-- tries: to have work done in C that no instruction counts
-- must: stopped
-- says: stopped after
-- call: 500
local policy = parley.policy { name = "base64-bomb" }

function policy.join()
  local long = ("x"):rep(190000)
  while true do pcall(base64.decode, base64.encode(long)) end
end

return policy
