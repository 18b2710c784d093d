-- tries: to fill the log with the errors of a timer
-- must: stopped
-- says: again
-- call: 200
return function(call)
  call:answer()
  for _ = 1, 60 do parley.every(0.05, function() error "again" end) end
  call:sleep(60)
end
