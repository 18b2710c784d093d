/* Plain data as JSON, for what the focus keeps of it. */
#include "lua/private.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 8 }; /* tables in tables, as in a config */

static json_t *refuse(struct plain_error *error, const char *what)
{
    (void)snprintf(error->what, sizeof error->what, "%s", what);
    return NULL;
}

static void path_add(struct plain_error *error, const char *key)
{
    char longer[sizeof error->path + 64];

    (void)snprintf(longer, sizeof longer, ".%.40s%s", key, error->path);
    longer[sizeof error->path - 1] = '\0';
    memcpy(error->path, longer, sizeof error->path);
}

static json_t *value_json(lua_State *L, int index, unsigned depth, struct plain_error *error);

static json_t *list_json(lua_State *L, int index, unsigned depth, struct plain_error *error)
{
    lua_Integer count = (lua_Integer)lua_rawlen(L, index);
    json_t *list = json_array();

    for (lua_Integer i = 1; list && i <= count; i++) {
        json_t *value;

        (void)lua_rawgeti(L, index, i);
        value = value_json(L, lua_gettop(L), depth, error);
        lua_pop(L, 1);
        if (!value || json_array_append_new(list, value)) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *names_json(lua_State *L, int index, unsigned depth, struct plain_error *error)
{
    json_t *object = json_object();

    lua_pushnil(L);
    while (object && lua_next(L, index)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
        json_t *value = key ? value_json(L, lua_gettop(L), depth, error)
                            : refuse(error, "a table is either a list or has names for keys");

        if (!value || json_object_set_new(object, key, value)) {
            if (key)
                path_add(error, key);
            json_decref(object);
            return NULL;
        }
        lua_pop(L, 1);
    }
    return object;
}

static json_t *value_json(lua_State *L, int index, unsigned depth, struct plain_error *error)
{
    json_t *value = NULL;
    size_t length;
    const char *text;
    int top = lua_gettop(L);

    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
        return json_boolean(lua_toboolean(L, index));
    case LUA_TNUMBER:
        value = lua_isinteger(L, index) ? json_integer(lua_tointeger(L, index))
                                        : json_real(lua_tonumber(L, index));
        return value ? value : refuse(error, "not a finite number");
    case LUA_TSTRING:
        text = lua_tolstring(L, index, &length);
        value = json_stringn(text, length);
        return value ? value : refuse(error, "not UTF-8");
    case LUA_TTABLE:
        if (depth == DEPTH_MAX || !lua_checkstack(L, 4))
            return refuse(error, "tables nest too deep");
        value = lua_rawlen(L, index) > 0 ? list_json(L, index, depth + 1, error)
                                         : names_json(L, index, depth + 1, error);
        lua_settop(L, top);
        return value;
    default:
        return refuse(error, "only texts, numbers, booleans and tables of these can be kept");
    }
}

json_t *plain_json(lua_State *L, int index, struct plain_error *error)
{
    *error = (struct plain_error){.what = "out of memory"};
    return value_json(L, lua_absindex(L, index), 0, error);
}
