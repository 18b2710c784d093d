-- tries: to write outside of where recordings are
-- must: stopped
-- says: record
-- call: BYE
return function(call)
  call:answer()
  local done, why = call:record { file = "../../../../../../tmp/hostile.wav", max = 1 }
  error("record: " .. tostring(done) .. " " .. tostring(why))
end
