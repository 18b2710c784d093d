/*
 * What is said instead of shown: number(12), money(9.5, "EUR") and the like. They make values that
 * stand for a list of prompts, which the rules of a language (language.c) give once they are to be
 * heard.
 */
#include "lua/contexts.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/libraries.h"
#include "lua/private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static char spoken_key; /* of the metatable of all these values */

enum {
    DIGITS_MOST = 64,
    THING_MOST = 60,          /* bytes of a prompt's name */
    NUMBER_MOST = 1000000000, /* a thousand times that is too much */
};

static const lua_Number NUMBER_END = 1e12;

/* ---- making them ---------------------------------------------------------------------------- */

/* Makes a value of `kind` from the `count` values on top of the stack. */
static int spoken_make(lua_State *L, const char *kind, int count)
{
    lua_createtable(L, count, 1);
    lua_insert(L, -1 - count);
    for (int i = count; i > 0; i--)
        lua_rawseti(L, -1 - i, i);
    lua_pushstring(L, kind);
    lua_setfield(L, -2, "kind");
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &spoken_key);
    lua_setmetatable(L, -2);
    return 1;
}

static void number_check(lua_State *L, const char *what)
{
    if (lua_type(L, 1) != LUA_TNUMBER || !(fabs(lua_tonumber(L, 1)) < NUMBER_END))
        script_error(L, "%s must be a number below a million millions, not %s", what,
                     luaL_tolstring(L, 1, NULL));
}

/* digits("4711"), digits(4711) */
static int make_digits(lua_State *L)
{
    const char *text =
        lua_isinteger(L, 1) || lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : NULL;

    if (!text || !*text || strlen(text) > DIGITS_MOST ||
        text[strspn(text, "0123456789*#+ABCDabcd")])
        script_error(L,
                     "digits: the argument must be a text of 1 to %d digits, or * # + A to D, "
                     "not %s",
                     DIGITS_MOST, luaL_tolstring(L, 1, NULL));
    lua_settop(L, 1);
    return spoken_make(L, "digits", 1);
}

/* number(12.5) */
static int make_number(lua_State *L)
{
    number_check(L, "number: the argument");
    lua_settop(L, 1);
    return spoken_make(L, "number", 1);
}

/* ordinal(3): "third" */
static int make_ordinal(lua_State *L)
{
    lua_Integer number = lua_isinteger(L, 1) ? lua_tointeger(L, 1) : 0;

    if (number < 1 || number > NUMBER_MOST)
        script_error(L, "ordinal: the argument must be a whole number from 1 on, not %s",
                     luaL_tolstring(L, 1, NULL));
    lua_settop(L, 1);
    return spoken_make(L, "ordinal", 1);
}

/* counted(2, "participant"): "two participants"; the second is the name of the prompt for one */
static int make_counted(lua_State *L)
{
    lua_Integer number = lua_isinteger(L, 1) ? lua_tointeger(L, 1) : -1;
    const char *thing = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";

    if (number < 0 || number > NUMBER_MOST)
        script_error(L, "counted: the first argument must be a whole number from 0 on, not %s",
                     luaL_tolstring(L, 1, NULL));
    if (!*thing || strlen(thing) > THING_MOST)
        script_error(L, "counted: the second argument must name a prompt, as in "
                        "counted(2, \"participant\")");
    lua_settop(L, 2);
    return spoken_make(L, "counted", 2);
}

/* money(12.5, "EUR") */
static int make_money(lua_State *L)
{
    const char *currency = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";

    number_check(L, "money: the amount");
    if (strlen(currency) != 3 || strspn(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
        script_error(L,
                     "money: the currency must be its three letters, as in money(12.5, \"EUR\")");
    lua_settop(L, 2);
    return spoken_make(L, "money", 2);
}

/* The time at index 1, in seconds since 1970; without one, now. */
static int make_moment(lua_State *L, const char *kind)
{
    lua_Number moment = lua_isnoneornil(L, 1)           ? (lua_Number)script_time(L)
                        : lua_type(L, 1) == LUA_TNUMBER ? lua_tonumber(L, 1)
                                                        : -1;

    if (!(moment >= 0 && moment < (lua_Number)(1LL << 40)))
        script_error(L, "%s: the argument must be a time as of os.time(), not %s", kind,
                     luaL_tolstring(L, 1, NULL));
    lua_pushinteger(L, (lua_Integer)moment);
    return spoken_make(L, kind, 1);
}

static int make_date(lua_State *L)
{
    return make_moment(L, "date");
}

static int make_time(lua_State *L)
{
    return make_moment(L, "time");
}

/* duration(90): "one minute and thirty seconds" */
static int make_duration(lua_State *L)
{
    lua_Number seconds = lua_type(L, 1) == LUA_TNUMBER ? lua_tonumber(L, 1) : -1;

    if (!(seconds >= 0 && seconds < NUMBER_END))
        script_error(L, "duration: the argument must be a number of seconds from 0 on, not %s",
                     luaL_tolstring(L, 1, NULL));
    lua_pushinteger(L, (lua_Integer)seconds);
    return spoken_make(L, "duration", 1);
}

void spoken_open(lua_State *L, int globals)
{
    static const struct script_function functions[] = {
        {"digits", make_digits, ANYWHERE},
        {"number", make_number, ANYWHERE},
        {"ordinal", make_ordinal, ANYWHERE},
        {"money", make_money, ANYWHERE},
        {"counted", make_counted, ANYWHERE},
        {"date", make_date, ANYWHERE},
        {"time", make_time, ANYWHERE},
        {"duration", make_duration, ANYWHERE},
        {NULL, NULL, 0},
    };

    lua_createtable(L, 0, 1);
    metatable_hide(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &spoken_key);
    lua_pushvalue(L, globals);
    functions_set(L, "", "", functions);
    lua_pop(L, 1);
}

/* ---- saying them ---------------------------------------------------------------------------- */

bool spoken_is(lua_State *L, int index)
{
    bool is_one;

    if (!lua_istable(L, index) || !lua_getmetatable(L, index))
        return false;
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &spoken_key);
    is_one = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return is_one;
}

static void day_field(lua_State *L, const char *name, int value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

/* As os.date "*t" does. */
static void day_push(lua_State *L, time_t moment)
{
    struct tm day;

    (void)localtime_r(&moment, &day);
    lua_createtable(L, 0, 6);
    day_field(L, "year", 1900 + day.tm_year);
    day_field(L, "month", 1 + day.tm_mon);
    day_field(L, "day", day.tm_mday);
    day_field(L, "hour", day.tm_hour);
    day_field(L, "min", day.tm_min);
    day_field(L, "wday", 1 + day.tm_wday);
}

/* The arguments of the rule: those of the value at `index`, or for moments the days. */
static int arguments_push(lua_State *L, int index, const char *kind)
{
    int count = (int)lua_rawlen(L, index);

    for (int i = 1; i <= count; i++)
        (void)lua_rawgeti(L, index, i);
    if (strcmp(kind, "date") != 0 && strcmp(kind, "time") != 0)
        return count;
    day_push(L, (time_t)lua_tointeger(L, -1));
    lua_remove(L, -2);
    day_push(L, script_time(L));
    return 2;
}

bool spoken_push(lua_State *L, int index, const char *language)
{
    const char *kind;
    int count;

    index = lua_absindex(L, index);
    if (!spoken_is(L, index))
        return false;
    (void)lua_getfield(L, index, "kind");
    kind = lua_tostring(L, -1);
    count = rule_push(L, language, kind);
    lua_call(L, count + arguments_push(L, index, kind), 2);
    if (!lua_istable(L, -2))
        script_error(L, "%s: %s", kind, luaL_tolstring(L, -1, NULL));
    lua_pop(L, 1);
    lua_replace(L, -2);
    return true;
}
