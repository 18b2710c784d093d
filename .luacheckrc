-- What policies can see: the allow-list of lua/sandbox.c, and nothing to write to.
local function fields(names)
  local table_of_fields = {}
  for name in names:gmatch "%S+" do table_of_fields[name] = {} end
  return { fields = table_of_fields }
end

stds.parley_policy = {
  read_globals = {
    "_VERSION", "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "print",
    "rawequal", "rawget", "rawlen", "rawset", "select", "setmetatable", "tonumber", "tostring",
    "type", "xpcall",
    "accept", "challenge", "pending", "reject",
    "date", "digits", "duration", "money", "number", "ordinal", "time",
    json = fields "decode empty_list encode null",
    base64 = fields "decode encode",
    http = fields "get post request",
    parley = {
      fields = {
        policy = {}, conference = {}, conferences = {}, create = {}, options = {}, store = {},
        time = {}, fact = {}, set_fact = {}, is_same = {}, version = {}, generation = {},
        log = fields "error warn info debug",
      },
    },
    string = fields [[byte char find format gmatch gsub len lower match pack packsize rep reverse
                      sub unpack upper]],
    table = fields "concat insert move pack remove sort unpack",
    math = fields [[abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min
                    mininteger modf pi rad random sin sqrt tan tointeger type ult]],
    utf8 = fields "char charpattern codepoint codes len offset",
    os = fields "clock date difftime time",
    coroutine = fields "create isyieldable resume status wrap yield",
  },
}

std = "lua54"
max_line_length = 100
files["policy"] = { std = "parley_policy" }
files["scripts"] = { std = "parley_policy" }
files["tests/**/*.lua"] = { std = "parley_policy" }
