-- tries: to send a header of its own
-- must: stopped
-- says: transfer
-- call: BYE
return function(call)
  call:answer()
  local done, why = call:transfer("sip:bob@127.0.0.1>\r\nVia: SIP/2.0/UDP 192.0.2.1")
  error("transfer: " .. tostring(done) .. " " .. tostring(why))
end
