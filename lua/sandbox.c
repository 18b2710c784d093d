/*
 * What scripts can see: an allow-list, frozen. No files, no processes, no loading of code, no
 * debug library, no finalizers, nobody's metatables but the script's own.
 *
 * Each policy has an environment of its own, an empty table that leads to the one table of
 * globals. Nothing can be stored in either, so policies do not see each other.
 */
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/libraries.h"
#include "lua/params.h"
#include "lua/testing.h"

#include <lualib.h>
#include <string.h>

static char environment_key, seed_key;

static const char *const base_names[] = {
    "_VERSION", "assert", "error",  "getmetatable", "ipairs",   "next",     "pairs", "pcall",
    "rawequal", "rawget", "rawlen", "select",       "tonumber", "tostring", "type",  "xpcall",
};
static const char *const string_names[] = {
    "byte",     "char",    "format", "len",    "lower", "pack",
    "packsize", "reverse", "sub",    "unpack", "upper", "rep",
};
static const char *const table_names[] = {"concat", "insert", "move",  "pack",
                                          "remove", "sort",   "unpack"};
static const char *const math_names[] = {
    "abs",  "acos",   "asin", "atan", "ceil",       "cos",       "deg",        "exp",  "floor",
    "fmod", "huge",   "log",  "max",  "maxinteger", "min",       "mininteger", "modf", "pi",
    "rad",  "random", "sin",  "sqrt", "tan",        "tointeger", "type",       "ult",
};
static const char *const utf8_names[] = {"char",  "charpattern", "codepoint",
                                         "codes", "len",         "offset"};
static const char *const os_names[] = {"clock", "date", "difftime", "time"};

enum { GLOBALS_MAX = 64 };

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Upvalue: the table of globals. */
static int unknown_global(lua_State *L)
{
    const char *name = luaL_tolstring(L, 2, NULL), *names[GLOBALS_MAX];
    size_t count = 0;

    for (lua_pushnil(L); count < GLOBALS_MAX && lua_next(L, lua_upvalueindex(1)); lua_pop(L, 1))
        names[count++] = lua_tostring(L, -2);
    return luaL_error(L, "unknown global '%s'%s", name, nearest_push(L, name, names, count));
}

/* Upvalue: the same. */
static int assign_global(lua_State *L)
{
    const char *name = luaL_tolstring(L, 2, NULL);

    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
        return luaL_error(L, "cannot set '%s': it is read-only", name);
    return luaL_error(L, "cannot set global '%s': write `local %s`", name, name);
}

/* The functions replaced here run in the frame of their guard, so that their own errors name the
 * script's line. */
static int call_original(lua_State *L)
{
    lua_CFunction original = lua_tocfunction(L, lua_upvalueindex(1));

    return original(L);
}

static int guarded_setmetatable(lua_State *L)
{
    if (lua_istable(L, 2)) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL)
            return luaL_error(L, "setmetatable: __gc is not available to scripts");
        lua_pop(L, 1);
    }
    return call_original(L);
}

static int guarded_rawset(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "rawset: this table is read-only");
    return call_original(L);
}

/* Copies the allowed names from the library on top of the stack into a new table, which takes its
 * place. */
static void allow(lua_State *L, const char *const *names, size_t count)
{
    lua_createtable(L, 0, (int)count);
    for (size_t i = 0; i < count; i++) {
        lua_getfield(L, -2, names[i]);
        lua_setfield(L, -2, names[i]);
    }
    lua_remove(L, -2);
}

static void library_open(lua_State *L, lua_CFunction open, const char *const *names, size_t count)
{
    lua_pushcfunction(L, open);
    lua_call(L, 0, 1);
    allow(L, names, count);
}

/* Sets globals[name] to the library on top of the stack, read-only, and pops it. */
static void library_set(lua_State *L, int globals, const char *name)
{
    frozen_push(L, "the library");
    lua_setfield(L, globals, name);
}

static void base_open(lua_State *L, int globals)
{
    lua_pushcfunction(L, luaopen_base);
    lua_call(L, 0, 1);
    for (size_t i = 0; i < COUNT(base_names); i++) {
        lua_getfield(L, -1, base_names[i]);
        lua_setfield(L, globals, base_names[i]);
    }
    lua_getfield(L, -1, "setmetatable");
    lua_pushcclosure(L, guarded_setmetatable, 1);
    lua_setfield(L, globals, "setmetatable");
    lua_getfield(L, -1, "rawset");
    lua_pushcclosure(L, guarded_rawset, 1);
    lua_setfield(L, globals, "rawset");
    lua_pop(L, 1);
}

/* Scripts cannot seed, since what one draws would then be known to the others. */
static void math_open(lua_State *L, int globals)
{
    lua_pushcfunction(L, luaopen_math);
    lua_call(L, 0, 1);
    lua_getfield(L, -1, "randomseed");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &seed_key);
    allow(L, math_names, COUNT(math_names));
    library_set(L, globals, "math");
}

void sandbox_seed(lua_State *L)
{
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &seed_key);
    lua_pushinteger(L, 1);
    lua_call(L, 1, 0);
}

/* Methods of strings ("x"):rep(3) must be the guarded ones, too. */
static void string_open(lua_State *L, int globals)
{
    library_open(L, luaopen_string, string_names, COUNT(string_names));
    guards_string(L);
    strings_open(L);
    lua_pushliteral(L, "");
    (void)lua_getmetatable(L, -1);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    metatable_hide(L);
    lua_pop(L, 2);
    library_set(L, globals, "string");
}

static void environment_open(lua_State *L, int globals)
{
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, globals);
    lua_pushcclosure(L, unknown_global, 1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, globals);

    lua_createtable(L, 0, 3);
    lua_pushvalue(L, globals);
    lua_setfield(L, -2, "__index");
    lua_pushvalue(L, globals);
    lua_pushcclosure(L, assign_global, 1);
    lua_setfield(L, -2, "__newindex");
    metatable_hide(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &environment_key);
}

void sandbox_open(lua_State *L)
{
    int globals;

    lua_newtable(L);
    globals = lua_gettop(L);
    base_open(L, globals);
    string_open(L, globals);
    library_open(L, luaopen_table, table_names, COUNT(table_names));
    guards_table(L);
    library_set(L, globals, "table");
    math_open(L, globals);
    library_open(L, luaopen_utf8, utf8_names, COUNT(utf8_names));
    guards_utf8(L);
    library_set(L, globals, "utf8");
    library_open(L, luaopen_os, os_names, COUNT(os_names));
    guards_os(L);
    library_set(L, globals, "os");
    coroutines_open(L);
    library_set(L, globals, "coroutine");
    json_open(L);
    library_set(L, globals, "json");
    base64_open(L);
    library_set(L, globals, "base64");
    http_open(L);
    library_set(L, globals, "http");
    store_class_open(L);
    verdict_open(L, globals);
    spoken_open(L, globals);
    policy_class_open(L);
    parley_open(L, globals);
    tests_open(L, globals);
    environment_open(L, globals);
    lua_pop(L, 1);
}

void sandbox_push_environment(lua_State *L)
{
    lua_newtable(L);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &environment_key);
    lua_setmetatable(L, -2);
}
