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
  early         = { type = "boolean", default = false, doc = "Asks before the call is answered" },
}

local TRIES    = 3  -- of each question, and wrong PINs of a caller in a conference
local NUMBERS  = 9  -- wrong numbers of a caller, in however many calls
local CALM     = 20 -- wrong PINs from wherever, until a conference takes them slowly …
local SLOWNESS = 3  -- … by so many seconds each

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

-- Counted before it is looked at, so that many calls at once have no more tries than one; what was
-- right is taken back, and no more: who knows one PIN has no more tries for the other one. A store
-- that does not work lets nobody guess.
local function may_try(key, most)
  local count = wrong:add(key, 1, { ttl = options.lockout })
  return count and count <= most
end

local function was_right(key)
  wrong:add(key, -1, { ttl = options.lockout })
end

local function count_of(key)
  return wrong:get(key) or 0
end

local function say_locked_out(call)
  tell(call, "locked-out", duration(options.lockout))
end

-- ---- joining --------------------------------------------------------------------------------

-- Whether the caller is in; or nil, the code, and whether another PIN might do. Who has to wait is
-- told for whom, has the music, and what `right` is for is done.
local function knock(call, conference, pin, right)
  local is_known = false
  local function waiting(request)
    is_known = true
    right()
    return request.deciders[1] == "host" and "wait-for-host" or "wait-for-approval"
  end
  local joined, _, code = call:join(conference, { pin = pin, waiting = waiting })
  local is_wrong = not is_known and (code == 401 or code == 403 and not conference.locked)
  if not is_known and not is_wrong and code ~= 403 then right() end
  return joined, code, is_wrong
end

-- True when the caller is in, as that of those below.
local function try_pins(call, conference, number)
  local room = "conference/" .. number
  local caller = room .. "/" .. caller_of(call)
  for _ = 1, TRIES do
    if count_of(caller) >= TRIES then return say_locked_out(call) end
    local pin = ask_pin(call, "enter-pin")
    if not pin then return end
    if not may_try(caller, TRIES) then return say_locked_out(call) end
    if count_of(room) >= CALM then
      tell(call, "one-moment")
      call:sleep(SLOWNESS)
    end
    local function right() was_right(caller) end
    local joined, code, is_wrong = knock(call, conference, pin, right)
    if not is_wrong then return joined or apologize(call, code, conference) end
    wrong:add(room, 1, { ttl = options.lockout })
    call:play "wrong-pin"
  end
  tell(call, "too-many-tries")
end

local function join(call)
  local caller = "numbers/" .. caller_of(call)
  for _ = 1, TRIES do
    local number = ask(call, "enter-number", { max = 16 })
    if not number then return end
    if not may_try(caller, NUMBERS) then break end
    local conference = parley.conference(number)
    if conference then
      was_right(caller)
      local joined, code, wants_pin = knock(call, conference, nil, function() end)
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
    policy  = options.policy,
    owner   = call.from,
    digits  = options.digits,
    options = { host_pin = host_pin, guest_pin = guest_pin, patience = options.patience,
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
  local choice = ask(call, { "welcome", "menu" }, { max = 1, valid = "[12]" })
  local joined
  if choice == "1" then joined = create(call) elseif choice == "2" then joined = join(call) end
  if not joined then tell(call, "goodbye") end
end
