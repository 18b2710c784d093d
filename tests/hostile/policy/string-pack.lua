-- tries: a gigabyte of padding, again and again
-- must: stopped
-- says: (not enough memory|stopped after)
-- call: 500
local policy = parley.policy { name = "string-pack" }

function policy.join(request, conference)
  while true do pcall(string.pack, "c1000000000", "x") end
end

return policy
