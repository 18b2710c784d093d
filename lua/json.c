/*
 * json.encode and json.decode (RFC 8259). What Lua has no value for is json.null, and
 * json.empty_list, since {} is an object without names.
 */
#include "lua/budget.h"
#include "lua/contexts.h"
#include "lua/errors.h"
#include "lua/handle.h"
#include "lua/libraries.h"
#include "lua/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_AN_INSTRUCTION = 4 };

static const char special_class[] = "json value";
static char null_key, empty_list_key;

json_t *json_special(lua_State *L, int index)
{
    const char *which = luaL_testudata(L, index, special_class);

    return !which ? NULL : *which == 'n' ? json_null() : json_array();
}

void json_null_push(lua_State *L)
{
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &null_key);
}

static int special_to_string(lua_State *L)
{
    const char *which = luaL_checkudata(L, 1, special_class);

    lua_pushstring(L, *which == 'n' ? "null" : "[]");
    return 1;
}

static void special_make(lua_State *L, const char *key, char which)
{
    char *special = lua_newuserdatauv(L, 1, 0);

    *special = which;
    luaL_setmetatable(L, special_class);
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

/* ---- encode --------------------------------------------------------------------------------- */

static int text_body(lua_State *L)
{
    lua_pushstring(L, lua_touserdata(L, 1));
    return 1;
}

void json_text_push(lua_State *L, int index, const char *what)
{
    struct plain_error problem;
    json_t *json = plain_json(L, index, &problem);
    char *text;
    int status;

    if (!json)
        script_error(L, "%s%s: %s", what, problem.path, problem.what);
    text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(json);
    if (!text)
        script_error(L, "%s: out of memory", what);
    if (strlen(text) > STRING_LIMIT) {
        free(text);
        script_error(L, "%s: the text would be longer than 256 KiB", what);
    }
    lua_pushcfunction(L, text_body);
    lua_pushlightuserdata(L, text);
    status = lua_pcall(L, 1, 1, 0);
    free(text);
    if (status != LUA_OK)
        (void)lua_error(L);
    budget_charge(L, lua_rawlen(L, -1) / BYTES_AN_INSTRUCTION);
}

/* json.encode(value) */
static int json_encode(lua_State *L)
{
    luaL_checkany(L, 1);
    json_text_push(L, 1, "json.encode: value");
    return 1;
}

/* ---- decode --------------------------------------------------------------------------------- */

static int value_body(lua_State *L)
{
    json_push(L, lua_touserdata(L, 1));
    return 1;
}

/* json.decode(text): the value; or nil and what is wrong where */
static int json_decode(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    json_error_t error;
    json_t *json;
    int status;

    budget_charge(L, length / BYTES_AN_INSTRUCTION);
    json = json_loadb(text, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (!json) {
        lua_pushnil(L);
        lua_pushfstring(L, "line %d, column %d: %s", error.line, error.column, error.text);
        return 2;
    }
    lua_pushcfunction(L, value_body);
    lua_pushlightuserdata(L, json);
    status = lua_pcall(L, 1, 1, 0);
    json_decref(json);
    return status == LUA_OK ? 1 : lua_error(L);
}

void json_open(lua_State *L)
{
    static const struct script_function functions[] = {
        {"encode", json_encode, ANYWHERE}, {"decode", json_decode, ANYWHERE}, {NULL, NULL, 0}};
    static const luaL_Reg metamethods[] = {{"__tostring", special_to_string}, {NULL, NULL}};

    class_open(L, special_class, metamethods);
    special_make(L, &null_key, 'n');
    special_make(L, &empty_list_key, 'e');
    lua_newtable(L);
    functions_set(L, "json", ".", functions);
    json_null_push(L);
    lua_setfield(L, -2, "null");
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &empty_list_key);
    lua_setfield(L, -2, "empty_list");
}
