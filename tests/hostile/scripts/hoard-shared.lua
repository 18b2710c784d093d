-- tries: the same, in a table that outlives the call
-- must: stopped
-- says: not enough memory: a conversation has 4 MiB
-- call: BYE
local hoard = {}

return function(call)
  call:answer()
  while true do
    hoard[#hoard + 1] = ("x"):rep(200000) .. #hoard
    call:sleep(0.005)
  end
end
