-- tries: the same, by a reason
-- must: stopped
-- says: must be UTF-8 without control characters
-- call: 500
return function(call)
  call:reject(403, "No\r\nVia: SIP/2.0/UDP 192.0.2.1")
end
