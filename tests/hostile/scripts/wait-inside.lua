-- tries: to wait in a coroutine of its own
-- must: stopped
-- says: a coroutine of the script's own cannot wait
-- call: BYE
return function(call)
  call:answer()
  coroutine.wrap(function() call:sleep(1) end)()
end
