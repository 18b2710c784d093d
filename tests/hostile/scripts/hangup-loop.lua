-- tries: to loop on when the caller has hung up, in what is told of it
-- must: stopped
-- says: stopped after
-- call: 200
return function(call)
  call:answer()
  call:on_hangup(function() while true do pcall(function() while true do end end) end end)
  call:sleep(60)
end
