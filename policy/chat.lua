-- Commands by message: "/mute bob", "/list", and the plain words "remove bob". Whoever writes one
-- asks for it, and the other policies decide as about a key of theirs; what comes of it is answered
-- to them alone, in words. Who is not in may, too, by "/…" and once they have proven who they are.
-- It stands before the others:
--
--   conferences = { board = { policy = { "chat", "moderated" } } }

local policy = parley.policy { name = "chat" }

local function shown(participant)
  if participant.anonymous then return "somebody without a name" end
  local name = participant.display_name
  return name ~= "" and name ~= participant.user and ("%s (%s)"):format(name, participant.user)
    or participant.user
end

local function said(what, ok, why, code)
  if ok then return what end
  if code == 202 then return "That waits for a decision" end
  if code == 401 then why = "who you are is not proven" end
  return ("No: %s (%d)"):format(why, code)
end

local function nobody(name) return ("Nobody here is called %s"):format(name) end

-- All whose user part, number, URI or name it is; else all in whose name it is a word.
local function named(people, name)
  local exact, near = {}, {}
  name = name:lower()
  for _, p in ipairs(people) do
    local called = p.display_name:lower()
    local list = (p.user:lower() == name or p.uri:lower() == name or called == name) and exact
      or (" " .. called .. " "):find(" " .. name .. " ", 1, true) and near
    if list and not p.hidden and not p.anonymous then list[#list + 1] = p end
  end
  return #exact > 0 and exact or near
end

-- The one who is meant, of those whom the writer may see; or nil, and what to say.
local function find(conference, name)
  if name == "" then return nil, "Whom? Try /list" end
  local people, why, code = conference:roster()
  if not people then return nil, said(nil, people, why, code) end
  local found = named(people, name)
  if #found == 1 then return found[1] end
  if #found == 0 then return nil, nobody(name) end
  local choices = {}
  for _, p in ipairs(found) do choices[#choices + 1] = ("%s <%s>"):format(shown(p), p.uri) end
  return nil, ("Which one? %s"):format(table.concat(choices, ", "))
end

-- ---- the commands: (conference, words, writer) → what to say --------------------------------

-- Does it to each but the writer and those who are spared, and counts those whom the writer sees.
local function to_all(conference, writer, spared, what, act)
  local people, trouble, code = conference:roster()
  if not people then return said(nil, people, trouble, code) end
  local done, refused, why, kept, seen = 0, 0, nil, {}, {}
  for _, p in ipairs(people) do seen[p.id] = 1 end
  if spared and spared:lower() ~= "me" then
    for _, p in ipairs(named(people, spared)) do kept[p.id] = true end
    if not next(kept) then return nobody(spared) end
  end
  for p in conference:participants() do
    if p ~= writer and not kept[p.id] then
      local ok, reason = act(p)
      local one = seen[p.id] or 0
      if ok then done = done + one else refused, why = refused + one, reason end
    end
  end
  if refused == 0 then return ("%d %s"):format(done, what) end
  return ("%d %s, %d not: %s"):format(done, what, refused, why)
end

local function to_one(what, act)
  return function(conference, words, writer)
    local spared = words:match "^all but (.+)$"
    if words == "all" or spared then return to_all(conference, writer, spared, what, act) end
    local participant, trouble = find(conference, words)
    if not participant then return trouble end
    local name = shown(participant)
    return said(("%s is %s"):format(name, what), act(participant))
  end
end

local commands, help = {}, {}

local function command(name, how, run)
  commands[name] = run
  help[#help + 1] = how
end

command("list", "/list: who is here", function(conference)
  local people, why, code = conference:roster()
  if not people then return said(nil, people, why, code) end
  local lines = {}
  for _, p in ipairs(people) do
    local marks = (p.muted and ", muted" or "") .. (p.held and ", on hold" or "")
    lines[#lines + 1] = ("%s, %s%s"):format(shown(p), p.role, marks)
  end
  return ("%d here:\n%s"):format(#lines, table.concat(lines, "\n"))
end)

command("remove", "/remove NAME, or all, or all but NAME",
  to_one("removed", function(p) return p:remove() end))
command("mute", "/mute NAME, or all …", to_one("muted", function(p) return p:mute() end))
command("unmute", "/unmute NAME, or all …", to_one("unmuted", function(p) return p:unmute() end))

command("invite", "/invite sip:NAME@HOST", function(conference, words)
  if not words:find "^sips?:%S+$" then return "Whom? As in /invite sip:bob@example.com" end
  return said(("%s is being called"):format(words), conference:invite(words))
end)

command("lock", "/lock, /unlock: nobody new comes in", function(conference)
  return said("The conference is locked", conference:lock())
end)

commands.unlock = function(conference)
  return said("The conference is open", conference:unlock())
end

command("record", "/record, /record off", function(conference, words)
  if words == "off" then return said("The recording is over", conference:stop_recording()) end
  return said("The conference is recorded", conference:record())
end)

command("end", "/end: for all", function(conference)
  return said("The conference has ended", conference:close())
end)

command("help", "/help", function() return table.concat(help, "\n") end)

-- Plain words are conversation, too: they are a command only of somebody who is in, and when they
-- name somebody who is.
local plain = { remove = true, mute = true, unmute = true }

local function is_name(conference, words)
  local people = {}
  for p in conference:participants() do people[#people + 1] = p end
  return #named(people, words) > 0
end

-- Its name and the words behind it; nil: it is none.
local function read(text, conference, is_in)
  local slash, name, words = text:match "^%s*(/?)([^%s/]+)%s*(.-)%s*$"
  if not name or text:find "\n" then return end
  name = name:lower()
  if slash == "/" then return name, words end
  if not (is_in and plain[name]) then return end
  if words ~= "" and is_name(conference, words) then return name, words end
end

-- What one message holds of it, in whole letters.
local function cut(text)
  text = text:sub(1, 4000)
  local _, broken = utf8.len(text)
  return broken and text:sub(1, broken - 1) or text
end

-- What comes over it somebody has said there, and nobody knows who.
local function is_link(participant) return participant ~= nil and participant.is_focus end

function policy.message(request, conference)
  local actor = request.actor
  local is_in = actor.participant ~= nil
  if is_link(actor.participant) then return end
  if actor.kind ~= "caller" or request.target then return end
  if not is_in and not actor.authenticated then return end
  if read(request.text, conference, is_in) then return accept { relay = false } end
end

function policy.messaged(event, conference, writer)
  local name, words = read(event.text, conference, writer ~= nil)
  if event.relayed or not name or is_link(writer) then return end
  local run = commands[name]
  local answer = run and parley.on_behalf(function() return run(conference, words, writer) end)
  parley.reply(cut(answer or ("There is no /%s. Try /help"):format(name)))
end

return policy
