-- tries: to keep all memory of all scripts
-- must: stopped
-- says: not enough memory: a conversation has 4 MiB
-- call: BYE
return function(call)
  call:answer()
  local hoard = {}
  while true do
    hoard[#hoard + 1] = ("x"):rep(200000) .. #hoard
    call:sleep(0.005)
  end
end
