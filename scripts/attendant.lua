-- Attendant: what the keys of a phone do in a conference. Nobody else hears them, nor the answers.
-- * begins what is about oneself, # what is the host's; either alone, and a moment's wait, has the
-- keys told. Who talks with it is out of the mix meanwhile, and comes back as before.
--
--   applications = { attendant = { script = "attendant", options = { names = "record" } } }
--   attendant    = "attendant"

local options = parley.options {
  hosts     = { type = "list", default = { "host", "moderator", "lecturer" },
                doc = "Roles that may use the keys of the host" },
  untold    = { type = "list", default = { "guest" },
                doc = "Roles that are told neither who is in nor how many" },
  names     = { type = "choice", choices = { "off", "record" }, default = "off",
                doc = "Whether all are asked to say their name, which is played when they come, "
                   .. "when they go, and in the roll call" },
  longest   = { type = "duration", default = 5, min = 1, max = 30, doc = "How long a name may be" },
  keep      = { type = "boolean", default = false,
                doc = "Whether names are kept when the conference is over" },
  dial      = { type = "string", default = "",
                doc = "Whom the host's phone calls by a number, as in sip:NUMBER@192.0.2.1; none: "
                   .. "nobody" },
  operator  = { type = "string", default = "",
                doc = "The URI of the operator; none: there is none" },
  pause     = { type = "duration", default = 3, min = 0.2, max = 30, doc = "From key to key" },
  timeout   = { type = "duration", default = 8, min = 0.2, max = 60, doc = "For an answer" },
  keys      = { type = "list", doc = "Other keys for what there is, as in \"#1 lock\"" },
}

local TRIES = 3            -- of each question
local STEP = 3             -- dB, of a volume
local SOFTEST, LOUDEST = -24, 12
local SHORTEST = 0.25      -- seconds, of a name
local QUIET = math.min(2, options.longest / 2) -- … of silence, that end it
local NAMELESS = "somebody" -- how announcements call who has said no name
local LOOK = 1             -- seconds, until it is seen anew whether somebody has come or gone
local CHUNK = 5            -- names in one go, in the roll call
local GREETING = 20        -- seconds, of what announcements tell who comes
local LATE = 60            -- seconds after coming in, when it is too late to ask for a name

local own, host = {}, {}   -- what keys do, by name: functions of the call

local keys = {
  ["**"] = "help", ["*1"] = "hand", ["*2"] = "count", ["*3"] = "roll_call", ["*4"] = "hear_softer",
  ["*5"] = "hear_louder", ["*6"] = "mute", ["*7"] = "speak_softer", ["*8"] = "speak_louder",
  ["*9"] = "back", ["*0"] = "operator",
  ["##"] = "host_help", ["#1"] = "waiting", ["#2"] = "lock", ["#3"] = "record", ["#4"] = "lecture",
  ["#5"] = "mute_all", ["#6"] = "drop_last", ["#7"] = "dial", ["#8"] = "sidebar", ["#0"] = "close",
}

-- ---- who is who -----------------------------------------------------------------------------

-- In a sidebar somebody is another participant than in the conference that it belongs to.
local function main_of(participant) return participant.main or participant end

local function conference_of(call) return call.conference.parent or call.conference end

local function is_host(participant) return options.hosts[main_of(participant).role] end

local function name_of(participant)
  local name = participant.spoken_name
  if name and name ~= NAMELESS then return name end
  if not participant.anonymous and participant.user:match "^%d+$" and #participant.user <= 16 then
    return digits(participant.user)
  end
  return NAMELESS
end

-- Those who can be named, in the order of their coming.
local function people(conference)
  local list = {}
  for participant in conference:participants() do
    if not participant.hidden and participant.joined_at then list[#list + 1] = participant end
  end
  return list
end

-- What the attendants of a conference know in common.
local function known(conference, what) return (conference.state.attendant or {})[what] end

local function note(conference, what, value)
  if not conference.state then return end -- it is over
  local all = conference.state.attendant or {}
  all[what] = value
  conference.state.attendant = all
end

-- The state of a conference of the config outlives it: a lecture is that of the one that was begun
-- at that time, and of none after it.
local function is_lecture(conference)
  return known(conference, "lecture") == conference.created_at
end

local function asked_key(participant) return "asked-" .. participant.id end

-- ---- saying and asking ----------------------------------------------------------------------

local function whisper(call, ...)
  local me = call.participant
  if me then me:play { ... } end
end

local function answer(call, done, prompt)
  whisper(call, done and prompt or "not-allowed")
end

-- What a policy for announcements says itself is not said twice. It is known by what it keeps,
-- whatever it is called (policy/announcements.lua), as long as it is the conference's.
local function is_announced(conference)
  local said = conference.state.announcements
  for _, name in ipairs(said and conference.policies or {}) do
    if name == said.by then return true end
  end
  return false
end

local function announce(conference, ...)
  if not is_announced(conference) then conference:play { ... } end
end

-- Out of the mix, and back.
local function aside(call, talk)
  if not call:leave() then return end
  local result = talk(call)
  call:rejoin()
  return result
end

local function ask(call, prompt, question)
  question.prompt, question.timeout = prompt, options.timeout
  question.retries, question.invalid = TRIES - 1, "not-understood"
  return (call:ask(question))
end

local function confirm(call, ...)
  return ask(call, { ... }, { max = 1, valid = "[12]" }) == "1"
end

-- ---- oneself --------------------------------------------------------------------------------

function own.mute(call)
  local me = call.participant
  if me.muted then answer(call, me:unmute(), "unmuted") else answer(call, me:mute(), "muted") end
end

-- `which`: "hears" or "speaks". The tone says whether it has changed.
local function change(which, step)
  return function(call)
    local me = call.participant
    local before = me[which]
    local now = math.max(SOFTEST, math.min(LOUDEST, before + step))
    local done = now ~= before and me:volume { [which] = now }
    whisper(call, done and "tone:660/60" or "tone:330/150")
  end
end

own.hear_softer, own.hear_louder   = change("hears", -STEP), change("hears", STEP)
own.speak_softer, own.speak_louder = change("speaks", -STEP), change("speaks", STEP)

function own.count(call)
  if options.untold[main_of(call.participant).role] then return whisper(call, "not-allowed") end
  local count = #people(call.conference)
  if count == 1 then return whisper(call, "you-are-alone") end
  whisper(call, "there-are", counted(count, "participant"))
end

-- Any key ends it, and is returned: it may be the first of the next two.
function own.roll_call(call)
  if options.untold[main_of(call.participant).role] then return whisper(call, "not-allowed") end
  local list = people(call.conference)
  for first = 1, #list, CHUNK do
    local names = first == 1 and { "roll-call" } or {}
    for i = first, math.min(first + CHUNK - 1, #list) do names[#names + 1] = name_of(list[i]) end
    whisper(call, table.unpack(names))
    local event = call:wait_for { "played", "digit", timeout = 60 }
    if not event then return end
    if event.name == "digit" then
      call.participant:stop()
      return event.digit
    end
  end
end

local function hand_of(participant, conference)
  for request in conference:pending() do
    if request.verb == "floor" and request.target == participant then return request end
  end
end

-- Who has the floor, or no longer, is told so whoever has changed that: tell_floor(). Where the
-- policy has no floor to give, the hosts are told.
function own.hand(call)
  local me = call.participant
  if me.has_floor then
    if not me:take_floor() then whisper(call, "not-allowed") end
    return
  end
  if hand_of(main_of(me), conference_of(call)) then return whisper(call, "hand-raised") end
  local given, _, code = me:ask_for_floor()
  if given then return end
  local is_told = code == 202
  for participant in call.conference:participants() do
    if not is_told and participant ~= me and is_host(participant) then
      participant:play { name_of(me), "wants-to-speak" }
      whisper(call, "hand-raised")
      return
    end
  end
  answer(call, is_told, "hand-raised")
end

function own.back(call)
  if not call.participant.main then return whisper(call, "in-no-sidebar") end
  answer(call, call.participant:back(), "sidebar-left")
end

function own.operator(call)
  if options.operator == "" then return whisper(call, "no-operator") end
  local conference = call.conference
  if conference:participants "operator"() then return whisper(call, "operator-called") end
  answer(call, conference:invite(options.operator, { role = "operator" }), "operator-called")
end

-- ---- the host's -----------------------------------------------------------------------------

local WISHES = { join = "wants-in", floor = "wants-to-speak" }

local function waiting_name(request)
  local user = request.actor.user
  return user:match "^%d+$" and #user <= 16 and digits(user) or NAMELESS
end

-- The next one after that id. Other wishes have no words here, and nobody is to allow what they are
-- not told.
local function next_waiting(conference, id)
  for request in conference:pending() do
    if request.id > id and WISHES[request.verb] then return request end
  end
end

local function decide(call, request)
  local wish = WISHES[request.verb]
  local name = request.target and request.verb ~= "join" and name_of(request.target)
    or waiting_name(request)
  local key = ask(call, { name, wish, "admit-or-refuse" }, { max = 1, valid = "[123]" })
  if key == "1" then request:approve() elseif key == "2" then request:reject(603, "Declined") end
  return key
end

function host.waiting(call)
  local conference = conference_of(call)
  local request = next_waiting(conference, 0)
  if not request then return whisper(call, "nobody-waits") end
  aside(call, function()
    while request do
      local id = request.id -- it may have gone when it is answered
      if not decide(call, request) then return end
      request = next_waiting(conference, id)
    end
    call:play "nobody-else-waits"
  end)
end

function host.lock(call)
  local conference = conference_of(call)
  if conference.locked then return answer(call, conference:unlock(), "is-unlocked") end
  answer(call, conference:lock(), "is-locked")
end

function host.record(call)
  local conference = conference_of(call)
  local was_on = conference.recording
  local done = was_on and conference:stop_recording() or not was_on and conference:record()
  if not done then return whisper(call, "not-allowed") end
  announce(conference, was_on and "recording-off" or "recording-on")
end

function host.lecture(call)
  local conference = conference_of(call)
  local was_on = is_lecture(conference)
  note(conference, "lecture", not was_on and conference.created_at or nil)
  for participant in conference:participants() do
    if not is_host(participant) then participant:permit { may_speak = was_on } end
  end
  conference:play(was_on and "lecture-off" or "lecture-on")
end

function host.mute_all(call)
  local me, has_unmuted = main_of(call.participant), false
  local conference = conference_of(call)
  for participant in conference:participants() do
    has_unmuted = has_unmuted or participant ~= me and not participant.muted
  end
  for participant in conference:participants() do
    if participant ~= me then
      if has_unmuted then participant:mute() else participant:unmute() end
    end
  end
  whisper(call, has_unmuted and "all-muted" or "all-unmuted")
end

function host.drop_last(call)
  local list = people(conference_of(call))
  local last = list[#list]
  if last == main_of(call.participant) then last = list[#list - 1] end
  if not last then return whisper(call, "you-are-alone") end
  local name = name_of(last)
  if not last:remove "Removed by the host" then return whisper(call, "not-allowed") end
  whisper(call, name, "is-removed")
end

-- Calls `gone` when they are gone; unless `is_over()` before that.
local function watch(participant, gone, is_over)
  local function look()
    if participant.status == nil then return gone() end
    if not is_over() then parley.after(LOOK, look) end
  end
  parley.after(LOOK, look)
end

-- Who is called comes in by 1 only.
function host.dial(call)
  if options.dial == "" then return whisper(call, "not-allowed") end
  local conference = conference_of(call)
  local number = aside(call, function()
    return ask(call, "enter-phone-number", { max = 16, valid = "%d+" })
  end)
  if not number then return end
  local uri = options.dial:gsub("NUMBER", number)
  local called = conference:invite(uri, { name = number, confirm = true })
  answer(call, called, "is-called")
  if not called then return end
  watch(called, function() whisper(call, "did-not-come") end,
        function() return called.joined_at ~= nil end)
end

-- A word with one person is over when one of the two has gone, or the other does not come: who is
-- left alone there comes back.
local function end_with(call, side, other)
  local main = main_of(other)
  local function release()
    if side.count == 1 and other.status and other:back() then main:play "sidebar-left" end
  end
  local function is_over()
    local over = not call.participant or call.participant.conference ~= side
    if over then release() end
    return over
  end
  call:on_hangup(release)
  watch(other, function()
    if is_over() or side.count > 1 then return end
    if call.participant:back() then whisper(call, "sidebar-left") end
  end, is_over)
end

function host.sidebar(call)
  local conference, me = conference_of(call), main_of(call.participant)
  local list, question = {}, {}
  for _, participant in ipairs(people(conference)) do
    if participant ~= me and #list < 9 then
      list[#list + 1] = participant
      table.move({ name_of(participant), "press", digits(#list) }, 1, 3, #question + 1, question)
    end
  end
  if #list == 0 then return whisper(call, "you-are-alone") end
  local key = aside(call, function()
    return ask(call, question, { max = 1, valid = function(key) return list[tonumber(key)] end })
  end)
  local other = list[tonumber(key)]
  if not other then return end
  local side = conference:sidebar { title = "A word aside" }
  if not side then return whisper(call, "not-allowed") end
  side:bring(me)
  local asked = side:ask(other, { prompt = "sidebar-invited" })
  answer(call, asked, "sidebar-entering")
  if asked then end_with(call, side, asked) end
end

function host.close(call)
  local conference = conference_of(call)
  if aside(call, function() return confirm(call, "end-for-all", "press-1-to-accept") end) then
    local done = conference:close { reason = "The host has ended it", after = "conference-over" }
    if not done then whisper(call, "not-allowed") end
  end
end

-- ---- help -----------------------------------------------------------------------------------

local function key_of(name)
  for key, action in pairs(keys) do
    if action == name then return key end
  end
end

local own_order = { "mute", "hear_softer", "hear_louder", "speak_softer", "speak_louder", "hand",
                    "count", "roll_call", "back", "operator" }
local host_order = { "waiting", "lock", "record", "lecture", "mute_all", "drop_last", "dial",
                     "sidebar", "close" }

local act -- forward

-- A key pressed meanwhile does what it does; the first of the two may be left out.
local function explain(call, prefix, order)
  local prompts = {}
  for _, name in ipairs(order) do
    local key = key_of(name)
    if key then
      table.move({ "help-" .. name:gsub("_", "-"), digits(key) }, 1, 2, #prompts + 1, prompts)
    end
  end
  local pressed = aside(call, function()
    return (call:ask { prompt = prompts, max = 1, timeout = options.timeout, terminator = "" })
  end)
  if pressed == "*" or pressed == "#" then
    local second = call:wait_for { "digit", timeout = options.pause }
    return second and act(call, pressed .. second.digit)
  end
  return pressed and act(call, prefix .. pressed)
end

function own.help(call) return explain(call, "*", own_order) end
function host.host_help(call) return explain(call, "#", host_order) end

-- ---- the keys -------------------------------------------------------------------------------

for _, entry in ipairs(options.keys) do
  local key, action = entry:match "^([*#][%d*#]) +([%l_]+)$"
  if not key or not (own[action] or host[action]) then
    error("keys: '" .. entry .. "' is none: a key and what it does, as in '#1 lock'")
  end
  local before = key_of(action)
  if before then keys[before] = nil end
  keys[key] = action
end

-- What it returns is a key that has been pressed meanwhile.
function act(call, key)
  local action = keys[key]
  if own[action] then return own[action](call) end
  if not host[action] then return end
  if not is_host(call.participant) then return whisper(call, "not-allowed") end
  return host[action](call)
end

-- Of two keys the first has been pressed. Returns that of the next two if it was, meanwhile.
local function take_keys(call, first)
  local second = call:wait_for { "digit", timeout = options.pause }
  local pressed = act(call, first .. (second and second.digit or first))
  return (pressed == "*" or pressed == "#") and pressed or nil
end

-- ---- coming in ------------------------------------------------------------------------------

-- Of who says nothing there is the silence that has ended it.
local function is_said(name) return name.seconds - (name.key and 0 or QUIET) >= SHORTEST end

local function take_name(call)
  local conference = call.conference
  local folder = options.keep and "names/" .. conference.name:gsub("[^%w_-]", "_")
    or "temporary/" .. conference.id
  for try = 1, TRIES do
    call:play "say-your-name"
    local name = call:record {
      file = ("%s/%d-%d-%d.wav"):format(folder, os.time(), call.id, try),
      max = options.longest, silence = QUIET,
    }
    if not name then return end
    if is_said(name) then
      local key = call:ask { prompt = { name.file, "keep-or-redo" }, max = 1, valid = "[12]",
                             timeout = options.timeout }
      if key ~= "2" then return name.file end
    elseif try < TRIES then
      call:play "too-short"
    end
  end
end

-- What announcements tell who comes is not to be cut short: there is no other time for that.
local function hear_greeting(call)
  local announced = call.conference.state.announcements
  if announced and (announced.greeted or {})[tostring(call.participant.id)] then
    call:wait_for { "played", timeout = GREETING }
  end
end

-- Whoever has gone on to another phone, or is only attended to no longer, has not left.
local function tell_left(conference, name)
  for participant in conference:participants() do
    if participant.spoken_name == name then return end
  end
  announce(conference, name, "has-left")
end

-- Who was in before there was an attendant is known to the others.
local function is_to_be_introduced(participant)
  return options.names ~= "off" and not participant.spoken_name and not participant.anonymous
    and not participant.hidden and os.time() - participant.joined_at < LATE
end

-- Announcements wait meanwhile, but not for who has hung up.
local function asked_for_name(call)
  local conference, key = call.conference, asked_key(call.participant)
  note(conference, key, true)
  local _ <close> = setmetatable({}, { __close = function() note(conference, key, nil) end })
  hear_greeting(call)
  return aside(call, take_name)
end

-- Announcements wait for the name; who says none is announced by what else there is.
local function introduce(call)
  local me, conference = call.participant, call.conference
  if not is_to_be_introduced(me) then return end
  local name = asked_for_name(call)
  if not me:set_spoken_name(name or NAMELESS) or not name then return end
  if conference.count > 1 then announce(conference, name, "has-joined") end
  call:on_hangup(function() tell_left(conference, name) end)
end

-- What has become of it at a menu, or in a sidebar, is told afterwards.
local function tell_floor(call, had_floor)
  local me = call.participant
  if not me then return end
  local has_floor = main_of(me).has_floor
  if has_floor ~= had_floor then whisper(call, has_floor and "floor-given" or "floor-taken") end
  return has_floor
end

return function(call)
  if not call.participant then return call:reject(404) end
  local conference = conference_of(call)
  if is_lecture(conference) and not is_host(call.participant) then
    main_of(call.participant):permit { may_speak = false }
  end
  local had_floor, pressed = main_of(call.participant).has_floor, nil
  introduce(call)
  while true do
    local event = pressed and { digit = pressed }
      or call:wait_for { "digit", "floor_changed", keys = "*#" }
    if not event then return end
    pressed = event.digit and take_keys(call, event.digit)
    had_floor = tell_floor(call, had_floor)
  end
end
