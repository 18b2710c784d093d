-- Reception: by the keys of a phone, 1 creates a conference, 2 joins one (RFC 4579 §5.3). # ends
-- each number. All that goes wrong is said, and everybody is asked up to three times.
--
--   applications = { ["9000"] = { script = "reception", options = { lockout = "10m" } } }

local options = parley.options {
  policy        = { type = "policy", default = "rooms", doc = "What conferences are made under: it "
                    .. "is given host_pin, guest_pin, wait_for_host, patience" },
  wait_for_host = { type = "boolean", default = true, doc = "Guests wait for the host" },
  patience      = { type = "duration", default = "30m", min = 1, max = 86400,
                    doc = "How long they do" },
  digits        = { type = "integer", default = 6, min = 4, max = 12, doc = "Of the numbers" },
  pin_digits    = { type = "integer", default = 4, min = 4, max = 10, doc = "Of PINs, at least" },
  lockout       = { type = "duration", default = "5m", min = 1, doc = "How long a wrong PIN "
                    .. "counts; after three of a caller, none is taken of it" },
  timeout       = { type = "duration", default = 8, min = 0.1, doc = "Without a "
                    .. "key, until it is asked anew" },
  creators      = { type = "choice", choices = { "everybody", "accounts" }, default = "everybody",
                    doc = "Who may create conferences" },
  languages     = { type = "list", default = {}, doc = "That callers choose from, by 1, 2 …: the "
                    .. "first is that of who presses nothing" },
  early         = { type = "boolean", default = false, doc = "Asks before the call is answered" },
}

local TRIES    = 3  -- of each question, and wrong PINs of a caller in a conference
local NUMBERS  = 9  -- wrong numbers of a caller, in however many calls
local CALM     = 20 -- wrong PINs from wherever, until a conference takes them slowly …
local SLOWNESS = 3  -- … by so many seconds each
local TRYING   = 60 -- seconds, of which a try that is never ended counts
local BREATH   = 0.2 -- seconds between the languages that are offered
local ROUNDS, ROUND = 50, 0.2 -- so often, and after so many seconds, it is seen who else tries

-- What was wrong, by caller and by conference: neither a hang-up nor a restart makes new tries.
local wrong = parley.store "reception"

-- The keys; nil when there were none that will do, in three tries.
local function ask(call, prompt, question)
  question.prompt, question.timeout, question.retries = prompt, options.timeout, TRIES - 1
  question.silence = question.silence or "nothing-entered"
  question.invalid = question.invalid or "not-understood"
  return (call:ask(question))
end

local function ask_pin(call, prompt, valid)
  local question = { min = options.pin_digits, max = 10, valid = valid, invalid = "try-again" }
  return ask(call, prompt, question)
end

-- ---- the language ---------------------------------------------------------------------------

local has_rules = {}
for _, language in ipairs(parley.languages()) do has_rules[language] = true end
for _, language in ipairs(options.languages) do
  if not has_rules[language] then
    error(("languages: there are no rules for \"%s\"; there are %s"):format(
      language, table.concat(parley.languages(), ", ")))
  end
end

-- Each says of itself which key it has; a key counts whenever it is pressed. One alone is not asked
-- for.
local function choose_language(call)
  local languages = options.languages
  for _ = 1, #languages > 1 and TRIES or 0 do
    for i, language in ipairs(languages) do
      call:set_language(language)
      local key = call:ask {
        prompt = { "for-this-language", digits(i) }, max = 1, valid = "[1-" .. #languages .. "]",
        timeout = i == #languages and options.timeout or BREATH,
      }
      if key then return call:set_language(languages[tonumber(key)]) end
    end
  end
  if languages[1] then call:set_language(languages[1]) end
end

-- ---- why not --------------------------------------------------------------------------------

-- What ends a visit is heard whatever was pressed ahead.
local function tell(call, ...)
  call:play { stop_keys = "", ... }
end

local reasons = {
  [200] = "conference-over", [404] = "unknown-conference", [408] = "expired",
  [410] = "conference-over", [423] = "conference-locked", [486] = "conference-full",
  [500] = "error", [503] = "error", [603] = "refused",
}

local function apologize(call, code, conference)
  if code == 403 and conference and conference.locked then code = 423 end
  tell(call, reasons[code] or "not-allowed")
end

-- ---- guesses --------------------------------------------------------------------------------

-- Who has proven nothing may call itself anything: what counts is where it calls from.
local function caller_of(call)
  local from = call.from
  return from.proof ~= "none" and from.uri or from.peer:match "^(.*):%d+" or from.peer
end

-- What cannot be read is too much.
local function count_of(key)
  local count, why = wrong:get(key)
  return count or why and math.huge or 0
end

local function count_wrong(key)
  wrong:add(key, 1, { ttl = options.lockout })
end

-- Begins a try, and returns what ends it; nil when `most` were wrong. What is being tried counts as
-- if it were wrong, so that many calls at once have no more tries than one; colleagues behind one
-- address, who are right, wait for each other. A store that does not work lets nobody guess.
local function try(call, key, most)
  local trying, is_held = "trying/" .. key, false
  local function finish()
    if not is_held then return end
    is_held = false
    wrong:add(trying, -1, { ttl = TRYING })
  end
  call:on_hangup(finish)
  for _ = 1, ROUNDS do
    is_held = true
    local under_way = wrong:add(trying, 1, { ttl = TRYING })
    local count = count_of(key)
    if under_way and count + under_way <= most then return finish end
    finish()
    if not under_way or count >= most then return end
    call:sleep(ROUND)
  end
end

local function say_locked_out(call)
  tell(call, "locked-out", duration(options.lockout))
end

-- ---- joining --------------------------------------------------------------------------------

-- Whether the caller is in; or nil, the code, whether another PIN might do, and whether this one
-- was a guess: of a locked conference that is not told. Who has to wait is told for whom, and has
-- the music; `begins` is called when it begins.
local function knock(call, conference, pin, begins)
  local is_known = false
  local function waiting(request)
    is_known = true
    if begins then begins() end
    return request.deciders[1] == "host" and "wait-for-host" or "wait-for-approval"
  end
  local joined, _, code = call:join(conference, { pin = pin, waiting = waiting })
  local is_guess = not is_known and (code == 401 or code == 403)
  return joined, code, is_guess and (code == 401 or not conference.locked), is_guess
end

-- True when the caller is in, as that of those below.
local function try_pins(call, conference, number)
  local room = "conference/" .. number
  local caller = room .. "/" .. caller_of(call)
  for _ = 1, TRIES do
    if count_of(caller) >= TRIES then return say_locked_out(call) end
    local pin = ask_pin(call, "enter-pin")
    if not pin then return end
    if count_of(room) >= CALM then
      tell(call, "one-moment")
      call:sleep(SLOWNESS)
    end
    local finish = try(call, caller, TRIES)
    if not finish then return say_locked_out(call) end
    local joined, code, is_wrong, is_guess = knock(call, conference, pin, finish)
    if is_guess then
      count_wrong(caller)
      count_wrong(room)
    end
    finish()
    if not is_wrong then return joined or apologize(call, code, conference) end
    call:play "wrong-pin"
  end
  tell(call, "too-many-tries")
end

local function join(call)
  local caller = "numbers/" .. caller_of(call)
  for _ = 1, TRIES do
    local number = ask(call, "enter-number", { max = 16 })
    if not number then return end
    local finish = try(call, caller, NUMBERS)
    if not finish then break end
    local conference = parley.conference(number)
    if not conference then count_wrong(caller) end
    finish()
    if conference then
      local joined, code, wants_pin = knock(call, conference)
      if wants_pin then return try_pins(call, conference, number) end
      return joined or apologize(call, code, conference)
    end
    apologize(call, 404)
  end
  tell(call, "too-many-tries")
end

-- ---- creating -------------------------------------------------------------------------------

local function create(call)
  if options.creators == "accounts" and not call.from.authenticated then
    return apologize(call, 403)
  end
  local host_pin = ask_pin(call, "choose-host-pin")
  local function is_another(pin) return pin ~= host_pin end
  local guest_pin = host_pin and ask_pin(call, "choose-pin", is_another)
  if not guest_pin then return end
  local conference, _, code = parley.create {
    policy   = options.policy,
    owner    = call.from,
    digits   = options.digits,
    language = call.language,
    options  = { host_pin = host_pin, guest_pin = guest_pin, patience = options.patience,
                 wait_for_host = options.wait_for_host },
  }
  if not conference then return apologize(call, code) end
  call:on_hangup(function() conference:close "Its creator has hung up" end)
  local number = digits(conference.name)
  call:say("your-conference-number-is", number, "your-conference-number-is", number)
  local joined, _, refusal = call:join(conference, { role = "host", pin = host_pin })
  return joined or apologize(call, refusal, conference)
end

return function(call)
  if not (options.early and call:early()) and not call:answer() then return end
  choose_language(call)
  local choice = ask(call, { "welcome", "menu" }, { max = 1, valid = "[12]" })
  local joined
  if choice == "1" then joined = create(call) elseif choice == "2" then joined = join(call) end
  if not joined then tell(call, "goodbye") end
end
