-- tries: to keep what another conference has
-- must: harmless
-- says: nothing of others
-- call: 200
local policy = parley.policy { name = "state-others" }

function policy.joined(event, conference, participant)
  local other = parley.conference "state-huge"
  conference.state.mine = { at = "home" }
  if not (other and other.state.mine) then print "nothing of others" end
end

return policy
