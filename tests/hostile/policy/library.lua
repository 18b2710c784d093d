-- tries: to change the libraries of all policies, each way that there is
-- must: harmless
-- says: 7 ways are closed
-- call: 200
local policy = parley.policy { name = "library" }

function policy.join(request, conference)
  local closed = 0
  local function try(f) if not pcall(f) then closed = closed + 1 end end
  try(function() string.format = print end)
  try(function() rawset(table, "concat", print) end)
  try(function() setmetatable(math, { __index = print }) end)
  try(function() table.insert(parley, print) end)
  try(function() parley.log.info = nil end)
  try(function() accept = reject end)
  try(function() rawset(_ENV, "print", nil) end)
  print(closed .. " ways are closed")
  return accept {}
end

return policy
