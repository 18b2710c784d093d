/* expect: what a test says is so. */
#include "lua/budget.h"
#include "lua/errors.h"
#include "lua/libraries.h"
#include "lua/state.h"
#include "lua/testing.h"

#include <stdlib.h>

enum {
    DEPTH_MAX = 16,  /* tables in tables */
    SHOWN_MAX = 200, /* bytes of a value that are shown */
};

static bool is_same(lua_State *L, int one, int other, unsigned depth);

/* Whether all of one table is in another as well. */
static bool is_within(lua_State *L, int one, int other, unsigned depth)
{
    for (lua_pushnil(L); lua_next(L, one); lua_pop(L, 1)) {
        bool is;

        budget_charge(L, 1);
        lua_pushvalue(L, -2);
        (void)lua_rawget(L, other);
        is = is_same(L, lua_gettop(L) - 1, lua_gettop(L), depth + 1);
        lua_pop(L, 1);
        if (!is) {
            lua_pop(L, 2);
            return false;
        }
    }
    return true;
}

static bool is_same(lua_State *L, int one, int other, unsigned depth)
{
    luaL_checkstack(L, 8, NULL);
    if (lua_type(L, one) != LUA_TTABLE || lua_type(L, other) != LUA_TTABLE)
        return lua_compare(L, one, other, LUA_OPEQ);
    return depth < DEPTH_MAX && is_within(L, one, other, depth) && is_within(L, other, one, depth);
}

/* Pushes the value as a message shows it. */
static const char *shown_push(lua_State *L, int index)
{
    struct plain_error problem;
    const char *text;
    char *dumped;
    json_t *json;

    if (lua_type(L, index) == LUA_TTABLE && (json = plain_json(L, index, &problem))) {
        dumped = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
        json_decref(json);
        text = lua_pushfstring(L, "%s", dumped ? dumped : "a table");
        free(dumped); /* a want of memory above would leave it: it is the test's end anyway */
    } else {
        text = luaL_tolstring(L, index, NULL);
        if (lua_type(L, index) == LUA_TSTRING)
            text = lua_pushfstring(L, "\"%s\"", text);
    }
    if (lua_rawlen(L, -1) > SHOWN_MAX) {
        lua_pushlstring(L, text, SHOWN_MAX);
        lua_pushliteral(L, "…");
        lua_concat(L, 2);
    }
    return lua_tostring(L, -1);
}

int test_expect(lua_State *L)
{
    const char *what = luaL_optstring(L, 3, NULL);

    if (lua_gettop(L) < 2)
        script_error(L, "expect: it is given a value and what that is to be, as in "
                        "expect(code, 403)");
    lua_settop(L, 3);
    if (!is_same(L, 1, 2, 0))
        script_error(L, "%s%sexpected %s, got %s", what ? what : "", what ? ": " : "",
                     shown_push(L, 2), shown_push(L, 1));
    lua_settop(L, 1);
    return 1;
}
