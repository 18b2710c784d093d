-- tries: to be gone when the answer comes
-- must: harmless
-- says: gone
-- call: BYE
return function(call)
  call:answer()
  call:on_hangup(function() print "gone" end)
  parley.after(0.1, function() call:hangup() end)
  http.get("http://WEB/soon")
end
