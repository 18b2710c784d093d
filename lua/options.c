/* conference.options: plain data from the config, as the policies declare it (option_types.c). */
#include "lua/options.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/hook.h"
#include "lua/libraries.h"
#include "lua/state.h"

#include <stdio.h>
#include <string.h>

enum { OPTIONS_MOST = 64 }; /* that are thought of for "did you mean" */

static char cache_key;

/* Where the config says it: "parley.lua:12: "; "" when it is not known. */
static const char *place_push(lua_State *L, const struct conference_config *conference,
                              const char *key)
{
    const char *place = json_string_value(json_object_get(conference->places, key));

    return place ? lua_pushfstring(L, "%s: ", place) : lua_pushliteral(L, "");
}

/* Pushes what the conference has for the declaration on top of the stack. */
static void value_push(lua_State *L, const struct conference_config *conference, const char *key)
{
    const json_t *json = json_object_get(conference->options, key);
    int declaration = lua_gettop(L);
    char what[200];

    if (!json || json_is_null(json)) {
        (void)lua_getfield(L, declaration, "value");
        return;
    }
    (void)snprintf(what, sizeof what, "%.80sconference %.40s: option '%.40s'",
                   place_push(L, conference, key), conference->name, key);
    json_push(L, json);
    option_take(L, declaration, what);
    lua_replace(L, declaration + 1);
    lua_settop(L, declaration + 1);
}

/* Adds the keys of the table at `declarations`, whose strings these are. */
static void declared_names(lua_State *L, int declarations, const char **names, size_t *countp)
{
    for (lua_pushnil(L); lua_next(L, declarations); lua_pop(L, 1)) {
        if (*countp < OPTIONS_MOST)
            names[(*countp)++] = lua_tostring(L, -2);
    }
}

static int option_unknown(lua_State *L)
{
    const char *name = luaL_tolstring(L, 2, NULL), *names[OPTIONS_MOST];
    size_t count = 0;

    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
        return 0; /* declared, has no default */
    declared_names(L, lua_upvalueindex(1), names, &count);
    return luaL_error(L, "option '%s' is not declared%s", name,
                      nearest_push(L, name, names, count));
}

void options_freeze(lua_State *L, int declarations, const char *what)
{
    declarations = lua_absindex(L, declarations);
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, declarations);
    lua_pushcclosure(L, option_unknown, 1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    frozen_push(L, what);
}

void options_build(lua_State *L, const struct conference_config *conference,
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
    options_freeze(L, declarations, "conference.options");
    lua_remove(L, declarations);
}

/* One hook often reads several options: the table is kept, by conference, until the next hook. */
void options_push(lua_State *L, const struct conference *conference)
{
    const struct hook_frame *frame = generation_of(L)->frame;
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

struct conference_config conference_config_of(const struct conference *conference)
{
    return (struct conference_config){
        .name = conference_name(conference),
        .title = conference_title(conference),
        .policy = conference_policy(conference),
        .capacity = conference_capacity(conference),
        .language = conference_language(conference),
        .options = conference_options(conference),
        .places = conference_places(conference),
    };
}

/* Raises when no policy of the stack declares the option. */
static void declared_check(lua_State *L, const struct conference_config *conference,
                           const struct policy_stack *stack, const char *key)
{
    const struct script_policy *last = stack->policies[stack->count - 1];
    const char *names[OPTIONS_MOST];
    size_t count = 0;
    int top = lua_gettop(L);

    luaL_checkstack(L, STACK_MOST + LUA_MINSTACK, NULL);
    for (unsigned i = 0; i < stack->count; i++) {
        policy_push_declarations(L, stack->policies[i]);
        if (lua_getfield(L, -1, key) != LUA_TNIL) {
            lua_settop(L, top);
            return;
        }
        lua_pop(L, 1);
        declared_names(L, lua_gettop(L), names, &count);
    }
    script_error(L, "%sconference %s: %s declares no option '%s'%s", place_push(L, conference, key),
                 conference->name, last->display, key, nearest_push(L, key, names, count));
}

void options_check(lua_State *L, const struct conference_config *conference,
                   const struct policy_stack *stack)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)conference->options, key, value)
    {
        declared_check(L, conference, stack, key);
    }
    for (unsigned i = 0; i < stack->count; i++)
        options_build(L, conference, stack->policies[i]);
    lua_settop(L, 1);
}
