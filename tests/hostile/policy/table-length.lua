-- tries: to insert into a table that lies about its length
-- must: stopped
-- says: the table is read-only, or has __len
-- call: 500
local policy = parley.policy { name = "table-length" }

function policy.join(request, conference)
  table.insert(setmetatable({}, { __len = function() return 1 << 50 end }), 1, "x")
end

return policy
