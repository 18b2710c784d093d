-- tries: a mix of a hundred thousand buses
-- must: stopped
-- says: more than 60 buses
-- call: 200
local policy = parley.policy { name = "mix-many" }

function policy.mix(mix, conference)
  for i = 1, 100000 do
    local bus = mix:bus("b" .. i)
    for p in conference:participants() do p:speaks_to(bus) p:listens_to(bus) end
  end
end

return policy
