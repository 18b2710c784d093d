-- Any name in the domain is a conference. The first call creates it, and when the last caller
-- hangs up it is gone. For a lab or a private network: whoever can reach the server can talk.

local policy = parley.policy { name = "open" }

-- Phones show the title as the subject of the call. The name is whatever the caller has dialled,
-- so it becomes a title only when it is short and plain.
function policy.create(request)
  if not request.is_name_given then return accept() end
  local name = request.conference_name
  if #name <= 40 and name:find "^[%w._+-]+$" then return accept { title = name } end
  return accept()
end

-- Whoever may call may also watch who is in.
function policy.subscribe(request)
  if request.package == "conference" then return accept() end
end

return policy
