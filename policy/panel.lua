-- Several are on stage and talk with each other; the audience listens. Hosts bring people on stage
-- and off it again, and talk with those who are about to come on without being heard in the hall.
--
-- Keys of the audience: 1 asks to come on stage, 2 does no longer want to. Keys of a host: 1 takes
-- the next one who has asked behind the stage, where only hosts hear them; 2 brings who waits there
-- on stage; 3 brings the last one who came on stage off it; 4 leaves the stage for behind it, and
-- comes back.
--
--   conferences = { talk = { policy = "panel", options = { hosts = { "alice" },
--     panelists = { "bob", "carol" } } } }

local policy = parley.policy {
  name = "panel",
  options = {
    hosts     = { type = "list", doc = "Accounts that bring people on stage" },
    panelists = { type = "list", doc = "Accounts that are on stage when they come" },
    seats     = { type = "integer", min = 1, default = 6, doc = "On stage, hosts aside" },
    prompter  = {
      type = "number", min = -60, max = 12, default = -6,
      doc = "How loud hosts on stage hear who is behind it, in dB",
    },
  },
}

-- A role says where somebody is: "host" and "panelist" on stage, "backstage-host" and "backstage"
-- behind it, "audience" in the hall.
local function is_host(participant)
  return participant and participant.role:find "host$" ~= nil
end

function policy.join(request, conference)
  local actor, options = request.actor, conference.options
  if actor.authenticated and options.hosts[actor.user] then return accept { role = "host" } end
  if conference.locked then return reject(403, "The doors are closed") end
  local is_panelist = actor.authenticated and options.panelists[actor.user]
  if is_panelist and conference:count_role "panelist" < options.seats then
    return accept { role = "panelist" }
  end
  return accept { role = "audience" }
end

-- Who hears whom, as data: the stage is the main bus.
function policy.mix(mix, conference)
  local on_stage = { host = true, panelist = true }
  local behind = { backstage = true, ["backstage-host"] = true }
  mix:bus "backstage"
  mix.ramp = 0.3
  for p in conference:participants() do
    p:listens_to "main"
    if on_stage[p.role] then p:speaks_to "main" end
    if behind[p.role] then
      p:speaks_to "backstage"
      p:listens_to "backstage"
    elseif p.role == "host" then
      p:listens_to("backstage", conference.options.prompter)
    end
  end
end

-- The stage has so many seats, whoever brings somebody on it.
function policy.role(request, conference)
  local actor = request.actor
  if actor.kind == "caller" and not is_host(actor.participant) then
    return reject(403, "Hosts only")
  end
  local is_new = request.params.role == "panelist" and request.target.role ~= "panelist"
  if is_new and conference:count_role "panelist" >= conference.options.seats then
    return reject(486, "No seat is free")
  end
end

-- To ask for the floor is to ask for a place on stage; a host decides.
function policy.floor(request)
  local actor = request.actor
  if actor.kind ~= "caller" or is_host(actor.participant) then return end
  if actor.participant ~= request.target then return reject(403, "Hosts only") end
  if not request.params.floor then return accept() end
  return pending { expires = "30m", decided_by = { "host", "backstage-host" } }
end

local function for_hosts(request)
  if request.actor.kind ~= "caller" or is_host(request.actor.participant) then return end
  return reject(403, "Hosts only")
end

for _, verb in ipairs {
  "invite", "remove", "mute", "rename", "permit", "volume", "lock", "announce", "close",
} do
  policy[verb] = for_hosts
end

-- Whose wish was granted goes behind the stage, and has the floor until they are in the hall again.
function policy.floor_changed(event, _, participant)
  if event.on and participant.role == "audience" then participant:set_role "backstage" end
  if not event.on and not is_host(participant) then participant:set_role "audience" end
end

local host, guest = {}, {}

host["1"] = function(conference)
  for wish in conference:pending() do
    if wish.verb == "floor" then return wish:approve() end
  end
end

host["2"] = function(conference)
  for p in conference:participants "backstage" do p:set_role "panelist" end
end

host["3"] = function(conference)
  local last
  for p in conference:participants "panelist" do last = p end
  if last and last.has_floor then last:take_floor() elseif last then last:set_role "audience" end
end

host["4"] = function(_, participant)
  participant:set_role(participant.role == "host" and "backstage-host" or "host")
end

local function wish_of(participant, conference)
  for wish in conference:pending() do
    if wish.verb == "floor" and wish.target == participant then return wish end
  end
end

guest["1"] = function(conference, participant)
  if not participant.has_floor and not wish_of(participant, conference) then
    participant:ask_for_floor()
  end
end

guest["2"] = function(conference, participant)
  local wish = wish_of(participant, conference)
  if wish then wish:reject(487, "Withdrawn") end
  if participant.has_floor then participant:take_floor() end
end

function policy.digit(event, conference, participant)
  local key = (is_host(participant) and host or guest)[event.digit]
  if key then key(conference, participant) end
end

return policy
