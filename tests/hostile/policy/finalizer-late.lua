-- tries: the same, by a metatable that changes afterwards
-- must: harmless
-- says: no garbage has run
-- call: 200
local policy = parley.policy { name = "finalizer-late" }

function policy.join(request, conference)
  local has_run, metatable = false, {}
  for _ = 1, 1000 do setmetatable({}, metatable) end
  metatable.__gc = function() has_run = true end
  for _ = 1, 10000 do local _ = {} end
  print(has_run and "garbage has run" or "no garbage has run")
  return accept {}
end

return policy
