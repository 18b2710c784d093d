-- tries: to change what all strings of all scripts are
-- must: harmless
-- says: strings are as they were
-- call: 200
local policy = parley.policy { name = "metatable-string" }

function policy.joined()
  local is_changed = pcall(function() getmetatable("").__index = nil end)
    or pcall(function() string.upper = print end)
    or pcall(setmetatable, "", {})
    or pcall(rawset, string, "upper", print)
  if not is_changed and ("x"):upper() == "X" then print "strings are as they were" end
end

return policy
