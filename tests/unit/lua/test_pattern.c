/*
 * Our find, match, gmatch and gsub against those of the Lua library: for the same arguments they
 * must give the same results, and fail where it fails.
 */
#include "lua/generation.h"
#include "lua/libraries.h"

#include <lualib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Compares ours and theirs over a table of cases; returns what differs, or nil. */
static const char compare[] =
    "local ours, theirs = ...\n"
    "local function show(list)\n"
    "  local texts = {}\n"
    "  for i = 1, list.n do texts[i] = string.format('%q', list[i]) end\n"
    "  return table.concat(texts, ', ')\n"
    "end\n"
    "local function call(library, name, ...)\n"
    "  local results = table.pack(pcall(library[name], ...))\n"
    "  if not results[1] then return 'error' end\n"
    "  if name ~= 'gmatch' then return show(results) end\n"
    "  local all = {}\n"
    "  local ok = pcall(function()\n"
    "    while #all < 50 do\n"
    "      local found = table.pack(results[2]())\n"
    "      if found[1] == nil then break end\n"
    "      all[#all + 1] = show(found)\n"
    "    end end)\n"
    "  return ok and table.concat(all, '; ') or 'error'\n"
    "end\n"
    "local function check(name, ...)\n"
    "  local a, b = call(ours, name, ...), call(theirs, name, ...)\n"
    "  if a ~= b then\n"
    "    error(name .. '(' .. show(table.pack(...)) .. '): ours ' .. a .. ', theirs ' .. b, 0)\n"
    "  end\n"
    "end\n"
    "return check\n";

static const char known[] =
    "local check = ...\n"
    "local subjects = { '', 'a', 'hello world', 'key = value', '  trim me  ', 'f(a(b)c)d',\n"
    "  'sip:alice@example.com:5060;transport=udp', 'a,b,,c', '\\0x\\0', 'THE (quick) fox',\n"
    "  '2026-11-20', 'aaa', 'abab', ('x'):rep(50), 'a]b-c^d', '%d' }\n"
    "local patterns = { '', '.', '^', '$', '^$', 'a', 'a*', 'a-', 'a?', 'a+', '^a', 'a$', '%a+',\n"
    "  '(%w+)', '(%w+) (%w+)', '^%s*(.-)%s*$', '(%a+)%s*=%s*(%a+)', '%b()', '%bxx', '%f[%w]%w+',\n"
    "  '%f[%a]', '()', '()a()', '(a)%1', '(.)%1', '[a-c]+', '[^a-c]+', '[]]', '[^]]', '[a-]',\n"
    "  '[%a-]', '[-a]', '[%]]', '[a%-c]', '%d%d%d%d', '^sip:([^@]+)@([^:;]+)', '%z', '%%d', '%.',\n"
    "  '(', ')', '(a', 'a)', '[', '[a', '[^', '[%', '%', '%b', '%bx', '%f', '%fa', '%1', '(%1)',\n"
    "  '%0', '(()a())', '((a)(b))', '.-b', '.*b', '[%w_.]+', '%S+', '%p', '%c', '%g+', '%x+',\n"
    "  '%u%l*', '%A', '[%D]+', 'a**', 'a-?', '^*', '^^a', '$a', 'a$b', '()()()', '\\0', '[\\0]' }\n"
    "for _, s in ipairs(subjects) do\n"
    "  for _, p in ipairs(patterns) do\n"
    "    for _, init in ipairs { 1, 2, -1, -100, 0, 100 } do\n"
    "      check('find', s, p, init)\n"
    "      check('match', s, p, init)\n"
    "      check('gmatch', s, p, init)\n"
    "      check('find', s, p, init, true)\n"
    "    end\n"
    "    for _, r in ipairs { '', 'x', '<%0>', '%1', '%2', '%%', '%', '%a', 5 } do\n"
    "      check('gsub', s, p, r)\n"
    "      check('gsub', s, p, r, 1)\n"
    "    end\n"
    "    check('gsub', s, p, { a = 'A', hello = true, [1] = 2, b = false })\n"
    "    check('gsub', s, p, function(x) return x == 'a' and 1 or nil end)\n"
    "    check('gsub', s, p, function() return {} end)\n"
    "    check('gsub', s, p, '', 0)\n"
    "    check('gsub', s, p, '', -1)\n"
    "  end\n"
    "end\n"
    "check('gsub', 'x', 'x', true)\n"
    "check('gsub', 'x', 'x')\n"
    "check('find', 5, '5')\n"
    "check('find', {}, '5')\n";

/* Patterns and texts put together from pieces; the seed is fixed, so a failure comes again. */
static const char mixed[] =
    "local check = ...\n"
    "local pieces = { 'a', 'b', '.', '%a', '%d', '[ab]', '[^a]', '(', ')', '()', '*', '+', '-',\n"
    "  '?', '^', '$', '%1', '%b()', '%f[a]', '%', '[', ']', 'c', '1' }\n"
    "local letters = { 'a', 'b', 'c', '1', '(', ')', ' ' }\n"
    "math.randomseed(7)\n"
    "local function mix(from, most)\n"
    "  local list = {}\n"
    "  for i = 1, math.random(0, most) do list[i] = from[math.random(#from)] end\n"
    "  return table.concat(list)\n"
    "end\n"
    "for _ = 1, 20000 do\n"
    "  local s, p = mix(letters, 10), mix(pieces, 7)\n"
    "  check('find', s, p)\n"
    "  check('match', s, p)\n"
    "  check('gmatch', s, p)\n"
    "  check('gsub', s, p, '[%0]')\n"
    "end\n";

/* A state with the whole Lua library, in which no budget is running. */
static struct generation generation;

static lua_State *state_make(void)
{
    lua_State *L = luaL_newstate();

    assert_non_null(L);
    *(struct generation **)lua_getextraspace(L) = &generation;
    luaL_openlibs(L);
    return L;
}

static void assert_same(const char *cases)
{
    lua_State *L = state_make();

    assert_int_equal(luaL_loadstring(L, cases), LUA_OK);
    assert_int_equal(luaL_loadstring(L, compare), LUA_OK);
    lua_newtable(L);
    strings_open(L);
    lua_getglobal(L, "string");
    lua_call(L, 2, 1);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK)
        fail_msg("%s", lua_tostring(L, -1));
    lua_close(L);
}

static void known_patterns_match_as_in_lua(void **state)
{
    (void)state;
    assert_same(known);
}

static void mixed_patterns_match_as_in_lua(void **state)
{
    (void)state;
    assert_same(mixed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_patterns_match_as_in_lua),
        cmocka_unit_test(mixed_patterns_match_as_in_lua),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
