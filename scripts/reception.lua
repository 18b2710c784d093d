-- Reception: by the keys of a phone, 1 creates a conference, 2 joins one (RFC 4579 §5.3). # ends
-- each number. All that goes wrong is said, and everybody is asked up to three times.
--
--   applications = { ["9000"] = { script = "reception", options = { lockout = "10m" } } }

local options = parley.options {
  policy        = { type = "string", default = "rooms", doc = "What conferences are made under: it "
                    .. "is given host_pin, guest_pin, wait_for_host" },
  wait_for_host = { type = "boolean", default = true, doc = "Guests wait for the host" },
  patience      = { type = "duration", default = "30m", doc = "How long they do" },
  digits        = { type = "integer", default = 6, min = 4, max = 12, doc = "Of the numbers" },
  pin_digits    = { type = "integer", default = 4, min = 4, max = 10, doc = "Of PINs, at least" },
  lockout       = { type = "duration", default = "5m", min = 1, doc = "How long a wrong PIN "
                    .. "counts; after three from one address, none is taken from there" },
  timeout       = { type = "duration", default = 8, min = 0.1, doc = "Without a "
                    .. "key, until it is asked anew" },
  creators      = { type = "choice", choices = { "everybody", "accounts" }, default = "everybody",
                    doc = "Who may create conferences" },
  early         = { type = "boolean", default = false, doc = "Asks before the call is answered" },
}

local TRIES      = 3
local ROOM_TRIES = 20 -- wrong PINs from wherever, until a conference takes none for a while

-- Wrong PINs by address and by conference, so that neither a hang-up nor a restart makes new tries.
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
  [404] = "unknown-conference", [410] = "conference-over", [423] = "conference-locked",
  [486] = "conference-full", [500] = "error", [503] = "error",
}

local function apologize(call, code, conference)
  if code == 403 and conference and conference.locked then code = 423 end
  tell(call, reasons[code] or "not-allowed")
end

local function say_locked_out(call)
  tell(call, "locked-out", duration(options.lockout))
end

-- ---- PINs -----------------------------------------------------------------------------------

-- Who tries, and where. Who knows the PIN of another conference has no more tries here for that.
local function keys_of(call, number)
  local room = "conference/" .. number
  return room .. "/" .. (call.from.peer:match "^(.*):%d+" or call.from.peer), room
end

-- Counted before it is looked at, so that many calls at once have no more tries than one. A store
-- that does not work lets nobody guess.
local function may_try(caller, room)
  local here = wrong:add(caller, 1, { ttl = options.lockout })
  local everywhere = wrong:add(room, 1, { ttl = options.lockout })
  return here and everywhere and here <= TRIES and everywhere <= ROOM_TRIES
end

local function is_locked_out(caller, room)
  return (wrong:get(caller) or 0) >= TRIES or (wrong:get(room) or 0) >= ROOM_TRIES
end

local function was_right(caller, room)
  wrong:delete(caller)
  wrong:add(room, -1, { ttl = options.lockout })
end

-- ---- joining --------------------------------------------------------------------------------

-- As call:join, once the host is there.
local function join_when_possible(call, conference, pin)
  local until_then, turn = os.time() + options.patience, 0
  while true do
    local joined, why, code = call:join(conference, { pin = pin })
    if joined or code ~= 480 or os.time() >= until_then then return joined, why, code end
    if turn % 10 == 0 then tell(call, "wait-for-host") end
    turn = turn + 1
    call:sleep(2)
  end
end

-- True when the caller is in, as that of those below.
local function try_pins(call, conference, number)
  local caller, room = keys_of(call, number)
  for _ = 1, TRIES do
    if is_locked_out(caller, room) then return say_locked_out(call) end
    local pin = ask_pin(call, "enter-pin")
    if not pin then return end
    if not may_try(caller, room) then return say_locked_out(call) end
    local joined, _, code = call:join(conference, { pin = pin })
    if code == 403 and conference.locked then return apologize(call, 423) end
    if code ~= 403 then
      was_right(caller, room)
      if code == 480 then joined, _, code = join_when_possible(call, conference, pin) end
      return joined or apologize(call, code, conference)
    end
    call:play "wrong-pin"
  end
  tell(call, "too-many-tries")
end

local function join(call)
  for _ = 1, TRIES do
    local number = ask(call, "enter-number", { max = 16 })
    if not number then return end
    local conference = parley.conference(number)
    if conference then
      local joined, _, code = join_when_possible(call, conference)
      local wants_pin = code == 401 or code == 403 and not conference.locked
      if wants_pin then return try_pins(call, conference, number) end
      return joined or apologize(call, code, conference)
    end
    apologize(call, 404)
  end
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
    options = { host_pin = host_pin, guest_pin = guest_pin, wait_for_host = options.wait_for_host },
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
