-- tries: to read JSON that is deep, and JSON that is long, again and again
-- must: stopped
-- says: stopped after
-- call: 500
local policy = parley.policy { name = "json-bomb" }

function policy.join()
  local deep, long = ("["):rep(200000), "[" .. ("1,"):rep(100000) .. "1]"
  while true do
    pcall(json.decode, deep)
    pcall(json.decode, long)
  end
end

return policy
