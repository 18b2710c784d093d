-- Everybody waits, with music, until a moderator lets them in.
--
-- The moderators' keys: 1 lets the one in who has waited longest, 2 sends that one away, 3 locks
-- and unlocks, 4 mutes all but the moderators, 5 lets all of them speak again.
--
--   conferences = { board = { policy = "moderated", options = { moderators = { "alice" } } } }

local policy = parley.policy {
  name = "moderated",
  options = {
    moderators = { type = "list", doc = "Accounts that let others in, and may do all" },
    wait = {
      type = "duration", default = "5m", min = 1, max = "1h",
      doc = "How long somebody waits at most; without an answer three minutes",
    },
    meanwhile = {
      type = "choice", choices = { "music", "early", "ring", "silence" }, default = "music",
      doc = "What they meet with meanwhile: music after or before the answer, ringing, silence",
    },
    announcement = {
      type = "string", default = "somebody-waits",
      doc = "What the moderators hear when somebody waits: a prompt or a file; \"\": nothing",
    },
  },
}

-- A call that nobody answers ends by itself after so many seconds.
local UNANSWERED = { early = 180, ring = 180 }

local function is_moderator(actor, conference)
  if actor.participant then return actor.participant.role == "moderator" end
  return actor.authenticated and conference.options.moderators[actor.user]
end

function policy.join(request, conference)
  local options = conference.options
  if request.actor.authenticated and options.moderators[request.actor.user] then
    return accept { role = "moderator" }
  end
  if conference.locked then return reject(403, "Conference is locked") end
  return pending {
    meanwhile = options.meanwhile, decided_by = "moderator", announce = options.announcement,
    expires = math.min(options.wait, UNANSWERED[options.meanwhile] or options.wait),
  }
end

-- What changes something for others is for moderators; what others ask for waits for them.
local function for_moderators(request, conference)
  local actor = request.actor
  if actor.kind ~= "caller" then return end
  if is_moderator(actor, conference) then return accept() end
  if not actor.participant then return reject(403, "Moderators only") end
  return pending { expires = conference.options.wait, decided_by = "moderator" }
end

for _, verb in ipairs {
  "invite", "remove", "role", "rename", "floor", "permit", "lock", "announce", "close",
} do
  policy[verb] = for_moderators
end

function policy.mute(request, conference)
  local me = request.actor.participant
  if me and me == request.target then return accept() end
  return for_moderators(request, conference)
end

function policy.subscribe(request, conference)
  if is_moderator(request.actor, conference) then return accept { view = "moderator" } end
end

-- The one who has waited longest.
local function first(conference) return conference:pending()() end

local keys = {}

keys["1"] = function(conference)
  local waiting = first(conference)
  if waiting then waiting:approve() end
end

keys["2"] = function(conference)
  local waiting = first(conference)
  if waiting then waiting:reject(603, "Declined") end
end

keys["3"] = function(conference)
  if conference.locked then conference:unlock() else conference:lock() end
end

keys["4"] = function(conference)
  for p in conference:participants() do
    if p.role ~= "moderator" then p:mute() end
  end
end

keys["5"] = function(conference)
  for p in conference:participants() do p:unmute() end
end

function policy.digit(event, conference, participant)
  local key = keys[event.digit]
  if key and participant.role == "moderator" then key(conference) end
end

return policy
