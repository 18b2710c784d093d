-- tries: to keep whoever reloads waiting, in a test
-- must: refused
-- says: stopped after
local policy = parley.policy { name = "selftest-loop" }
selftest("for ever", function()
  while true do pcall(function() while true do end end) end
end)
return policy
