/*
 * Facts: what is known of the world outside, as plain values by name. Applications, event hooks and
 * the operator (`parley fact`) set them, and every script may look. They outlive a reload, not the
 * server.
 */
#include "lua/budget.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/libraries.h"
#include "lua/params.h"
#include "lua/private.h"
#include "lua/state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    FACTS_MOST = 1000,
    FACT_NAME = 64, /* bytes with NUL */
    FACT_TEXT = 256,
};

static bool is_fact_name(const char *name)
{
    return *name && strlen(name) < FACT_NAME && !strpbrk(name, " \t\r\n");
}

int lua_engine_set_fact(struct lua_engine *engine, const struct actor *actor, const char *name,
                        json_t *value)
{
    int error = 0;

    if (!is_fact_name(name))
        error = EINVAL;
    else if (!value)
        (void)json_object_del(engine->facts, name);
    else if (!json_object_get(engine->facts, name) && json_object_size(engine->facts) >= FACTS_MOST)
        error = E2BIG;
    else if (json_object_set(engine->facts, name, value))
        error = ENOMEM;
    if (!error && engine->fact_set)
        engine->fact_set(engine->fact_set_arg, actor, name, value);
    return error;
}

/* parley.fact(name): its value; nil: nobody has said */
int parley_fact(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const struct lua_engine *engine = generation_of(L)->engine;
    const json_t *value = engine ? json_object_get(engine->facts, name) : NULL;

    if (value)
        json_push(L, value);
    else
        lua_pushnil(L);
    return 1;
}

/* parley.set_fact(name, value): a text, a number, true or false; nil: nobody knows any longer */
int parley_set_fact(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    struct plain_error problem;
    struct actor actor;
    json_t *value = NULL;
    char text[FACT_TEXT];
    int error;

    command_actor(L, &actor);
    if (lua_type(L, 2) == LUA_TSTRING)
        text_check(L, 2, "set_fact: the value", text, sizeof text);
    if (lua_istable(L, 2) || lua_isnone(L, 2))
        return luaL_error(L, "set_fact: the value must be a text, a number, true, false or nil");
    if (!lua_isnil(L, 2)) {
        value = plain_json(L, 2, &problem);
        if (!value)
            return luaL_error(L, "set_fact: the value: %s", problem.what);
    }
    error = lua_engine_set_fact(generation_of(L)->engine, &actor, name, value);
    json_decref(value);
    if (error == EINVAL)
        return luaL_error(L, "set_fact: a name has 1 to %d bytes and no blanks", FACT_NAME - 1);
    if (error)
        return luaL_error(L,
                          error == E2BIG ? "set_fact: there are %d facts already; set some to nil"
                                         : "set_fact: out of memory",
                          FACTS_MOST);
    return 0;
}

/* parley.is_same(a, b): whether two texts are, in a time that does not tell how near they were */
int parley_is_same(lua_State *L)
{
    size_t a_length, b_length;
    const char *a = luaL_optlstring(L, 1, "", &a_length);
    const char *b = luaL_optlstring(L, 2, "", &b_length);
    unsigned char difference =
        a_length != b_length || lua_isnoneornil(L, 1) || lua_isnoneornil(L, 2);

    budget_charge(L, a_length);
    for (size_t i = 0; i < a_length; i++)
        difference |= (unsigned char)(a[i] ^ (b_length ? b[i % b_length] : 1));
    lua_pushboolean(L, difference == 0);
    return 1;
}

int lua_engine_fact(struct lua_engine *engine, const char *name, const char *value, char *told,
                    size_t told_size)
{
    json_t *wanted = value && *value ? json_string(value) : NULL;
    const json_t *known;
    struct actor actor;
    char *text;
    int error = 0;

    actor_of_operator(&actor);
    if (value)
        error =
            strlen(value) < FACT_TEXT ? lua_engine_set_fact(engine, &actor, name, wanted) : EINVAL;
    json_decref(wanted);
    known = json_object_get(engine->facts, name);
    text = known ? json_dumps(known, JSON_ENCODE_ANY) : NULL;
    if (error == E2BIG)
        (void)snprintf(told, told_size, "there are %d facts already", FACTS_MOST);
    else if (error)
        (void)snprintf(told, told_size,
                       "a name has 1 to %d bytes without blanks, a value at most %d", FACT_NAME - 1,
                       FACT_TEXT - 1);
    else
        (void)snprintf(told, told_size, "%s = %s", name, text ? text : "nil");
    free(text);
    return error;
}
