-- tries: a number of a million digits
-- must: stopped
-- says: invalid conversion
-- call: 500
local policy = parley.policy { name = "string-format" }

function policy.join(request, conference)
  return string.format("%999999.999999f", 1e308)
end

return policy
