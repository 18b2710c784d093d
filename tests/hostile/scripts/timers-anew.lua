-- tries: a timer that begins itself anew, at once
-- must: stopped
-- says: more than 500 waits in 10 s
-- call: 200
return function(call)
  call:answer()
  local function again() parley.after(0, again) end
  again()
  call:sleep(60)
end
