-- tries: to have all memory, in functions
-- must: stopped
-- says: (stopped after|not enough memory)
-- call: 500
local policy = parley.policy { name = "memory-closures" }

function policy.join(request, conference)
  local keep
  while true do
    local before = keep
    keep = function() return before end
  end
end

return policy
