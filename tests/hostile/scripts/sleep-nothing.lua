-- tries: to wait for nothing, again and again, within each budget
-- must: stopped
-- says: more than 500 waits in 10 s
-- call: BYE
return function(call)
  call:answer()
  while true do call:sleep(0) end
end
