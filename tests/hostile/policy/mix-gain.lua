-- tries: a mix of gains that are no numbers
-- must: stopped
-- says: the gain must be a number from -60 to 12 dB
-- call: 200
local policy = parley.policy { name = "mix-gain" }

function policy.mix(mix, conference)
  for p in conference:participants() do p:speaks_to("main", 0 / 0) end
end

return policy
