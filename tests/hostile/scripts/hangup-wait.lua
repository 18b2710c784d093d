-- tries: to stay when the caller has gone
-- must: stopped
-- says: sleep
-- call: 200
return function(call)
  call:answer()
  call:on_hangup(function() call:sleep(60) end)
  call:sleep(60)
end
