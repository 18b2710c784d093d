-- The reference, for people who read.
local lines

local function put(format, ...) lines[#lines + 1] = format:format(...) end

local function code(text) return "`" .. text:gsub("|", "\\|") .. "`" end

local function anchor(name) return (name:lower():gsub("[^%w_ -]", ""):gsub(" ", "-")) end

-- Names of classes are links.
local function link(api, type)
  local name = type:match "[%w_]+"
  if not api.classes[type] then return code(type) end
  return ("[`%s`](#%s)"):format(type, anchor(name))
end

local function put_fields(api, class)
  if #class.fields == 0 then return end
  put ""
  put "| field | | |"
  put "|---|---|---|"
  for _, field in ipairs(class.fields) do
    local text = field.text
    if field.default then text = text .. ("; default `%s`"):format(field.default) end
    if field.set then text = text .. "; can be set" end
    put("| `%s` | %s%s | %s |", field.name, link(api, field.type), field.optional and " or nothing" or "",
      (text:gsub("^; ", ""):gsub("|", "\\|")))
  end
end

local function takes(func)
  local list = {}
  for i, parameter in ipairs(func.takes) do
    list[i] = parameter.optional and "[" .. parameter.name .. "]" or parameter.name
  end
  return table.concat(list, ", ")
end

local function put_function(api, func)
  put ""
  put("#### %s", func.full)
  put ""
  put("`%s(%s)`: %s", func.full, takes(func), func.text)
  put ""
  for _, parameter in ipairs(func.takes) do
    put("- `%s`: %s%s", parameter.name, link(api, parameter.type), parameter.optional and ", or nothing" or "")
  end
  if func.said ~= "" then
    local good, bad = func.said:match "^(.*) or (%l+)$"
    local otherwise = { refusal = "`nil, why, code`", reason = "`nil` and why", gone = '`nil, "gone", 410`' }
    put("- returns %s%s", link(api, good or func.said), bad and ", or " .. otherwise[bad] or "")
  end
  put("- for %s%s", api.contexts.describe(func.from), func.waits and "; it waits" or "")
  if func.example then
    put ""
    put("```lua\n%s\n```", func.example)
  end
end

local function put_class(api, class)
  put ""
  put("### %s", class.name)
  put ""
  if class.text ~= "" then put("%s", class.text) end
  if class.keys_of then put("What [`%s`](#%s) takes.", class.keys_of, anchor(class.keys_of)) end
  if class.extends then put("With all that %s has.", link(api, class.extends)) end
  put_fields(api, class)
  for _, func in ipairs(class.functions) do put_function(api, func) end
end

local function put_hooks(api)
  put "\n## Decision hooks\n"
  put "`policy.NAME(request, conference)` answers by a [verdict](#verdict), or by nothing.\n"
  put "| hook | about | parameters |\n|---|---|---|"
  for _, verb in ipairs(api.verbs) do
    put("| `%s` | %s | `%s` |", verb.name, verb.text, table.concat(verb.fields, "`, `"))
  end
  put "\n## Event hooks\n"
  put "`policy.NAME(event, conference, participant)` is told what has happened.\n"
  put "| hook | what has happened | fields of `event` |\n|---|---|---|"
  for _, event in ipairs(api.events) do
    local fields = #event.fields > 0 and "`" .. table.concat(event.fields, "`, `") .. "`" or ""
    put("| `%s`%s | %s | %s |", event.name, event.is_whole and " (no participant)" or "", event.text, fields)
  end
  put "\n## Other hooks\n"
  put "| hook | |\n|---|---|"
  for _, other in ipairs(api.others) do put("| `policy.%s(%s)` | %s |", other.name, other.takes, other.text) end
end

local function put_contexts(api)
  put "| from where | |\n|---|---|"
  for _, context in ipairs(api.contexts.names) do put("| %s | %s |", context[2], context[3]) end
end

return function(api)
  lines = {}
  put "# What scripts can use\n"
  put "Written by `parley api markdown`. Each function says from where it can be called:\n"
  put_contexts(api)
  put_hooks(api)
  put "\n## Types\n"
  put "| type | is | |\n|---|---|---|"
  for _, type in ipairs(api.types) do put("| `%s` | %s | %s |", type.name, code(type.type), type.text) end
  put "\n## Classes and functions"
  for _, class in ipairs(api.classes) do put_class(api, class) end
  return table.concat(lines, "\n") .. "\n"
end
