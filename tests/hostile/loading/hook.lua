-- tries: a hook that is no function
-- must: refused
-- says: join
local policy = parley.policy { name = "hook" }
policy.join = { "not a function" }
return policy
