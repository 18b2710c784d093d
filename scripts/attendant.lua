-- Attendant: what the keys of a phone do in a conference. *6 mutes the own line, and opens it again;
-- nobody else hears the key, nor the answer.
--
--   applications = { attendant = "attendant" }
--   attendant    = "attendant"

local PAUSE = 3 -- seconds, at most, from key to key

local function mute(me)
  local muted = me.muted
  local done = muted and me:unmute() or not muted and me:mute()
  me:play(not done and "not-allowed" or muted and "unmuted" or "muted")
end

return function(call)
  if not call.participant then return call:reject(404) end
  while call:wait_for { "digit", keys = "*" } do
    local key = call:wait_for { "digit", timeout = PAUSE }
    if key and key.digit == "6" then mute(call.participant) end
  end
end
