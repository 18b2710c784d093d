/*
 * conference.options: plain data from the config, typed by what the policy declares.
 *
 *   list      list of texts: { "alice", "bob" } (one text will do). options.moderators[1] is
 *             "alice", and options.moderators["alice"] is true.
 *   string, number, boolean
 *   duration  "250ms", "90s", "5m", "1h", or a number of seconds; read as seconds
 *
 * Declarations are kept as { type = …, value = default in its final form }.
 */
#include "lua/private.h"

#include <stdlib.h>
#include <string.h>

static char cache_key;

static const char *const type_names[] = {"boolean", "duration", "list", "number", "string"};
static const char *const type_texts[] = {
    "true or false",   "a duration such as \"5m\" or a number of seconds",
    "a list of texts", "a number",
    "a text",
};

enum { TYPE_BOOLEAN, TYPE_DURATION, TYPE_LIST, TYPE_NUMBER, TYPE_STRING, TYPE_COUNT };

static unsigned type_by_name(const char *name)
{
    unsigned type = 0;

    while (type < TYPE_COUNT && strcmp(type_names[type], name) != 0)
        type++;
    return type;
}

/* Replaces the text or number on top of the stack by seconds. */
static bool duration_convert(lua_State *L)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    double seconds = lua_tonumber(L, -1);

    if (lua_type(L, -1) == LUA_TSTRING) {
        const char *text = lua_tostring(L, -1);
        size_t digits = strspn(text, "0123456789.");
        char *end = NULL;
        seconds = -1;
        for (unsigned i = 0; digits && i < sizeof units / sizeof *units; i++) {
            if (strcmp(text + digits, units[i].unit) == 0)
                seconds = strtod(text, &end) * units[i].seconds;
            if (seconds >= 0 && end != text + digits)
                return false; /* two points */
        }
    } else if (lua_type(L, -1) != LUA_TNUMBER) {
        return false;
    }
    if (!(seconds >= 0 && seconds < 1e9))
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

/* Replaces the value on top of the stack by its final form. False: it has another type. */
static bool convert(lua_State *L, unsigned type)
{
    switch (type) {
    case TYPE_BOOLEAN:
        return lua_isboolean(L, -1);
    case TYPE_DURATION:
        return duration_convert(L);
    case TYPE_LIST:
        return list_convert(L);
    case TYPE_NUMBER:
        return lua_type(L, -1) == LUA_TNUMBER;
    default:
        return lua_type(L, -1) == LUA_TSTRING;
    }
}

static void declaration_check_keys(lua_State *L, const char *key, int declaration)
{
    lua_pushnil(L);
    while (lua_next(L, declaration)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        if (strcmp(name, "type") != 0 && strcmp(name, "default") != 0)
            script_error(L, "option '%s': unknown key '%s'; it takes type and default", key, name);
        lua_pop(L, 1);
    }
}

void option_declare(lua_State *L, const char *key)
{
    int declaration = lua_gettop(L);
    unsigned type = TYPE_COUNT;
    const char *given;

    if (!lua_istable(L, declaration))
        script_error(L, "option '%s' must be declared as { type = \"string\", default = … }", key);
    declaration_check_keys(L, key, declaration);
    if (lua_getfield(L, declaration, "type") == LUA_TSTRING)
        type = type_by_name(lua_tostring(L, -1));
    if (type == TYPE_COUNT)
        script_error(L, "option '%s': type must be one of boolean, duration, list, number, string",
                     key);
    lua_newtable(L);
    lua_pushinteger(L, type);
    lua_setfield(L, -2, "type");
    if (lua_getfield(L, declaration, "default") == LUA_TNIL && type == TYPE_LIST) {
        lua_pop(L, 1);
        lua_newtable(L);
    }
    given = luaL_typename(L, -1);
    if (!lua_isnil(L, -1) && !convert(L, type))
        script_error(L, "option '%s': the default must be %s, not this %s", key, type_texts[type],
                     given);
    lua_setfield(L, -2, "value");
    lua_replace(L, declaration);
    lua_settop(L, declaration);
}

/* Pushes what the conference has for the declaration on top of the stack. */
static void value_push(lua_State *L, const struct conference_config *conference, const char *key)
{
    const json_t *json = json_object_get(conference->options, key);
    lua_Integer type;

    if (!json || json_is_null(json)) {
        (void)lua_getfield(L, -1, "value");
        return;
    }
    (void)lua_getfield(L, -1, "type");
    type = lua_tointeger(L, -1);
    lua_pop(L, 1);
    json_push(L, json);
    if (!convert(L, (unsigned)type))
        script_error(L, "conference %s: option '%s' must be %s", conference->name, key,
                     type_texts[type]);
}

static int option_unknown(lua_State *L)
{
    const char *name = luaL_tolstring(L, 2, NULL);

    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
        return 0; /* declared, has no default */
    return luaL_error(L, "the policy declares no option '%s'", name);
}

/* Pushes the read-only table of options by the declarations of `policy`. */
static void options_build(lua_State *L, const struct conference_config *conference,
                          const struct script_policy *policy)
{
    int declarations, options;

    luaL_checkstack(L, LUA_MINSTACK, NULL);
    policy_push_declarations(L, policy);
    declarations = lua_gettop(L);
    lua_newtable(L);
    options = lua_gettop(L);
    lua_pushnil(L);
    while (lua_next(L, declarations)) {
        value_push(L, conference, lua_tostring(L, -2));
        lua_setfield(L, options, lua_tostring(L, -3));
        lua_pop(L, 1);
    }
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, declarations);
    lua_pushcclosure(L, option_unknown, 1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, options);
    frozen_push(L, "conference.options");
    lua_remove(L, declarations);
}

/* One hook often reads several options: the table is kept, by conference, until the next hook. */
void options_push(lua_State *L, const struct conference *conference)
{
    const struct hook_frame *frame = policy_frame_check(L, "conference.options");
    struct conference_config config = conference_config_of(conference);
    lua_Integer id = (lua_Integer)conference_id(conference);

    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &cache_key);
    if (lua_rawgetp(L, -1, frame->policy) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, -3, frame->policy);
    }
    if (lua_rawgeti(L, -1, id) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    options_build(L, &config, frame->policy);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, id);
}

void options_renew(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &cache_key) == LUA_TTABLE) {
        lua_pushnil(L);
        if (lua_next(L, -2) == 0) {
            lua_pop(L, 1);
            return; /* still empty */
        }
        lua_pop(L, 2);
    }
    lua_pop(L, 1);
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &cache_key);
}

static bool is_declared(lua_State *L, const struct script_policy *policy, const char *key)
{
    bool is;

    if (!policy)
        return false;
    policy_push_declarations(L, policy);
    is = lua_getfield(L, -1, key) != LUA_TNIL;
    lua_pop(L, 2);
    return is;
}

struct conference_config conference_config_of(const struct conference *conference)
{
    return (struct conference_config){
        .name = conference_name(conference),
        .title = conference_title(conference),
        .policy = conference_policy(conference),
        .capacity = conference_capacity(conference),
        .options = conference_options(conference),
    };
}

void options_check(lua_State *L, const struct conference_config *conference,
                   const struct script_policy *site, const struct script_policy *own)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)conference->options, key, value)
    {
        if (!is_declared(L, own, key) && !is_declared(L, site, key))
            script_error(L, "conference %s: %s declares no option '%s'", conference->name,
                         own ? own->display : site->display, key);
    }
    options_build(L, conference, site);
    if (own)
        options_build(L, conference, own);
    lua_settop(L, 1);
}
