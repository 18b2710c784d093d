-- tries: to write outside of where recordings are
-- must: stopped
-- says: must lie in the config.s directory
-- call: 200
local policy = parley.policy { name = "record-path" }

function policy.joined(event, conference, participant)
  local done, why = conference:record { file = "../../../../../../tmp/hostile.wav" }
  error("record: " .. tostring(done) .. tostring(why))
end

return policy
