-- tries: to reach what only this machine may reach
-- must: stopped
-- says: http
-- call: 500
return function(call)
  error("http: " .. tostring(select(2, http.get("http://127.0.0.1:22/"))))
end
