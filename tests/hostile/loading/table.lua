-- tries: a policy that never ends when it is looked through
-- must: refused
-- says: (parley.policy|unknown)
return parley.policy(setmetatable({ name = "table", x = 1 }, {
  __pairs = function() return function() return "x", 1 end end,
  __index = function(self) return self end,
}))
