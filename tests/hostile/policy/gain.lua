-- tries: gains that are no numbers
-- must: stopped
-- says: (speaks|hears)
-- call: 200
local policy = parley.policy { name = "gain" }

function policy.joined(event, conference, participant)
  for _, gain in ipairs { 0 / 0, 1 / 0, -1 / 0, 2 ^ 53, 1e308 } do
    if pcall(participant.volume, participant, { speaks = gain }) then return print("taken", gain) end
  end
  participant:volume { hears = 0 / 0 }
end

return policy
