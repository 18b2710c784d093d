-- tries: to fill the store with keys that end at once, and to have them all listed, again and again
-- must: stopped
-- says: (stopped after|more than 500 waits)
-- call: 500
return function()
  local store = parley.store "hostile"
  while true do
    store:set(tostring(math.random(1 << 40)), 1, { ttl = 1 })
    store:keys()
  end
end
