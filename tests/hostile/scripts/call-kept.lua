-- tries: to keep the call of one caller, and to hang up on it for the next
-- must: harmless
-- says: the first is gone
-- call: 200
local kept

return function(call)
  call:answer()
  if kept then
    local done, why = kept:hangup()
    print("the first is " .. (done and "hung up" or why))
  end
  kept = call
  call:sleep(60)
end
