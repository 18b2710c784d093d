-- tries: to join a conference whose name is a path
-- must: stopped
-- says: join
-- call: BYE
return function(call)
  call:answer()
  local done, why = call:join("../../policy\r\n")
  error("join: " .. tostring(done) .. " " .. tostring(why))
end
