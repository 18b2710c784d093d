-- tries: to loop in a timer
-- must: stopped
-- says: stopped after
-- call: 200
return function(call)
  call:answer()
  parley.after(0, function() while true do end end)
  call:sleep(60)
end
