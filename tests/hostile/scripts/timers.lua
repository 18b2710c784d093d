-- tries: a thousand timers
-- must: stopped
-- says: more than 64 timers at once
-- call: BYE
return function(call)
  call:answer()
  for _ = 1, 1000 do parley.every(60, print) end
end
