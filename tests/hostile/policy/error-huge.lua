-- tries: an error of two hundred thousand letters and lines
-- must: stopped
-- says: x x x
-- call: 500
local policy = parley.policy { name = "error-huge" }

function policy.join(request, conference)
  error(("x x x\n"):rep(30000))
end

return policy
