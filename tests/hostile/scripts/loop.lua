-- tries: to loop for ever with a caller
-- must: stopped
-- says: stopped after
-- call: 500
return function(call)
  while true do pcall(function() while true do end end) end
end
