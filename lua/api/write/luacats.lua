-- Annotations for editors, as lua-language-server reads them (LuaCATS).
local lines

local function put(format, ...)
  local line = format:format(...):gsub(" +$", "")
  lines[#lines + 1] = line
end

local function put_text(text)
  if text ~= "" then put("---%s", text) end
end

local function put_fields(class)
  for _, field in ipairs(class.fields) do
    local default = field.default and (" (default " .. field.default .. ")") or ""
    put("---@field %s%s %s %s", field.name, field.optional and "?" or "", field.type, field.text .. default)
  end
end

local function names(func)
  local list = {}
  for i, parameter in ipairs(func.takes) do list[i] = parameter.name end
  return table.concat(list, ", ")
end

local function put_function(owner, func, contexts)
  put ""
  put_text(func.text)
  put("---")
  put("---For %s.%s", contexts.describe(func.from), func.waits and " It waits." or "")
  if func.example then
    put("---```lua")
    put_text(func.example)
    put("---```")
  end
  for _, parameter in ipairs(func.takes) do
    put("---@param %s%s %s", parameter.name, parameter.optional and "?" or "", parameter.type)
  end
  for _, value in ipairs(func.gives) do put("---@return %s%s", value.type, value.name and " " .. value.name or "") end
  put("function %s%s(%s) end", owner, func.name, names(func))
end

-- A hook is a field of the policy, which tells the types of its parameters.
local function put_hooks(api)
  for _, verb in ipairs(api.verbs) do
    put("---@field %s? fun(request: request, conference: conference): verdict? %s", verb.name, verb.text)
  end
  for _, event in ipairs(api.events) do
    put("---@field %s? fun(event: %s, conference: conference%s) %s", event.name, event.class,
      event.is_whole and "" or ", participant: participant", event.text)
  end
  for _, other in ipairs(api.others) do
    local gives = other.gives ~= "" and ": " .. other.gives or ""
    put("---@field %s? fun(%s)%s %s", other.name, other.takes, gives, other.text)
  end
end

-- What stands before the class's functions. Handles have no name that a script could use.
local function put_class(class, api)
  put ""
  put_text(class.text)
  if class.separator == "" then return "" end
  put("---@class %s%s", class.name, class.extends and ": " .. class.extends or "")
  put_fields(class)
  if class.name == "policy" then put_hooks(api) end
  if class.separator == "." then
    put("%s = {}", class.name)
  elseif class.separator then
    put("local %s = {}", class.name)
  end
  return class.separator and class.name .. class.separator
end

return function(api)
  lines = {}
  put("---@meta")
  put("-- Written by `parley api luacats`: what scripts of Parley can use, for your editor.")
  for _, type in ipairs(api.types) do
    put ""
    put_text(type.text)
    put("---@alias %s %s", type.name, type.type)
  end
  for _, class in ipairs(api.classes) do
    local owner = put_class(class, api)
    for _, func in ipairs(class.functions) do put_function(owner, func, api.contexts) end
  end
  put("")
  return table.concat(lines, "\n")
end
