-- tries: to loop in a replacement
-- must: stopped
-- says: stopped after
-- call: 500
local policy = parley.policy { name = "loop-gsub" }

function policy.join(request, conference)
  return ("aaaa"):gsub("a", function() while true do end end)
end

return policy
