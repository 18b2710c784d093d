-- tries: to use the call of one caller in the timer of the next
-- must: harmless
-- says: false.*a call can only be used by the application that it is with
-- call: 200
local kept

return function(call)
  call:answer()
  local old = kept
  kept = call
  if old then parley.after(0.05, function() print(pcall(old.hangup, old)) end) end
  call:sleep(60)
end
