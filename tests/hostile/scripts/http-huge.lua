-- tries: to be given a body without end
-- must: stopped
-- says: http: .*longer than
-- call: BYE
return function(call)
  call:answer()
  local page, why = http.get("http://WEB/huge", { timeout = 1 })
  error("http: " .. tostring(page) .. " " .. tostring(why))
end
