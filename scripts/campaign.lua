-- Campaign: whoever calls it comes into a conference, and has a list of people called into it, so
-- many at a time, some of them again; then reads who has come, and why the others have not. It ends
-- with the caller's call.
--
--   applications = { ["9100"] = { script = "campaign", options = { conference = "board",
--     list = { "sip:bob@192.0.2.7", "sip:carol@192.0.2.8" }, callers = { "alice" } } } }

local again = { "retry", "skip" }
local options = parley.options {
  conference  = { type = "string", doc = "The name of the conference" },
  list        = { type = "list", doc = "The URIs that are called" },
  callers     = { type = "list", default = {}, doc = "Accounts that may; none: all accounts" },
  role        = { type = "string", default = "host", doc = "Of the caller, in the conference" },
  concurrent  = { type = "integer", default = 10, min = 1, max = 200, doc = "Calls at a time" },
  ring        = { type = "duration", default = 30, min = 1, max = 600, doc = "Each, at most" },
  retries     = { type = "integer", default = 2, min = 0, max = 20, doc = "After the first try" },
  retry_after = { type = "duration", default = 60, min = 1, doc = "When all have been tried" },
  busy        = { type = "choice", choices = again, default = "retry", doc = "Who is busy" },
  no_answer   = { type = "choice", choices = again, default = "retry", doc = "Who is not there" },
  refused     = { type = "choice", choices = again, default = "skip", doc = "Who declines" },
}

local outcomes = {
  [486] = "busy", [600] = "busy", [408] = "no_answer", [480] = "no_answer", [487] = "no_answer",
}

-- Calls all of the list once. Returns those who are to be tried again; nil: the conference is over.
-- `ringing` has those who have not answered yet, by the id of the participant.
local function try_all(conference, list, report, ringing)
  local count, later, next_one = 0, {}, 1
  local function note(uri, code)
    report[uri] = outcomes[code] or "refused"
    if options[report[uri]] == "retry" then later[#later + 1] = uri end
  end
  while count > 0 or next_one <= #list do
    if count < options.concurrent and next_one <= #list then
      local uri = list[next_one]
      local who, why, code = conference:invite(uri, { timeout = options.ring })
      next_one = next_one + 1
      if who then ringing[who.id], count = { uri = uri, who = who }, count + 1
      elseif why == "already in" then report[uri] = "came"
      elseif code == 410 then return
      else note(uri, code) end
    else
      local event, who = conference:wait_for { "joined", "failed" }
      if not event then return end
      local uri = ringing[who.id] and ringing[who.id].uri
      if uri then
        ringing[who.id], count = nil, count - 1
        if event.name == "joined" then report[uri] = "came" else note(uri, event.code) end
      end
    end
  end
  return later
end

-- The list, each of them once.
local function people()
  local list, known = {}, {}
  for _, uri in ipairs(options.list) do
    if not known[uri] then list[#list + 1] = uri end
    known[uri] = true
  end
  return list
end

-- "2 of 4 came; busy: sip:bob@192.0.2.7; refused: …"
local function text_of(report)
  local others, all = { came = {}, busy = {}, no_answer = {}, refused = {}, not_called = {} }, people()
  for _, uri in ipairs(all) do
    local list = others[report[uri] or "not_called"] -- the conference was over before
    list[#list + 1] = uri
  end
  local parts = { ("%d of %d came"):format(#others.came, #all) }
  for _, why in ipairs { "busy", "no_answer", "refused", "not_called" } do
    local list = table.concat(others[why], ", ")
    if list ~= "" then parts[#parts + 1] = ("%s: %s"):format(why:gsub("_", " "), list) end
  end
  return table.concat(parts, "; ")
end

return function(call)
  if not call.from.authenticated then return call:challenge() end
  if #options.callers > 0 and not options.callers[call.from.user] then
    return call:reject(403, "Not your campaign")
  end
  local conference = parley.conference(options.conference)
  if not conference then return call:reject(404, "No such conference") end
  call:answer()
  local me, _, code = call:join(conference, { role = options.role })
  if not me then return call:hangup(("Not let in: %d"):format(code or 500)) end
  local report, list, ringing = {}, people(), {}
  call:on_hangup(function()
    for _, rings in pairs(ringing) do rings.who:remove "The campaign is over" end
  end)
  for try = 0, options.retries do
    list = try_all(conference, list, report, ringing)
    if not list or #list == 0 or try == options.retries then break end
    call:sleep(options.retry_after)
  end
  local text = text_of(report)
  parley.log.info(text)
  me:message(text:sub(1, 4000))
end
