-- tries: to begin again wherever it is stopped
-- must: stopped
-- says: stopped after
-- call: 500
local policy = parley.policy { name = "goto-pcall" }

function policy.join()
  ::again::
  pcall(function()
    ::inside::
    pcall(pcall, error)
    goto inside
  end)
  goto again
end

return policy
