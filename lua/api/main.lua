-- `parley api …`: returns what is asked for as a text; or nil and what is wrong.
local api = require "read"
local luacats, luacheck = require "write.luacats", require "write.luacheck"
local markdown, help = require "write.markdown", require "write.help"

local luarc = [[
{
  "runtime.version": "Lua 5.4",
  "runtime.builtin": { "io": "disable", "debug": "disable", "package": "disable" },
  "workspace.library": [ "parley-api.lua" ]
}
]]

local function write(path, text)
  local file, why = io.open(path, "w")
  if not file then return nil, why end
  file:write(text)
  return file:close()
end

local function exists(path)
  local file = io.open(path)
  return file and file:close()
end

-- The annotations are ours and written anew; what somebody may have changed stays.
local function setup(folder)
  if not folder then return nil, "setup: where are your scripts? `parley api setup DIR`" end
  local told = {}
  local files = {
    { "parley-api.lua", luacats(api), true },
    { ".luarc.json", luarc },
    { ".luacheckrc", luacheck.write(api) },
  }
  for _, file in ipairs(files) do
    local path = folder .. "/" .. file[1]
    if file[3] or not exists(path) then
      local done, why = write(path, file[2])
      if not done then return nil, "setup: " .. why end
      told[#told + 1] = path .. " is written\n"
    else
      told[#told + 1] = path .. " is there already, and stays as it is\n"
    end
  end
  return table.concat(told)
end

local word, folder = ...
if word == "luacats" then return luacats(api) end
if word == "luacheck" then return luacheck.write(api) end
if word == "markdown" then return markdown(api) end
if word == "setup" then return setup(folder) end
return help(api, word)
