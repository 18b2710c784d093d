-- tries: to act while nothing has been asked of it
-- must: refused
-- says: parley
parley.create { policy = "open" }
return parley.policy { name = "act" }
