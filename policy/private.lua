-- By invitation only. To everybody else there is no such conference: they are answered as if there
-- had never been one of that name.
--
-- Invited is who the config lists, by account or by SIP URI, and whom a host calls in, who may then
-- call back after a lost call.
--
--   conferences = { tea = { policy = "private", options = { hosts = { "alice" },
--     guests = { "bob", "sip:carol@example.org" } } } }

local policy = parley.policy {
  name = "private",
  options = {
    hosts   = { type = "list", doc = "Accounts that invite, and may do all" },
    guests  = { type = "list", doc = "Who is invited: accounts, or SIP URIs of others" },
    believe = {
      type = "boolean", default = false,
      doc = "Whether a phone's word is enough to be one of the URIs, which anybody can write",
    },
  },
}

local function nobody() return reject(404, "No such conference") end

local function is_host(actor, conference)
  return actor.authenticated and conference.options.hosts[actor.user]
end

local function is_invited(actor, conference)
  local options = conference.options
  if actor.authenticated and options.guests[actor.user] then return true end
  if not actor.authenticated and not options.believe then return false end
  local called = conference.state.called or {}
  return options.guests[actor.uri] or called[actor.uri]
end

function policy.join(request, conference)
  local actor = request.actor
  if is_host(actor, conference) then return accept { role = "host" } end
  if not is_invited(actor, conference) then return nobody() end
  if conference.locked then return reject(403, "Conference is locked") end
  return accept { role = "guest" }
end

-- To replace somebody one must be the same; the server sees to that, but not without a hint.
function policy.replace(request, conference)
  if not is_host(request.actor, conference) and not is_invited(request.actor, conference) then
    return nobody()
  end
end

-- Whom a host has called is invited from then on, at most two hundred of them.
function policy.dialing(_, conference, participant)
  local called = conference.state.called or {}
  local order = conference.state.order or {}
  if not called[participant.uri] then
    called[participant.uri] = true
    order[#order + 1] = participant.uri
    if #order > 200 then called[table.remove(order, 1)] = nil end
  end
  conference.state.called, conference.state.order = called, order
end

-- All that can be asked of a conference is for hosts, and for guests a few things about themselves.
local function for_hosts(request, conference)
  local actor = request.actor
  if actor.kind ~= "caller" or is_host(actor, conference) then return end
  return actor.participant and reject(403, "Hosts only") or nobody()
end

local function for_oneself(request, conference)
  local actor = request.actor
  if actor.participant and actor.participant == request.target then return accept() end
  return for_hosts(request, conference)
end

for _, verb in ipairs { "invite", "role", "floor", "permit", "lock", "announce", "close" } do
  policy[verb] = for_hosts
end
for _, verb in ipairs { "remove", "mute", "hold", "rename", "volume", "enhance" } do
  policy[verb] = for_oneself
end

-- Who is in writes to those who are in, and sees them.
function policy.message(request, conference)
  local actor = request.actor
  if actor.kind == "caller" and not actor.participant and not is_host(actor, conference) then
    return nobody()
  end
end

function policy.subscribe(request, conference)
  if is_host(request.actor, conference) then return accept { view = "moderator" } end
  if not request.actor.participant then return nobody() end
end

return policy
