-- tries: to wait in a comparison
-- must: stopped
-- says: there is no waiting within a function that is called by C
-- call: BYE
return function(call)
  call:answer()
  table.sort({ 2, 1 }, function(a, b) call:sleep(1) return a < b end)
end
