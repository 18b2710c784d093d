-- tries: to have a hundred thousand characters made by one instruction
-- must: stopped
-- says: stopped after
-- call: 500
local policy = parley.policy { name = "utf8-char" }

function policy.join(request, conference)
  local function make(...)
    while true do
      utf8.char(...)
    end
  end
  make(("a"):rep(200000):byte(1, -1))
end

return policy
