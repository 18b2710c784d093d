-- tries: dates of a hundred thousand fields, in few instructions
-- must: stopped
-- says: stopped after
-- call: 500
local policy = parley.policy { name = "date-long" }

function policy.join(request, conference)
  local format = ("%n"):rep(131000)
  while true do
    os.date(format)
  end
end

return policy
