-- tries: to be given a redirection to itself, for ever
-- must: stopped
-- says: http: .*redirect
-- call: BYE
return function(call)
  call:answer()
  local page, why = http.get("http://WEB/round", { timeout = 1 })
  error("http: " .. tostring(page) .. " " .. tostring(why))
end
