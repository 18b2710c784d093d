-- tries: to fill the disk through the store
-- must: stopped
-- says: nil .*full; see store.size
-- call: 500
return function()
  local store = parley.store "flood"
  for _ = 1, 400 do
    local done, why = store:set(tostring(math.random(1 << 40)), ("x"):rep(65000))
    if not done then error(tostring(done) .. " " .. tostring(why)) end
  end
end
