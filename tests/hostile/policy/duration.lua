-- tries: times that have been, and that will never come
-- must: stopped
-- says: duration must be
-- call: 200
local policy = parley.policy { name = "duration" }

function policy.joined(event, conference, participant)
  for _, time in ipairs { -1, 0 / 0, 1 / 0, 2 ^ 53, "-5m", "99999999999999999999h" } do
    if pcall(conference.limit, conference, { duration = time }) then print("taken", time) end
  end
  conference:limit { duration = -1 }
end

return policy
