-- tries: to load for ever
-- must: refused
-- says: stopped after
local policy = parley.policy { name = "loop" }
while true do pcall(function() while true do end end) end
return policy
