-- tries: to keep the call of one caller, and to hang up on it for the next
-- must: harmless
-- says: false.*a call can only be used by the application that it is with
-- call: 200
local kept

return function(call)
  call:answer()
  if kept then print(pcall(kept.hangup, kept)) end
  kept = call
  call:sleep(60)
end
