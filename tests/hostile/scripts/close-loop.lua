-- tries: to loop on when the caller has hung up, in what is closed
-- must: stopped
-- says: stopped after
-- call: 200
return function(call)
  call:answer()
  local open <close> = setmetatable({}, { __close = function() while true do end end })
  call:sleep(60)
end
