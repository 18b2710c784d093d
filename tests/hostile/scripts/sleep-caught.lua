-- tries: the same, and to catch what comes of it
-- must: stopped
-- says: (more than 500 waits in 10 s|stopped after)
-- call: BYE
return function(call)
  call:answer()
  while true do pcall(call.sleep, call, 0) end
end
