-- tries: to have a hundred million keys asked for, a hundred million times
-- must: stopped
-- says: max must be a whole number
-- call: BYE
return function(call)
  call:answer()
  call:ask { max = 1e8, retries = 1e8, timeout = -1 }
end
