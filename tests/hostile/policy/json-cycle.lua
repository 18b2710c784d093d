-- tries: to write a table that holds itself
-- must: stopped
-- says: tables nest too deep
-- call: 500
local policy = parley.policy { name = "json-cycle" }

function policy.join(request, conference)
  local t = {}
  t[1] = t
  return json.encode(t)
end

return policy
