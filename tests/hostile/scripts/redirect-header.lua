-- tries: the same, instead of an answer
-- must: stopped
-- says: redirect
-- call: 500
return function(call)
  call:redirect("sip:bob@127.0.0.1\r\nVia: SIP/2.0/UDP 192.0.2.1")
end
