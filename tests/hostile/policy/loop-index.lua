-- tries: to loop in a metamethod
-- must: stopped
-- says: stopped after
-- call: 500
local policy = parley.policy { name = "loop-index" }

function policy.join(request, conference)
  local t = setmetatable({}, { __index = function(self, key) return self[key] or true end,
                               __lt = function() while true do end end })
  while true do pcall(function() return t < t end) end
end

return policy
