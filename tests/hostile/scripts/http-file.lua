-- tries: to read a file through the web
-- must: stopped
-- says: http
-- call: 500
return function(call)
  error("http: " .. tostring(select(2, http.get("file:///etc/passwd"))))
end
