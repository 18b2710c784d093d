-- tries: to let a thousand years go by in a test
-- must: refused
-- says: (stopped after|at most 31 days)
local policy = parley.policy { name = "selftest-time" }
selftest("a thousand years", function(sim)
  while true do pcall(sim.advance, sim, "24h") end
end)
return policy
