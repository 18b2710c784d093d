-- tries: a string of a gigabyte
-- must: stopped
-- says: the result would be longer than 256 KiB
-- call: 500
local policy = parley.policy { name = "string-rep" }

function policy.join(request, conference)
  return #("x"):rep(1 << 30)
end

return policy
