-- tries: to fill the stack of C by brackets
-- must: stopped
-- says: maximum parsing depth reached
-- call: 500
local policy = parley.policy { name = "json-deep" }

function policy.join(request, conference)
  local value, why = json.decode(("["):rep(200000))
  error("json: " .. tostring(value) .. " " .. tostring(why))
end

return policy
