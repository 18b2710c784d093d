-- tries: to be given headers without end
-- must: stopped
-- says: http: .*http
-- call: BYE
return function(call)
  call:answer()
  local page, why = http.get("http://WEB/heads", { timeout = 1 })
  error("http: " .. tostring(page) .. " " .. tostring(why))
end
