-- tries: to find a way out of what it can see
-- must: harmless
-- says: nothing is there
-- call: 200
local policy = parley.policy { name = "environment" }

function policy.join(request, conference)
  local names = { "io", "debug", "package", "require", "load", "loadfile", "loadstring", "dofile",
    "collectgarbage", "_G", "newproxy", "setfenv", "getfenv", "module", "arg" }
  for _, name in ipairs(names) do
    local is_there, value = pcall(function() return _ENV[name] end)
    if is_there and value ~= nil then return reject(403, name) end
  end
  for _, name in ipairs { "execute", "getenv", "remove", "rename", "exit", "tmpname", "setlocale" } do
    if rawget(os, name) or os[name] then return reject(403, name) end
  end
  print "nothing is there"
  return accept {}
end

return policy
