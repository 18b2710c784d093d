-- tries: to use whoever has left
-- must: stopped
-- says: nil gone participant
-- call: 200
local policy = parley.policy { name = "handle-gone" }
local kept

function policy.joined(event, conference, participant)
  kept = kept or participant
end

function policy.left(event, conference)
  local done, why = kept:mute()
  error(tostring(done) .. " " .. tostring(why) .. " " .. tostring(kept.role))
end

return policy
