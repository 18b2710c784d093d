-- Open at certain hours of certain days. Before the end an announcement is heard, then it ends for
-- all.
--
-- It says nothing about who may come in while it is open, so it stands before a policy that does:
--
--   conferences = { desk = { policy = { "office-hours", "members" },
--     options = { closes = "17:30", zone = "Europe/Berlin", always = { "alice" } } } }

local DAYS = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" }

local policy = parley.policy {
  name = "office-hours",
  options = {
    opens  = { type = "time", default = "08:00", doc = "Each day" },
    closes = { type = "time", default = "18:00", doc = "Before `opens`: on the next day" },
    days   = {
      type = "list", choices = DAYS, default = { table.unpack(DAYS, 1, 5) },
      doc = "On which days it opens",
    },
    zone   = { type = "zone", doc = "As in Europe/Berlin; none: where the server stands" },
    warning = { type = "duration", default = "5m", max = "1h", doc = "When the end is announced" },
    announcement = { type = "string", default = "conference-ends", doc = "A prompt or a file" },
    always = { type = "list", doc = "Accounts that may come in at any hour" },
  },
}

local DAY = 24 * 3600 -- seconds

local function clock(seconds) return ("%02d:%02d"):format(seconds // 3600, seconds % 3600 // 60) end

local function opens_on(day, options) return options.days[DAYS[(day - 1) % 7 + 1]] end

local function day_number(name)
  for number, day in ipairs(DAYS) do
    if day == name then return number end
  end
end

-- How many seconds it is still open; nil when it is closed.
local function time_left(options)
  local now = parley.time(options.zone)
  local at, day = now.minute_of_day * 60 + now.sec, day_number(now.weekday)
  local opens, closes = options.opens, options.closes
  if opens < closes then
    if opens_on(day, options) and at >= opens and at < closes then return closes - at end
  elseif opens_on(day, options) and at >= opens then
    return closes + DAY - at
  elseif opens_on(day - 1, options) and at < closes then
    return closes - at
  end
end

local function may_always(actor, options)
  return actor.kind ~= "caller" or (actor.authenticated and options.always[actor.user])
end

-- A visitor who is early is told when to come. Nothing is said about who may come in at all: that
-- is for the next policy.
local function when_open(request, conference)
  local options = conference.options
  if time_left(options) or may_always(request.actor, options) then return end
  return reject(480, ("Open from %s to %s"):format(clock(options.opens), clock(options.closes)))
end

policy.join = when_open
policy.invite = when_open

-- The clock runs from the first call on. Who comes in by night has all the time.
local function set_clock(conference)
  local left = time_left(conference.options)
  if left then
    conference:limit { duration = left, warning = math.min(conference.options.warning, left) }
  end
end

function policy.created(_, conference) set_clock(conference) end

-- And it may be that the hours themselves are others than before.
function policy.reloaded(_, conference) set_clock(conference) end

-- The policy for announcements says it itself.
function policy.ending(_, conference)
  if conference.state.announcements then return end
  conference:play(conference.options.announcement)
end

return policy
