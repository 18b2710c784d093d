-- tries: numbers that no number holds
-- must: harmless
-- says: no number is made up
-- call: 200
local policy = parley.policy { name = "json-number" }

function policy.join(request, conference)
  local huge, why = json.decode("[1" .. ("0"):rep(400) .. "]")
  local is_written = pcall(json.encode, { 0 / 0 })
  if not is_written and (not huge or huge[1] > 1e300) then print("no number is made up", why) end
  return accept {}
end

return policy
