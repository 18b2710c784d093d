-- Reads the descriptions of this folder into one table, which all that is written is written from:
--
--   types      list of { name, type, text }
--   standard   what is there of Lua's own libraries, by library
--   classes    list of { name, text, separator, extends, fields, functions }, and by name. The fields
--              are { name, type, text, optional, default, contexts, set }, the functions { name, full,
--              takes, gives, contexts, waits, text, example }
--   verbs, events   list of { name, text, fields, … }: the hooks of a policy
--   others     list of { name, takes, gives, text }: those that are neither
--
-- A class with a separator has functions that are called by it: a library ("."), a handle (":").
-- `keys_of` says which function takes a table of that class.
local contexts = require "contexts"

local files = {
  "globals", "parley", "policy", "conference", "participant", "mix", "pending", "call", "libraries",
  "values", "test",
}

-- Texts are broken into lines for whoever reads the description, and are one line for all others.
local function one_line(text) return (text or ""):gsub("%s+", " ") end

-- The parts of `text` between commas that are in no brackets.
local function split(text)
  local parts, depth, from = {}, 0, 1
  for at = 1, #text do
    local char = text:sub(at, at)
    if char:find "[(<{[]" then depth = depth + 1 end
    if char:find "[)>}%]]" then depth = depth - 1 end
    if char == "," and depth == 0 then
      parts[#parts + 1] = text:sub(from, at - 1)
      from = at + 1
    end
  end
  if text:find "%S" then parts[#parts + 1] = text:sub(from) end
  return parts
end

local function take(text)
  local name, optional, type = text:match "^%s*([%w_.]+)(%??):%s*(.-)%s*$"
  return { name = name, optional = optional == "?", type = type }
end

local otherwise = {
  refusal = { { type = "string?", name = "why" }, { type = "integer?", name = "code" } },
  reason = { { type = "string?", name = "why" } },
  gone = { { type = [["gone"?]], name = "why" }, { type = "integer?", name = "code" } },
}

local function give(text)
  local good, bad = text:match "^(.*) or (%l+)$"
  local returns = {}
  for i, type in ipairs(split(good or text)) do
    returns[i] = { type = type:match "^%s*(.-)%s*$" .. (bad and "|nil" or "") }
  end
  table.move(otherwise[bad] or {}, 1, 2, #returns + 1, returns)
  return returns
end

local function read_function(class, entry)
  local takes = {}
  for i, text in ipairs(split(entry.takes)) do takes[i] = take(text) end
  return {
    name = entry.name,
    full = (class.separator == "" and "" or class.name .. class.separator) .. entry.name,
    takes = takes,
    gives = give(entry.gives),
    said = entry.gives,
    from = entry.from,
    contexts = contexts.expand(entry.from),
    waits = entry.waits,
    text = one_line(entry.text),
    example = entry.example,
  }
end

local function read_field(class, entry)
  local type, optional = entry[2]:match "^(.-)(%??)$"
  return {
    name = entry[1],
    type = type,
    optional = optional == "?",
    text = one_line(entry[3]),
    default = entry.default,
    contexts = contexts.expand(entry.from or class.reads or ""),
    set = entry.set and contexts.expand(entry.set),
  }
end

local function add_parameters(class, names, parameters)
  for name in (names or ""):gmatch "%S+" do
    class.fields[#class.fields + 1] = assert(parameters[name], name)
  end
end

local function read_class(entry)
  local class = {
    name = entry.name, separator = entry.separator, extends = entry.extends, keys_of = entry.keys_of,
    text = one_line(entry.text), fields = {}, functions = {}, parameters = entry.parameters,
  }
  for i, field in ipairs(entry.fields or {}) do class.fields[i] = read_field(entry, field) end
  for i, func in ipairs(entry.functions or {}) do class.functions[i] = read_function(entry, func) end
  return class
end

local function words(text)
  local list = {}
  for word in text:gmatch "%S+" do list[#list + 1] = word end
  return list
end

local api = { contexts = contexts, types = {}, classes = {}, verbs = {}, events = {}, others = {} }

local function add_class(class)
  api.classes[#api.classes + 1] = class
  api.classes[class.name] = class
end

local function add_event(entry, fields)
  local event = {
    name = entry[1], fields = words(entry[2]), text = entry[3], is_whole = entry[4], class = "event",
  }
  api.events[#api.events + 1] = event
  if #event.fields == 0 then return end
  event.class = event.name .. "_event"
  local class = { name = event.class, extends = "event", text = "", fields = {}, functions = {} }
  for i, name in ipairs(event.fields) do
    local field = assert(fields[name], name)
    class.fields[i] = read_field(class, { name, field[1], field[2] })
  end
  add_class(class)
end

local function read_hooks(policy)
  add_class(read_class {
    name = "event", text = "What event hooks are told.",
    fields = { { "name", "string", "the hook's" } },
  })
  for _, entry in ipairs(policy.verbs) do
    api.verbs[#api.verbs + 1] = { name = entry[1], fields = words(entry[2]), text = one_line(entry[3]) }
  end
  for i, entry in ipairs(policy.others) do
    api.others[i] = { name = entry[1], takes = entry[2], gives = entry[3], text = one_line(entry[4]) }
  end
  for _, entry in ipairs(policy.events) do add_event(entry, policy.event_fields) end
end

for _, name in ipairs(files) do
  local description = require(name)
  api.standard = api.standard or description.standard
  for _, entry in ipairs(description.types or {}) do
    api.types[#api.types + 1] = { name = entry[1], type = entry[2], text = one_line(entry[3]) }
  end
  for _, entry in ipairs(description.classes) do add_class(read_class(entry)) end
  if description.verbs then read_hooks(description) end
end

local parameters = {}
for _, field in ipairs(api.classes.parameters.fields) do parameters[field.name] = field end
for _, class in ipairs(api.classes) do add_parameters(class, class.parameters, parameters) end

return api
