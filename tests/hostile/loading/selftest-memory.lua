-- tries: to take all memory in a test
-- must: refused
-- says: (not enough memory|stopped after)
local policy = parley.policy { name = "selftest-memory" }
selftest("everything", function()
  local all = {}
  while true do all[#all + 1] = ("x"):rep(1000):rep(200) .. #all end
end)
return policy
