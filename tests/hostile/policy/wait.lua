-- tries: to ask the web within a decision
-- must: stopped
-- says: is not possible in a decision hook
-- call: 500
local policy = parley.policy { name = "wait" }

function policy.join(request, conference)
  local page = http.get("http://127.0.0.1/")
  return accept { role = page.body }
end

return policy
