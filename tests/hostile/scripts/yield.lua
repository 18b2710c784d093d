-- tries: to wait for nobody
-- must: stopped
-- says: coroutine.yield is for coroutines that the script itself has made
-- call: BYE
return function(call)
  call:answer()
  coroutine.yield()
end
