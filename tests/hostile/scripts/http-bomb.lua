-- tries: to be given a gigabyte in chunks
-- must: stopped
-- says: http: .*longer than
-- call: BYE
return function(call)
  call:answer()
  local page, why = http.get("http://WEB/bomb", { timeout = 1 })
  error("http: " .. tostring(page) .. " " .. tostring(why))
end
