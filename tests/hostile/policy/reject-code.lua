-- tries: to refuse a call by a success
-- must: stopped
-- says: reject
-- call: 500
local policy = parley.policy { name = "reject-code" }

function policy.join(request, conference)
  return reject(200, "OK")
end

return policy
