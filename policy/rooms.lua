-- A conference behind two PINs: who has the host's is the host, who has the other one is a guest,
-- and waits until a host is there. scripts/reception.lua asks for them, and makes such conferences.
--
-- The config may have some, too, with numbers of your own:
--
--   conferences = {
--     ["4711"] = { policy = "rooms", options = { host_pin = "8254", guest_pin = "1133" } },
--   }

local policy = parley.policy {
  name = "rooms",
  options = {
    host_pin      = { type = "string", secret = true, min = 4, doc = "Who has it is the host" },
    guest_pin     = { type = "string", secret = true, min = 4,
                      doc = "Of all others; none: there are none" },
    wait_for_host = { type = "boolean", default = true, doc = "Guests wait until a host is there" },
    patience      = { type = "duration", default = "30m", min = 1, max = 86400,
                      doc = "How long they do" },
  },
}

local NO_HOST = "The host has not come yet"

-- Who calls the number itself has had no way to say a PIN: that is the same as a wrong one.
function policy.join(request, conference)
  local options, pin = conference.options, request.params.pin or ""
  if options.host_pin and parley.is_same(pin, options.host_pin) then
    return accept { role = "host" }
  end
  if not options.guest_pin or not parley.is_same(pin, options.guest_pin) then
    return reject(403, "The PIN is needed")
  end
  if conference.locked then return reject(423, "Conference is locked") end
  if options.wait_for_host and conference:count_role "host" == 0 then
    return pending { meanwhile = "music", decided_by = "host", expires = options.patience,
                     reason = NO_HOST, role = "guest" }
  end
  return accept { role = "guest" }
end

-- Whoever waits for nothing but a host comes in with one, or when somebody else has left a place.
local function let_in(_, conference)
  if conference:count_role "host" == 0 then return end
  for request in conference:pending() do
    if request.reason == NO_HOST then request:approve() end
  end
end

policy.joined, policy.role_changed, policy.left = let_in, let_in, let_in

-- What changes the conference is for hosts, as far as they may change anything: who has not proven
-- who it is may not, by the server's default.
local function for_hosts(request)
  local me = request.actor.participant
  if request.actor.kind == "caller" and not (me and me.role == "host") then
    return reject(403, "Hosts only")
  end
end

local function for_oneself(request)
  if request.actor.participant ~= request.target then return for_hosts(request) end
end

for _, verb in ipairs { "invite", "role", "permit", "lock", "announce", "close" } do
  policy[verb] = for_hosts
end
for _, verb in ipairs { "remove", "mute", "hold", "rename" } do
  policy[verb] = for_oneself
end

-- Guests know the PIN, and nobody knows them: they are not told who is in.
function policy.subscribe(request)
  local me = request.actor.participant
  if me and me.role == "guest" then return reject(403, "Hosts only") end
end

return policy
