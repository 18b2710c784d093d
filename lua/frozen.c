/*
 * Read-only views of tables. A view is an empty table whose metatable, hidden, leads to the real
 * one; reading works as ever (pairs, ipairs and # too), writing is an error.
 */
#include "lua/handle.h"
#include "lua/libraries.h"

/* Pushes the real table behind the view at index 1. */
static void real_push(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (luaL_getmetafield(L, 1, "__index") != LUA_TTABLE)
        (void)luaL_argerror(L, 1, "read-only table expected");
}

static int frozen_newindex(lua_State *L)
{
    const char *what = lua_tostring(L, lua_upvalueindex(1));

    if (lua_type(L, 2) == LUA_TSTRING)
        return luaL_error(L, "cannot set '%s': %s is read-only", lua_tostring(L, 2), what);
    return luaL_error(L, "%s is read-only", what);
}

static int frozen_len(lua_State *L)
{
    real_push(L);
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, -1));
    return 1;
}

static int frozen_next(lua_State *L)
{
    lua_settop(L, 2);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 2);
    if (lua_next(L, 2))
        return 2;
    lua_pushnil(L);
    return 1;
}

static int frozen_pairs(lua_State *L)
{
    real_push(L);
    lua_pushcclosure(L, frozen_next, 1);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

void frozen_push(lua_State *L, const char *what)
{
    lua_newtable(L);
    lua_createtable(L, 0, 5);
    lua_rotate(L, -3, -1); /* view, metatable, real */
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, what);
    lua_pushcclosure(L, frozen_newindex, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushcfunction(L, frozen_len);
    lua_setfield(L, -2, "__len");
    lua_pushcfunction(L, frozen_pairs);
    lua_setfield(L, -2, "__pairs");
    metatable_hide(L);
    lua_setmetatable(L, -2);
}
