-- tries: to command a conference that is over, by the handle of it
-- must: stopped
-- says: nil gone nil
-- call: BYE
return function(call)
  call:answer()
  local kept = parley.create { title = "Over" }
  kept:close()
  call:sleep(0.1)
  local done, why = kept:close()
  error(tostring(done) .. " " .. tostring(why) .. " " .. tostring(kept.count))
end
