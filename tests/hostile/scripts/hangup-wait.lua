-- tries: to stay when the caller has gone
-- must: harmless
-- says: nil gone
-- call: 200
return function(call)
  call:answer()
  call:on_hangup(function() print(call:sleep(60)) end)
  call:sleep(60)
end
