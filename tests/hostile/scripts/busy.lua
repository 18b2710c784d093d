-- tries: to compute for a little less than its budget, again and again
-- must: stopped
-- says: of computing within
-- call: BYE
return function(call)
  call:answer()
  while true do
    for i = 1, 100000 do local _ = { i } end
    call:sleep(0.005)
  end
end
