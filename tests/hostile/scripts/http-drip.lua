-- tries: to be given an answer, one byte at a time
-- must: stopped
-- says: http: .*no answer within
-- call: BYE
return function(call)
  call:answer()
  local page, why = http.get("http://WEB/drip", { timeout = 1 })
  error("http: " .. tostring(page) .. " " .. tostring(why))
end
