-- A standard for luacheck: which globals scripts see, all of them read-only.
local function fields_of(text)
  local fields = {}
  for name in text:gmatch "%S+" do fields[name] = {} end
  return fields
end

local luacheck = {}

-- As luacheck has it.
function luacheck.standard(api)
  local globals = fields_of(api.standard[""])
  for library, names in pairs(api.standard) do
    if library ~= "" then globals[library] = { fields = fields_of(names) } end
  end
  for _, class in ipairs(api.classes) do
    local fields = class.separator == "" and globals or {}
    for _, entry in ipairs(class.functions) do fields[entry.name] = {} end
    for _, entry in ipairs(class.fields) do fields[entry.name] = {} end
    local outer, name = class.name:match "^(%w+)%.(%w+)$"
    if outer then
      globals[outer].fields[name] = { fields = fields }
    elseif class.separator == "." then
      globals[class.name] = { fields = fields }
    end
  end
  return { read_globals = globals }
end

local function sorted(keys)
  local list = {}
  for key in pairs(keys) do list[#list + 1] = key end
  table.sort(list)
  return list
end

local function text_of(value, indent)
  if not next(value) then return "{}" end
  local lines = { "{" }
  for _, key in ipairs(sorted(value)) do
    lines[#lines + 1] = ("%s  %s = %s,"):format(indent, key, text_of(value[key], indent .. "  "))
  end
  lines[#lines + 1] = indent .. "}"
  return table.concat(lines, "\n")
end

-- A .luacheckrc.
function luacheck.write(api)
  return "-- Written by `parley api luacheck`: what scripts of Parley can use.\n"
    .. "stds.parley = " .. text_of(luacheck.standard(api), "") .. "\n"
    .. 'std = "parley"\nexclude_files = { "parley-api.lua" }\n'
end

return luacheck
