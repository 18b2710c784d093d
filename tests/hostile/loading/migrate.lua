-- tries: to bring states to a version by something that is no function
-- must: refused
-- says: migrate
local policy = parley.policy { name = "migrate", version = 2 }
policy.migrate = "later"
return policy
