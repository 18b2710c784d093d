-- tries: to keep something under a key as long as a book
-- must: stopped
-- says: set: the key
-- call: 500
return function()
  parley.store("hostile"):set(("k"):rep(65536), 1)
end
