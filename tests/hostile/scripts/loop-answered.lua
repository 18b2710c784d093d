-- tries: the same, once it has answered
-- must: stopped
-- says: stopped after
-- call: BYE
return function(call)
  call:answer()
  while true do pcall(function() while true do end end) end
end
