-- Who has an account comes in, and so does who knows the PIN.
--
-- A phone proves its account by a password. A PIN is pressed in an application such as the
-- reception, which passes it on: call:join(conference, { pin = "4711" }).
--
--   conferences = { board = { policy = "members",
--     options = { hosts = { "alice" }, pin = "4711" } } }

local policy = parley.policy {
  name = "members",
  options = {
    hosts  = { type = "list", doc = "Accounts that may do all, in the role of host" },
    groups = { type = "list", doc = "Accounts of these are members; none: all are" },
    pin    = {
      type = "string", min = 4, max = 16, secret = true,
      doc = "Lets guests in; none: there are no guests",
    },
    guests_speak = { type = "boolean", default = true, doc = "Whether guests are heard" },
  },
}

local function is_host(actor, options)
  if actor.participant then return actor.participant.role == "host" end
  return actor.authenticated and options.hosts[actor.user]
end

local function is_member(actor, options)
  if #options.groups == 0 then return true end
  for _, group in ipairs(options.groups) do
    if actor.groups[group] then return true end
  end
  return false
end

function policy.join(request, conference)
  local actor, options = request.actor, conference.options
  if actor.authenticated then
    if options.hosts[actor.user] then return accept { role = "host" } end
    if conference.locked then return reject(403, "Conference is locked") end
    if is_member(actor, options) then return accept { role = "member" } end
  end
  if request.params.pin == "" then
    if actor.authenticated then return reject(403, "Members only") end
    return challenge()
  end
  if not options.pin or not parley.is_same(request.params.pin, options.pin) then
    return reject(403, "Wrong PIN")
  end
  if conference.locked then return reject(403, "Conference is locked") end
  return accept { role = "guest", may_speak = options.guests_speak }
end

-- What changes the conference is for hosts. Scripts and the operator have no need of a role: about
-- them the policy has no opinion.
local function for_hosts(request, conference)
  if request.actor.kind ~= "caller" then return end
  if is_host(request.actor, conference.options) then return accept() end
  return reject(403, "Hosts only")
end

-- What somebody may do about themselves.
local function for_oneself(request, conference)
  local me = request.actor.participant
  if me and me == request.target then return accept() end
  return for_hosts(request, conference)
end

for _, verb in ipairs { "invite", "role", "permit", "lock", "announce", "close" } do
  policy[verb] = for_hosts
end
for _, verb in ipairs { "remove", "mute", "hold", "rename" } do
  policy[verb] = for_oneself
end

-- Guests know the PIN, and nobody knows them: they are not told who is in.
function policy.subscribe(request, conference)
  local me = request.actor.participant
  if me and me.role == "guest" then return reject(403, "Members only") end
  if is_host(request.actor, conference.options) then return accept { view = "moderator" } end
end

return policy
