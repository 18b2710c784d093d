/*
 * `parley api`: runs lua/api/main.lua, which writes what scripts can use from its description. That
 * is a program of our own, not an operator's script: it has all of Lua, and no server.
 */
#include "lua/lua_engine.h"

#include <errno.h>
#include <lauxlib.h>
#include <libgen.h>
#include <limits.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>

struct errand_to_api {
    const char *path; /* of main.lua */
    const char *const *words;
    unsigned count;
};

static void set_search_path(lua_State *L, const char *path)
{
    char folder[PATH_MAX];

    (void)snprintf(folder, sizeof folder, "%s", path);
    (void)lua_getglobal(L, "package");
    lua_pushfstring(L, "%s/?.lua", dirname(folder));
    lua_setfield(L, -2, "path");
    lua_pop(L, 1);
}

/* Returns the text; or nil and what is wrong. */
static int api_body(lua_State *L)
{
    const struct errand_to_api *errand = lua_touserdata(L, 1);

    luaL_openlibs(L);
    set_search_path(L, errand->path);
    if (luaL_loadfile(L, errand->path) != LUA_OK)
        return lua_error(L);
    luaL_checkstack(L, (int)errand->count, NULL);
    for (unsigned i = 0; i < errand->count; i++)
        lua_pushstring(L, errand->words[i]);
    lua_call(L, (int)errand->count, 2);
    return 2;
}

int lua_api_print(const char *const *words, unsigned count, FILE *file, char *error,
                  size_t error_size)
{
    char path[PATH_MAX];
    struct errand_to_api errand = {.path = path, .words = words, .count = count};
    lua_State *L;
    int status;

    if (!lua_script_path("lua/api", "main", NULL, path, sizeof path)) {
        (void)snprintf(error, error_size, "the description is not there: %s", path);
        return ENOENT;
    }
    L = luaL_newstate();
    if (!L) {
        (void)snprintf(error, error_size, "out of memory");
        return ENOMEM;
    }
    lua_pushcfunction(L, api_body);
    lua_pushlightuserdata(L, &errand);
    status = lua_pcall(L, 1, 2, 0) == LUA_OK && lua_isstring(L, -2) ? 0 : EINVAL;
    if (status)
        (void)snprintf(error, error_size, "%s", luaL_tolstring(L, -1, NULL));
    else
        status = fputs(lua_tostring(L, -2), file) < 0 ? EIO : 0;
    lua_close(L);
    return status;
}
