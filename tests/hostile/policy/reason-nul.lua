-- tries: a reason with a NUL in it, and bytes that are no UTF-8
-- must: stopped
-- says: the reason must be UTF-8 without control characters
-- call: 500
local policy = parley.policy { name = "reason-nul" }

function policy.join(request, conference)
  return reject(403, "No\0\xff\xfe")
end

return policy
