-- tries: to be two policies
-- must: refused
-- says: makes one policy
local one = parley.policy { name = "one" }
parley.policy { name = "two" }
return one
