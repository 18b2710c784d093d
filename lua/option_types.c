/*
 * The types of a policy's options, and what a declaration may say of one:
 *
 *   { type = "integer", default = 3, min = 1, max = 9, doc = "How many may wait", secret = true,
 *     public = true, choices = { "a", "b" } }
 *
 *   boolean, number, integer, string
 *   choice    one of `choices`
 *   time      "08:30" or "08:30:00", of day; read as seconds since midnight
 *   zone      "Europe/Berlin": a time zone that parley.time knows
 *   duration  "250ms", "90s", "5m", "1h", "2d", or a number of seconds; read as seconds
 *   policy    the name of a policy, which is loaded at once
 *   list      list of texts: { "alice", "bob" } (one text will do). options.moderators[1] is
 *             "alice", and options.moderators["alice"] is true. With `choices`: each is one
 *             of them.
 *
 * `min` and `max` are of numbers and durations themselves, of a string's bytes, of a list's
 * entries. Declarations are kept with their type as its number here, the default in its final form
 * as `value`, and what would fit, in words, as `what`.
 */
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/libraries.h"
#include "lua/options.h"
#include "lua/params.h"

#include <stdio.h>
#include <string.h>

enum { CHOICES_MOST = 32 };

enum {
    TYPE_BOOLEAN,
    TYPE_CHOICE,
    TYPE_DURATION,
    TYPE_INTEGER,
    TYPE_LIST,
    TYPE_NUMBER,
    TYPE_POLICY,
    TYPE_STRING,
    TYPE_TIME,
    TYPE_ZONE,
    TYPE_COUNT
};

static const struct {
    const char *name, *what;
    const char *unit; /* of min and max; NULL: it has none of these */
} types[TYPE_COUNT] = {
    [TYPE_BOOLEAN] = {"boolean", "true or false", NULL},
    [TYPE_CHOICE] = {"choice", "one", NULL},
    [TYPE_DURATION] = {"duration", "a duration such as \"5m\" or a number of seconds", " s"},
    [TYPE_INTEGER] = {"integer", "a whole number", ""},
    [TYPE_LIST] = {"list", "a list of texts", " entries"},
    [TYPE_NUMBER] = {"number", "a number", ""},
    [TYPE_POLICY] = {"policy", "the name of a policy", NULL},
    [TYPE_STRING] = {"string", "a text", " bytes"},
    [TYPE_TIME] = {"time", "a time of day such as \"08:30\"", NULL},
    [TYPE_ZONE] = {"zone", "a time zone such as \"Europe/Berlin\"", NULL},
};

/* ---- values --------------------------------------------------------------------------------- */

/* Replaces the text or number on top of the stack by seconds. */
static bool duration_convert(lua_State *L)
{
    double seconds;

    if (!duration_at(L, -1, &seconds))
        return false;
    lua_pushnumber(L, seconds);
    lua_replace(L, -2);
    return true;
}

/* Replaces the list or text on top of the stack by a read-only list that is a set as well. */
static bool list_convert(lua_State *L)
{
    int given = lua_gettop(L), list = given + 1, set = given + 2;
    lua_Integer count = 1;

    if (lua_type(L, given) == LUA_TSTRING) {
        lua_createtable(L, 1, 0);
        lua_pushvalue(L, given);
        lua_rawseti(L, -2, 1);
        lua_replace(L, given);
    } else if (!lua_istable(L, given)) {
        return false;
    }
    lua_newtable(L);
    lua_newtable(L);
    for (; lua_rawgeti(L, given, count) == LUA_TSTRING; count++) {
        lua_pushvalue(L, -1);
        lua_rawseti(L, list, count);
        lua_pushboolean(L, 1);
        lua_rawset(L, set);
    }
    lua_pop(L, 1);
    lua_pushnil(L);
    while (lua_next(L, given)) {
        lua_pop(L, 1);
        if (--count < 1)
            return false; /* more than the list: names, holes, or something else than texts */
    }
    lua_createtable(L, 0, 1);
    lua_insert(L, -2);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, list);
    lua_replace(L, given);
    frozen_push(L, "a list in conference.options");
    return true;
}

/* Replaces the text on top of the stack by the seconds since midnight. */
static bool time_convert(lua_State *L)
{
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    unsigned hour, minute, second = 0;
    int end = 0;

    if (strspn(text, "0123456789:") != strlen(text) ||
        sscanf(text, "%2u:%2u%n:%2u%n", &hour, &minute, &end, &second, &end) < 2 || text[end] ||
        hour > 24 || minute > 59 || second > 59 || (hour == 24 && minute + second > 0))
        return false;
    lua_pushinteger(L, (lua_Integer)hour * 3600 + minute * 60 + second);
    lua_replace(L, -2);
    return true;
}

/* Whether the text on top of the stack is one of the declaration's choices, if it has any. */
static bool is_chosen(lua_State *L, int declaration)
{
    int text = lua_gettop(L);
    bool is = false;

    if (lua_type(L, text) != LUA_TSTRING)
        return false;
    if (lua_getfield(L, declaration, "choices") == LUA_TNIL)
        is = true;
    for (lua_Integer i = 1; !is && lua_rawgeti(L, text + 1, i) == LUA_TSTRING; i++) {
        is = lua_rawequal(L, -1, text);
        lua_pop(L, 1);
    }
    lua_settop(L, text);
    return is;
}

/* The same of each entry of the list there. */
static bool are_chosen(lua_State *L, int declaration)
{
    bool are = true;

    for (lua_Integer i = 1; are && lua_geti(L, -1, i) != LUA_TNIL; i++) {
        are = is_chosen(L, declaration);
        lua_pop(L, 1);
    }
    if (are)
        lua_pop(L, 1); /* the nil */
    return are;
}

/* Replaces the value on top of the stack by its final form. False: it has another type. */
static bool convert(lua_State *L, int declaration, lua_Integer type)
{
    switch (type) {
    case TYPE_BOOLEAN:
        return lua_isboolean(L, -1);
    case TYPE_CHOICE:
        return is_chosen(L, declaration);
    case TYPE_DURATION:
        return duration_convert(L);
    case TYPE_INTEGER:
        return lua_isinteger(L, -1);
    case TYPE_LIST:
        return list_convert(L) && are_chosen(L, declaration);
    case TYPE_TIME:
        return time_convert(L);
    case TYPE_ZONE:
        return lua_type(L, -1) == LUA_TSTRING && zone_exists(L, lua_tostring(L, -1));
    case TYPE_NUMBER:
        return lua_type(L, -1) == LUA_TNUMBER;
    default:
        return lua_type(L, -1) == LUA_TSTRING;
    }
}

/* Whether the value on top of the stack, in its final form, is within min and max. */
static bool is_within(lua_State *L, int declaration, lua_Integer type)
{
    lua_Number size = 0;
    bool is = true;

    if (type == TYPE_LIST || type == TYPE_STRING)
        size = (lua_Number)luaL_len(L, -1);
    else if (types[type].unit)
        size = lua_tonumber(L, -1);
    if (lua_getfield(L, declaration, "min") != LUA_TNIL)
        is = size >= lua_tonumber(L, -1);
    if (lua_getfield(L, declaration, "max") != LUA_TNIL)
        is = is && size <= lua_tonumber(L, -1);
    lua_pop(L, 2);
    return is;
}

/* Pushes " (did you mean 'open'?)" when the text at `value` is nearly one of the choices. */
static void nearest_choice_push(lua_State *L, int declaration, int value)
{
    const char *names[CHOICES_MOST] = {NULL};
    int choices = lua_gettop(L) + 1;

    luaL_checkstack(L, CHOICES_MOST + 4, NULL);
    if (lua_getfield(L, declaration, "choices") != LUA_TTABLE || !lua_isstring(L, value)) {
        lua_pushliteral(L, "");
        return;
    }
    for (int i = 0; i < CHOICES_MOST && lua_rawgeti(L, choices, i + 1) == LUA_TSTRING; i++)
        names[i] = lua_tostring(L, -1);
    (void)nearest_push(L, lua_tostring(L, value), names, CHOICES_MOST);
}

/* Raises about the value at `value`, but never shows a secret. */
static void refuse(lua_State *L, int declaration, int value, const char *what)
{
    const char *given = luaL_typename(L, value), *expected, *nearest;
    int type = lua_type(L, value);
    bool is_shown;

    (void)lua_getfield(L, declaration, "what");
    expected = lua_tostring(L, -1);
    (void)lua_getfield(L, declaration, "secret");
    is_shown = !lua_toboolean(L, -1) && (type == LUA_TSTRING || type == LUA_TNUMBER);
    if (!is_shown)
        script_error(L, "%s must be %s, not this %s", what, expected, given);
    nearest_choice_push(L, declaration, value);
    nearest = lua_tostring(L, -1);
    given = luaL_tolstring(L, value, NULL);
    script_error(L, type == LUA_TSTRING ? "%s must be %s, not \"%s\"%s" : "%s must be %s, not %s%s",
                 what, expected, given, nearest);
}

/* What names a policy is wrong where that cannot be had, rather than when a caller needs it. */
static void policy_need(lua_State *L, const char *what)
{
    struct script_policy *policy;
    char error[512];

    if (generation_policy(generation_of(L), lua_tostring(L, -1), &policy, error, sizeof error))
        script_error(L, "%s: %s", what, error);
}

void option_take(lua_State *L, int declaration, const char *what)
{
    int value = lua_gettop(L);
    lua_Integer type;

    declaration = lua_absindex(L, declaration);
    (void)lua_getfield(L, declaration, "type");
    type = lua_tointeger(L, -1);
    lua_settop(L, value);
    lua_pushvalue(L, value); /* the original stays for what is said about it */
    if (!convert(L, declaration, type) || !is_within(L, declaration, type))
        refuse(L, declaration, value, what);
    if (type == TYPE_POLICY)
        policy_need(L, what);
    lua_replace(L, value);
    lua_settop(L, value);
}

/* ---- declarations --------------------------------------------------------------------------- */

static unsigned type_check(lua_State *L, const char *key, int declaration)
{
    const char *names[TYPE_COUNT], *given;
    unsigned type = 0;

    for (unsigned i = 0; i < TYPE_COUNT; i++)
        names[i] = types[i].name;
    given = lua_getfield(L, declaration, "type") == LUA_TSTRING ? lua_tostring(L, -1) : "";
    while (type < TYPE_COUNT && strcmp(types[type].name, given) != 0)
        type++;
    if (type == TYPE_COUNT)
        script_error(L,
                     "option '%s': type must be one of boolean, choice, duration, integer, list, "
                     "number, policy, string, time, zone%s",
                     key, nearest_push(L, given, names, TYPE_COUNT));
    lua_pop(L, 1);
    return type;
}

/* Puts min or max into the checked declaration at the top of the stack. */
static void limit_take(lua_State *L, const char *key, const char *limit, int declaration,
                       unsigned type)
{
    double number;

    if (lua_getfield(L, declaration, limit) == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    if (!types[type].unit)
        script_error(L, "option '%s': %s means nothing to a %s", key, limit, types[type].name);
    if (type == TYPE_DURATION ? !duration_at(L, -1, &number) : lua_type(L, -1) != LUA_TNUMBER)
        script_error(L, "option '%s': %s must be a %s, not this %s", key, limit,
                     type == TYPE_DURATION ? "duration" : "number", luaL_typename(L, -1));
    if (type == TYPE_DURATION) {
        lua_pushnumber(L, number);
        lua_replace(L, -2);
    }
    lua_setfield(L, -2, limit);
}

/* What nothing could ever suit is told where it is declared. */
static void limits_take(lua_State *L, const char *key, int declaration, unsigned type)
{
    limit_take(L, key, "min", declaration, type);
    limit_take(L, key, "max", declaration, type);
    if (lua_getfield(L, -1, "min") != LUA_TNIL && lua_getfield(L, -2, "max") != LUA_TNIL &&
        lua_tonumber(L, -2) > lua_tonumber(L, -1))
        script_error(L, "option '%s': min is more than max", key);
    lua_settop(L, declaration + 1);
}

/* A copy of the list of texts, since scripts keep what they have given. */
static void choices_take(lua_State *L, const char *key, int declaration, unsigned type)
{
    int checked = lua_gettop(L), given = checked + 1, copy = checked + 2;
    lua_Integer count = 1;

    if (lua_getfield(L, declaration, "choices") == LUA_TNIL && type != TYPE_CHOICE) {
        lua_settop(L, checked);
        return;
    }
    if (type != TYPE_CHOICE && type != TYPE_LIST)
        script_error(L, "option '%s': choices are for the types choice and list", key);
    lua_newtable(L);
    for (; lua_istable(L, given) && lua_rawgeti(L, given, count) == LUA_TSTRING; count++)
        lua_rawseti(L, copy, count);
    if (count == 1 || count > CHOICES_MOST || !lua_isnil(L, -1))
        script_error(L, "option '%s': choices must be a list of 1 to %d texts", key, CHOICES_MOST);
    lua_settop(L, copy);
    lua_setfield(L, checked, "choices");
    lua_settop(L, checked);
}

static void words_take(lua_State *L, const char *key, int declaration)
{
    int top = lua_gettop(L);

    if (lua_getfield(L, declaration, "doc") != LUA_TNIL && lua_type(L, -1) != LUA_TSTRING)
        script_error(L, "option '%s': doc must be a text, not this %s", key, luaL_typename(L, -1));
    lua_setfield(L, -2, "doc");
    if (lua_getfield(L, declaration, "secret") != LUA_TNIL && !lua_isboolean(L, -1))
        script_error(L, "option '%s': secret must be true or false, not this %s", key,
                     luaL_typename(L, -1));
    lua_setfield(L, -2, "secret");
    if (lua_getfield(L, declaration, "public") != LUA_TNIL && !lua_isboolean(L, -1))
        script_error(L, "option '%s': public must be true or false, not this %s", key,
                     luaL_typename(L, -1));
    if (lua_toboolean(L, -1) && lua_getfield(L, declaration, "secret") && lua_toboolean(L, -1))
        script_error(L, "option '%s': what is secret cannot be public", key);
    lua_settop(L, top);
    (void)lua_getfield(L, declaration, "public");
    lua_setfield(L, -2, "public");
}

/* Sets `what` in the checked declaration at the top of the stack. */
static void what_set(lua_State *L, unsigned type)
{
    int declaration = lua_gettop(L);
    luaL_Buffer text;

    lua_settop(L, declaration + 3);
    (void)lua_getfield(L, declaration, "min");
    lua_replace(L, declaration + 1);
    (void)lua_getfield(L, declaration, "max");
    lua_replace(L, declaration + 2);
    (void)lua_getfield(L, declaration, "choices");
    lua_replace(L, declaration + 3);
    luaL_buffinit(L, &text);
    luaL_addstring(&text, types[type].what);
    for (int limit = 1; limit <= 2; limit++) {
        if (lua_isnil(L, declaration + limit))
            continue;
        luaL_addstring(&text, limit == 1 ? ", at least " : ", at most ");
        (void)luaL_tolstring(L, declaration + limit, NULL);
        luaL_addvalue(&text);
        luaL_addstring(&text, types[type].unit);
    }
    for (lua_Integer i = 1; !lua_isnil(L, declaration + 3); i++) {
        if (lua_rawgeti(L, declaration + 3, i) == LUA_TNIL) {
            lua_pop(L, 1);
            break;
        }
        luaL_addstring(&text, i > 1 ? ", \"" : " of \"");
        luaL_addvalue(&text);
        luaL_addchar(&text, '"');
    }
    luaL_pushresult(&text);
    lua_setfield(L, declaration, "what");
    lua_settop(L, declaration);
}

void option_declare(lua_State *L, const char *key)
{
    static const char *const names[] = {"type", "default", "min",    "max",
                                        "doc",  "secret",  "public", "choices"};
    int declaration = lua_gettop(L);
    unsigned type;
    char what[80];

    if (!lua_istable(L, declaration))
        script_error(L, "option '%s' must be declared as { type = \"string\", default = … }", key);
    (void)snprintf(what, sizeof what, "option '%.60s'", key);
    for (lua_pushnil(L); lua_next(L, declaration); lua_pop(L, 1))
        (void)key_check(L, -2, what, names, sizeof names / sizeof *names);
    type = type_check(L, key, declaration);
    lua_newtable(L);
    lua_pushinteger(L, type);
    lua_setfield(L, -2, "type");
    limits_take(L, key, declaration, type);
    choices_take(L, key, declaration, type);
    words_take(L, key, declaration);
    what_set(L, type);
    (void)lua_getfield(L, declaration, "default");
    lua_setfield(L, declaration + 1, "given");
    if (lua_getfield(L, declaration, "default") == LUA_TNIL && type == TYPE_LIST) {
        lua_pop(L, 1);
        lua_newtable(L);
    }
    (void)snprintf(what, sizeof what, "option '%.50s': the default", key);
    if (!lua_isnil(L, -1))
        option_take(L, declaration + 1, what);
    lua_setfield(L, declaration + 1, "value");
    lua_replace(L, declaration);
    lua_settop(L, declaration);
}
