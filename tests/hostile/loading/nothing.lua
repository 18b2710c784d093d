-- tries: to be something else, once it is made
-- must: refused
-- says: must return
local policy = parley.policy { name = "nothing" }
return 42
