-- tries: to write a file from a test
-- must: refused
-- says: io
local policy = parley.policy { name = "selftest-file" }
selftest("a file", function() io.open("/tmp/hostile", "w"):write "here" end)
return policy
