-- tries: to have a file of the machine played
-- must: stopped
-- says: must lie in the config.s directory
-- call: 200
local policy = parley.policy { name = "play-path" }

function policy.joined(event, conference, participant)
  local done, why = conference:play("../../../../../../etc/passwd")
  error("play: " .. tostring(done) .. tostring(why))
end

return policy
