-- tries: a version that no number holds
-- must: refused
-- says: version
return parley.policy { name = "version", version = 1e300 }
