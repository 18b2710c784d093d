-- For Lua of our own. Scripts are checked by what `parley api luacheck` says that they can use.
std = "lua54"
max_line_length = 120
