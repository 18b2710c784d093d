-- What lua/api describes, a line for each thing that the binding has; see test_api.c, which makes the
-- same lines of the binding itself.
local api = require "read"

local lines = {}

local function put(...) lines[#lines + 1] = table.concat({ ... }) end

local function sorted(list)
  table.sort(list)
  return table.concat(list, " ")
end

for library, names in pairs(api.standard) do
  for name in names:gmatch "%S+" do put(library == "" and "" or library .. ".", name) end
end

local basic = {}
for name in ("any boolean false fun integer nil number string table true"):gmatch "%S+" do basic[name] = true end
for _, type in ipairs(api.types) do basic[type.name] = true end

-- Names within a type that nobody knows.
local function check_type(type, where)
  local bare = type:gsub('"[^"]*"', ""):gsub("[%w_]+%s*:", "")
  for name in bare:gmatch "[%a][%w_.]*" do
    assert(basic[name] or api.classes[name], where .. ": there is no type " .. name)
  end
end

local function check_function(func)
  for _, parameter in ipairs(func.takes) do check_type(parameter.type, func.full) end
  for _, value in ipairs(func.gives) do check_type(value.type, func.full) end
  assert(func.text ~= "" and func.example, func.full .. " has no text or no example")
  assert(load(func.example), func.full .. ": the example is no Lua")
end

for _, class in ipairs(api.classes) do
  for _, field in ipairs(class.fields) do
    check_type(field.type, class.name .. "." .. field.name)
    if class.separator == ":" then put(class.name, ".", field.name, ": ", field.contexts) end
    if class.separator == "." then put(class.name, ".", field.name) end
    if field.set then put("set ", class.name, ".", field.name, ": ", field.set) end
  end
  for _, func in ipairs(class.functions) do
    check_function(func)
    put(func.full, func.full == "print" and "" or ": " .. func.contexts)
    if func.waits then put(func.full, " waits") end
  end
end

-- Names of the fields of a class and those that it extends.
local function fields_of(class)
  local names, known = {}, {}
  while class do
    for _, field in ipairs(class.fields) do
      if not known[field.name] then names[#names + 1] = field.name end
      known[field.name] = true
    end
    class = api.classes[class.extends]
  end
  return names
end

for _, class in ipairs(api.classes) do
  if class.keys_of then put(class.keys_of, " takes ", sorted(fields_of(class))) end
end
for _, hooks in ipairs { api.verbs, api.events, api.others } do
  for _, hook in ipairs(hooks) do put("policy.", hook.name) end
end
for _, verb in ipairs(api.verbs) do put("policy.", verb.name, " has ", sorted(verb.fields)) end
for _, event in ipairs(api.events) do
  put("policy.", event.name, " is told ", sorted { "name", table.unpack(event.fields) })
end
for _, name in ipairs { "request", "actor", "stats", "time_of_day", "option_declaration" } do
  put(name, " has ", sorted(fields_of(api.classes[name])))
end
return lines
