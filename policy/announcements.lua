-- Says who comes and goes, how many are in, that it is recorded, and when it ends. It decides
-- nothing, so it stands beside the policy that does:
--
--   conferences = { board = { policy = { "announcements", "members" }, options = { names = 6 } } }
--
-- Up to so many people (`names`), a name is played if there is one (participant.spoken_name, which
-- scripts/attendant.lua asks for), a tone if there is none; up to so many (`tones`), tones; then
-- nothing. Many at once are one tone.

local policy = parley.policy {
  name = "announcements",
  options = {
    names = { type = "number", default = 10, min = 0, doc = "So many are named" },
    tones = { type = "number", default = 30, min = 0, doc = "Of so many a tone is heard" },
    join_tone = { type = "string", default = "tone:523/120,659/120", doc = "A file or a tone" },
    leave_tone = { type = "string", default = "tone:659/120,523/120", doc = "A file or a tone" },
    count = { type = "boolean", default = true, doc = "Who comes is told how many are in" },
    alone = { type = "string", default = "you-are-alone", doc = "To the only one; \"\": nothing" },
    recording = { type = "boolean", default = true, doc = "Tells that it is, latecomers, too" },
    over = { type = "string", default = "conference-over", doc = "When its time is over" },
    gain = { type = "number", default = 0, min = -60, max = 12, doc = "dB" },
  },
}

local CROWD = 3    -- more than these at once are not named
local FAREWELL = 3 -- seconds before the end, in which that is said

-- What is kept of a conference: `by`, the policy that announces; `greeted`, who hears how many are
-- in; `came` and `went`, who is to be announced next; `named`, whose name was said; `asked`, who is
-- being asked for it; `busy`, while something is being said; `is_paused`: that is not recorded.
local function recall(conference)
  local now = conference.state.announcements
    or { greeted = {}, came = {}, went = {}, named = {}, asked = {} }
  now.by = policy.name
  return now
end

local function keep(conference, now) conference.state.announcements = now end

local function key_of(participant) return tostring(participant.id) end

local function is_meant(conference, participant)
  return not conference.parent and not (participant and participant.hidden)
end

-- ---- who comes and goes ---------------------------------------------------------------------

local function names(now)
  local list = {}
  local function add(people, what)
    for _, who in ipairs(people) do
      if who.name then list[#list + 1], list[#list + 2] = who.name, what end
    end
  end
  add(now.came, "has-joined")
  add(now.went, "has-left")
  return list
end

local function has_nameless(list)
  for _, who in ipairs(list) do
    if not who.name then return true end
  end
end

local function what_to_say(conference, now)
  local options, size = conference.options, #conference
  if size < 2 or size > options.tones then return {} end
  local is_crowd = size > options.names or #now.came + #now.went > CROWD
  local list = is_crowd and {} or names(now)
  if has_nameless(now.went) or (is_crowd and #now.went > 0) then
    table.insert(list, 1, options.leave_tone)
  end
  if has_nameless(now.came) or (is_crowd and #now.came > 0) then
    table.insert(list, 1, options.join_tone)
  end
  return list
end

-- Who comes and goes while something is said is announced after it, all in one.
local function announce(conference, now)
  if now.busy then return keep(conference, now) end
  local list = what_to_say(conference, now)
  now.came, now.went = {}, {}
  keep(conference, now)
  if #list == 0 then return end
  list.gain = conference.options.gain
  now.busy = conference:play(list) or nil
  keep(conference, now)
end

local function came(conference, now, participant)
  local name, key = participant.spoken_name, key_of(participant)
  local attendant = conference.state.attendant or {} -- which asks for a name; `renamed` follows
  if name then now.named[key] = true end
  now.asked[key] = not name and attendant["asked-" .. key] or nil
  if now.asked[key] then return keep(conference, now) end
  table.insert(now.came, { id = participant.id, name = name })
  announce(conference, now)
end

local function tell_alone(conference)
  if conference.options.alone == "" or #conference ~= 1 then return end
  for participant in conference:participants() do participant:play(conference.options.alone) end
end

-- For who comes alone.
local function greeting(conference)
  local options, size, list = conference.options, #conference, {}
  if size == 1 and options.alone ~= "" then
    list = { options.alone }
  elseif size > 1 and options.count then
    list = { "there-are", counted(size, "participant") }
  end
  if options.recording and conference.recording then
    list[#list + 1] = conference.recording_paused and "recording-paused" or "recording-on"
  end
  return list
end

-- By that scripts/attendant.lua knows what it need not say itself.
function policy.created(_, conference)
  keep(conference, nil)
  keep(conference, recall(conference))
end

function policy.reloaded(_, conference) keep(conference, recall(conference)) end

function policy.joined(_, conference, participant)
  if not is_meant(conference, participant) then return end
  local now, list = recall(conference), greeting(conference)
  if #list == 0 or not participant:play(list) then return came(conference, now, participant) end
  now.greeted[key_of(participant)] = true
  keep(conference, now)
end

function policy.played(_, conference, participant)
  local now = recall(conference)
  if not participant then
    now.busy = nil
    return announce(conference, now)
  end
  local key = key_of(participant)
  if not now.greeted[key] then return end
  now.greeted[key] = nil
  came(conference, now, participant)
end

-- A name that is recorded later is said then.
function policy.renamed(_, conference, participant)
  local now, key = recall(conference), key_of(participant)
  if not is_meant(conference, participant) or not participant.spoken_name then return end
  if now.named[key] or now.greeted[key] then return end
  came(conference, now, participant)
end

-- Whoever has not been announced leaves without a word.
function policy.left(_, conference, participant)
  if not is_meant(conference, participant) then return end
  local now, key = recall(conference), key_of(participant)
  local is_unknown = now.greeted[key] or now.asked[key]
  now.greeted[key], now.named[key], now.asked[key] = nil, nil, nil
  for i, who in ipairs(now.came) do
    if who.id == participant.id then is_unknown = table.remove(now.came, i) end
  end
  if not is_unknown then table.insert(now.went, { name = participant.spoken_name }) end
  announce(conference, now)
  tell_alone(conference)
end

-- ---- what happens to all --------------------------------------------------------------------

local function of_recording(event, was_paused)
  if event.reason ~= "" and (event.on or event.paused) then return end -- one track of many
  if event.on then return was_paused and "recording-resumed" or "recording-on" end
  if event.paused then return "recording-paused" end
  return event.reason ~= "" and "recording-failed" or "recording-off"
end

function policy.recorded(event, conference)
  local now = recall(conference)
  local prompt = of_recording(event, now.is_paused)
  now.is_paused = event.paused
  keep(conference, now)
  if prompt and conference.options.recording then conference:play(prompt) end
end

-- Told once when it is time to say so, and once more when it is time to say goodbye.
function policy.ending(event, conference)
  if event.seconds <= FAREWELL then
    return conference:close { reason = "The time of the conference is over",
                              after = conference.options.over }
  end
  conference:play { "ends-in", duration(math.ceil(event.seconds)) }
  conference:limit { duration = event.seconds, warning = FAREWELL }
end

return policy
