-- tries: to write bytecode, and to load it
-- must: stopped
-- says: attempt to call a nil value \(field 'dump'\)
-- call: 500
local policy = parley.policy { name = "bytecode" }

function policy.join(request, conference)
  local code = string.dump(function() end)
  return load(code, "x", "b")
end

return policy
