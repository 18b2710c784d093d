-- tries: to have a file of the machine played
-- must: stopped
-- says: play
-- call: BYE
return function(call)
  call:answer()
  local done, why = call:play("/etc/passwd")
  error("play: " .. tostring(done) .. " " .. tostring(why))
end
