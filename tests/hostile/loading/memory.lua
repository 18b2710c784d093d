-- tries: to have all memory before it begins
-- must: refused
-- says: (not enough memory|stopped after)
local policy = parley.policy { name = "memory" }
local list = {}
for i = 1, math.huge do list[i] = ("x"):rep(1000) .. i end
return policy
