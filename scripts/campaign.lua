-- Campaign: a list of people is called into a conference, so many at a time, some of them again;
-- then whoever has begun it reads who has come, and why the others have not. An account begins it
-- by calling it, comes into the conference, and may hang up: it goes on, unless a key has ended it.
-- The operator begins it by "parley run 9100", a policy by parley.run "9100".
--
--   applications = { ["9100"] = { script = "campaign", options = { conference = "board",
--     list = { "sip:bob@192.0.2.7", "sip:carol@192.0.2.8" }, callers = { "alice" } } } }

local again = { "retry", "skip" }
local options = parley.options {
  conference    = { type = "string", doc = "The name of the conference" },
  list          = { type = "list", doc = "The URIs that are called" },
  callers       = { type = "list", default = {}, doc = "Accounts that may; none: all accounts" },
  role          = { type = "string", default = "host", doc = "Of the caller, in the conference" },
  stop          = { type = "string", default = "9", doc = "The caller's key that ends it" },
  goes_on       = { type = "boolean", default = true, doc = "When the caller has hung up" },
  confirm       = { type = "boolean", default = false, doc = "Who answers comes in by 1 only" },
  concurrent    = { type = "integer", default = 10, min = 1, max = 200, doc = "Calls at a time" },
  ring          = { type = "duration", default = 30, min = 1, max = 600, doc = "Each, at most" },
  retries       = { type = "integer", default = 2, min = 0, max = 20, doc = "After the first try" },
  retry_after   = { type = "duration", default = 60, min = 1, doc = "When all have been tried" },
  busy          = { type = "choice", choices = again, default = "retry", doc = "Who is busy" },
  no_answer     = { type = "choice", choices = again, default = "retry", doc = "Who is not there" },
  not_confirmed = { type = "choice", choices = again, default = "skip", doc = "A machine, maybe" },
  refused       = { type = "choice", choices = again, default = "skip", doc = "Who declines" },
  unreachable   = { type = "choice", choices = again, default = "skip", doc = "What is no phone" },
}

local EMPTY = "the last participant has left" -- the reason of an end that nobody has wanted
local KEPT = 500 -- people of a report that the state of a conference has room for
local BREATH = 0.05 -- seconds after a refusal, in which it shows whether that was an end of all

local order = { "busy", "no_answer", "not_confirmed", "refused", "unreachable", "not_tried",
                "twice_in_the_list" }
local outcomes = {
  [486] = "busy", [600] = "busy", [408] = "no_answer", [480] = "no_answer", [487] = "no_answer",
  [400] = "unreachable", [404] = "unreachable", [410] = "unreachable", [482] = "unreachable",
  [484] = "unreachable", [604] = "unreachable",
}

local function outcome_of(code, was_asked)
  if was_asked and code ~= 603 then return "not_confirmed" end
  return outcomes[code] or (code >= 500 and code < 600) and "unreachable" or "refused"
end

-- While nobody has come, the conference ends with each call that fails, and begins with the next.
local function is_end(event, report)
  if event.reason ~= EMPTY then return true end
  for _, entry in pairs(report) do
    if entry.outcome == "came" then return true end
  end
  return false
end

-- What the campaign has noted there; nothing, once the conference is gone.
local function noted(conference) return (conference.state or {}).campaign or {} end

local function note(conference, what)
  if conference.state then conference.state.campaign = what end
end

local function is_stopped(conference) return noted(conference).is_stopped end

-- Each of the list once, in its order; and who is in it again.
local people, repeated = {}, {}
for _, uri in ipairs(options.list) do
  local place = people[uri] and repeated or people
  if not place[uri] then place[#place + 1], place[uri] = uri, true end
end

-- What has come of each, by URI: tries and outcome, and why they were not even called.
local function new_report()
  local report = {}
  for _, uri in ipairs(people) do report[uri] = { tries = 0 } end
  return report
end

-- ---- calling --------------------------------------------------------------------------------

-- Begins one call. Its id; nil: nobody is called, or they are in.
local function try(conference, uri, entry)
  local who, why, code = nil, "Not a SIP URI that can be called", 400
  if #uri < 600 and not uri:find "[^%g]" then
    who, why, code = conference:invite(uri, { timeout = options.ring, confirm = options.confirm })
  end
  if who then
    entry.tries, entry.why = entry.tries + 1, nil
    return who.id
  end
  entry.outcome, entry.why = outcome_of(code), why
  if why == "already in" then entry.outcome, entry.why = "came", nil end
end

-- What the event says of the one who is called; true: that call is settled.
local function learn(event, entry)
  if event.name == "asked" then entry.was_asked = true return false end
  entry.outcome = event.name == "joined" and "came" or outcome_of(event.code, entry.was_asked)
  entry.was_asked = nil
  return true
end

-- Calls all of the list once. False: the conference has ended meanwhile, or somebody wants an end.
local function try_all(conference, list, report)
  local ringing, count, next_one, pause = {}, 0, 1, nil
  while count > 0 or next_one <= #list do
    if is_stopped(conference) then next_one, pause = #list + 1, nil end
    local has_room = count < options.concurrent and next_one <= #list
    if has_room and not pause then
      local uri = list[next_one]
      local id = try(conference, uri, report[uri])
      next_one = next_one + 1
      if id then ringing[id], count = uri, count + 1 end
    elseif count > 0 or pause then
      local event, who = conference:wait_for { "joined", "failed", "asked", "ended",
                                               timeout = has_room and pause or nil }
      pause = nil
      if not event then
        if who ~= "timeout" then return false end
      elseif event.name == "ended" then
        if is_end(event, report) then return false end
      else
        local uri = ringing[who.id]
        if uri and learn(event, report[uri]) then ringing[who.id], count = nil, count - 1 end
        pause = event.name == "failed" and BREATH or nil
      end
    end
  end
  return not is_stopped(conference)
end

-- Until those who did not come are called again. False: it has ended meanwhile.
local function rest(conference, report)
  repeat
    local event, why = conference:wait_for { "ended", timeout = options.retry_after }
    if not event then return why == "timeout" and not is_stopped(conference) end
  until is_end(event, report)
  return false
end

local function to_be_tried(report)
  local list = {}
  for _, uri in ipairs(people) do
    local outcome = report[uri].outcome
    if outcome and outcome ~= "came" and options[outcome] == "retry" then list[#list + 1] = uri end
  end
  return list
end

-- ---- telling --------------------------------------------------------------------------------

local function calls_of(count) return count == 1 and "1 call" or count .. " calls" end

local function in_words(outcome) return (outcome:gsub("_", " ")) end

-- "2 of 4 came, by 6 calls", and "busy: sip:bob@192.0.2.7", "refused: …"
local function parts_of(report)
  local others, calls = { came = {}, not_tried = {}, twice_in_the_list = repeated }, 0
  for _, outcome in ipairs(order) do others[outcome] = others[outcome] or {} end
  for _, uri in ipairs(people) do
    local entry = report[uri]
    calls = calls + entry.tries
    table.insert(others[entry.outcome or "not_tried"], uri)
  end
  local parts = { ("%d of %d came, by %s"):format(#others.came, #people, calls_of(calls)) }
  for _, outcome in ipairs(order) do
    local list = table.concat(others[outcome], ", ")
    if list ~= "" then parts[#parts + 1] = ("%s: %s"):format(in_words(outcome), list) end
  end
  return parts
end

-- A line of the log has its limit, so each has one; a thousand are more than one step may write.
local function write_log(report)
  for i, uri in ipairs(people) do
    if i % 50 == 0 then parley.sleep(0.01) end
    local entry = report[uri]
    local outcome = entry.outcome or "not_tried"
    if outcome ~= "came" then
      local after = entry.why and ("not called: " .. entry.why) or "after " .. calls_of(entry.tries)
      parley.log.info(("%s: %s, %s"):format(uri, in_words(outcome), after))
    end
  end
  for _, uri in ipairs(repeated) do parley.log.info(uri .. ": twice in the list, called as one") end
end

local function tell(conference, report)
  local parts, starter = parts_of(report), noted(conference).starter
  parley.log.info(parts[1])
  note(conference, { report = #people <= KEPT and report or {}, is_running = true })
  local text = table.concat(parts, "; "):sub(1, 4000)
  for participant in conference:participants() do
    if participant.id == starter then participant:message(text) end
  end
  write_log(report)
end

-- Of two at a time each would take whom the other calls for its own.
local function is_under_way(conference) return noted(conference).is_running end

local function end_run(conference)
  local known = noted(conference)
  known.is_running = nil
  note(conference, known)
end

-- Without a caller: all of it.
local function run()
  local name = options.conference
  local conference = parley.conference(name)
  if not conference then return parley.log.error("The option conference: there is no", name) end
  if is_under_way(conference) then return parley.log.warn("Another one is under way in", name) end
  note(conference, { starter = noted(conference).starter, is_running = true })
  local _ <close> = setmetatable({}, { __close = function() end_run(conference) end })
  local report, list = new_report(), people
  for round = 0, options.retries do
    local goes_on = try_all(conference, list, report)
    list = to_be_tried(report)
    if not goes_on or #list == 0 or round == options.retries then break end
    if not rest(conference, report) then break end
  end
  tell(conference, report)
end

-- ---- who calls it ---------------------------------------------------------------------------

-- Nobody else is called, and those who are being called are not. Once there is a report it is over.
local function stop(conference)
  local known = noted(conference)
  if known.report then return end
  known.is_stopped = true
  note(conference, known)
  for participant in conference:participants() do
    local is_ours = people[participant.uri] and not participant.joined_at
    if is_ours then participant:remove "The campaign has ended" end
  end
end

return function(call)
  if not call then return run() end
  if not call.from.authenticated then return call:challenge() end
  if #options.callers > 0 and not options.callers[call.from.user] then
    return call:reject(403, "Not your campaign")
  end
  local conference = parley.conference(options.conference)
  if not conference then return call:reject(404, "No such conference") end
  call:answer()
  local me, _, code = call:join(conference, { role = options.role })
  if not me then return call:hangup(("Not let in: %d"):format(code or 500)) end
  if is_under_way(conference) then return me:message "Another campaign is under way" end
  note(conference, { starter = me.id })
  local begun, why = parley.run(call.to)
  if not begun then return me:message("No campaign: " .. why) end
  if not options.goes_on then call:on_hangup(function() stop(conference) end) end
  if options.stop ~= "" and call:wait_for { "digit", keys = options.stop } then stop(conference) end
end
