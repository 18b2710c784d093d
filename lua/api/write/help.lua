-- What somebody asks on the command line: one function, class or hook; without a name, all names.
local lines

local function put(format, ...) lines[#lines + 1] = format:format(...) end

local function signature(func)
  local takes = {}
  for i, parameter in ipairs(func.takes) do
    takes[i] = parameter.name .. (parameter.optional and "?" or "") .. ": " .. parameter.type
  end
  return ("%s(%s)%s"):format(func.full, table.concat(takes, ", "),
    func.said ~= "" and " -> " .. func.said or "")
end

local function put_fields(fields)
  for _, field in ipairs(fields) do
    put("  %-16s %s%s%s%s", field.name, field.type, field.optional and "?" or "",
      field.text ~= "" and ": " .. field.text or "",
      field.default and "; default " .. field.default or "")
  end
end

-- The fields of what a function is given.
local function put_tables(api, func)
  for _, parameter in ipairs(func.takes) do
    local class = api.classes[parameter.type:match "[%w_]+$"]
    while class and (class.keys_of or class.parameters) do
      put("%s:", class.name)
      put_fields(class.fields)
      class = api.classes[class.extends]
    end
  end
end

local function put_function(api, func)
  put("%s", signature(func))
  put("  %s", func.text)
  put("  For %s.%s", api.contexts.describe(func.from), func.waits and " It waits." or "")
  if func.example then put("  %s", func.example) end
  put_tables(api, func)
end

local function put_class(class)
  put("%s%s", class.name, class.text ~= "" and ": " .. class.text or "")
  put_fields(class.fields)
  for _, func in ipairs(class.functions) do put("  %s", signature(func)) end
end

local function put_verb(verb)
  put("policy.%s(request, conference): %s", verb.name, verb.text)
  put("  parameters: %s", table.concat(verb.fields, " "))
end

local function put_event(api, event)
  put("policy.%s(event, conference%s): %s", event.name, event.is_whole and "" or ", participant", event.text)
  if #event.fields > 0 then put_fields(api.classes[event.class].fields) end
end

local function put_other(other)
  put("policy.%s(%s)%s: %s", other.name, other.takes, other.gives ~= "" and " -> " .. other.gives or "", other.text)
end

local function put_all(api)
  for _, class in ipairs(api.classes) do
    if class.separator then
      for _, func in ipairs(class.functions) do put("%s", func.full) end
    end
  end
  for _, hooks in ipairs { api.verbs, api.events, api.others } do
    for _, hook in ipairs(hooks) do put("policy.%s", hook.name) end
  end
end

local function put_functions(api, name)
  for _, class in ipairs(api.classes) do
    for _, func in ipairs(class.functions) do
      if func.full == name or func.name == name then put_function(api, func) end
    end
    for _, field in ipairs(class.separator and class.fields or {}) do
      if class.name .. "." .. field.name == name or field.name == name then
        put("%s.%s", class.name, field.name)
        put_fields { field }
      end
    end
  end
end

return function(api, name)
  lines = {}
  if not name then
    put_all(api)
    return table.concat(lines, "\n") .. "\n"
  end
  put_functions(api, name)
  local hook = name:match "^policy[.:](.*)" or name
  for _, verb in ipairs(api.verbs) do
    if verb.name == hook then put_verb(verb) end
  end
  for _, event in ipairs(api.events) do
    if event.name == hook then put_event(api, event) end
  end
  for _, other in ipairs(api.others) do
    if other.name == hook then put_other(other) end
  end
  if api.classes[name] then put_class(api.classes[name]) end
  if #lines == 0 then
    return nil, ("there is no '%s'; `parley api` lists all that there is"):format(name)
  end
  return table.concat(lines, "\n") .. "\n"
end
