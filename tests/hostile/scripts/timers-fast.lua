-- tries: a timer that comes as fast as the clock counts
-- must: stopped
-- says: the time is too short
-- call: BYE
return function(call)
  call:answer()
  parley.every(0.001, print)
end
