-- tries: to leave a sort in the middle, and to come back to it
-- must: stopped
-- says: attempt to yield across a C-call boundary
-- call: 500
local policy = parley.policy { name = "sort-yield" }

function policy.join()
  local sorting = coroutine.wrap(function()
    table.sort({ 3, 1, 2 }, function(a, b)
      coroutine.yield()
      return a < b
    end)
  end)
  while true do sorting() end
end

return policy
