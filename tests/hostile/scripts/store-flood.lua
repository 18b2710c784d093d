-- tries: to fill the disk through the store
-- must: stopped
-- says: store
-- call: 500
return function(call)
  local store = parley.store "flood"
  while true do
    local done, why = store:set(tostring(math.random(1 << 40)), ("x"):rep(200000))
    if not done then error("store: " .. tostring(why)) end
  end
end
