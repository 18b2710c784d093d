-- tries: to end a conference that people are in, from a test, which has one of its own
-- must: refused
-- says: expected 50, got 0
local policy = parley.policy { name = "selftest-live" }
selftest("demo", function()
  local demo = parley.conference "demo"
  local count = demo.count
  demo:close()
  expect(count, 50)
end)
return policy
