-- tries: to loop where the mix is made
-- must: stopped
-- says: stopped after
-- call: 200
local policy = parley.policy { name = "loop-mix" }

function policy.mix(mix, conference)
  while true do pcall(function() while true do end end) end
end

return policy
