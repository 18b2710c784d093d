/* Plain data as JSON: for what the focus keeps of it, and for json.encode and json.decode. */
#include "lua/budget.h"
#include "lua/errors.h"
#include "lua/libraries.h"
#include "lua/state.h"

#include <stdio.h>
#include <string.h>

/* Tables in tables, as those of conference.state. */
enum { DEPTH_MAX = 32, VALUE_COST = 4 /* bytes of a limit that a value takes beside its text */ };

struct writer {
    lua_State *L;
    size_t left; /* of the limit: tables that are in each other many times are many values */
    unsigned depth;
    struct plain_error *error;
};

static json_t *refuse(struct writer *writer, const char *what)
{
    (void)snprintf(writer->error->what, sizeof writer->error->what, "%s", what);
    return NULL;
}

/* False: there is not that much left. */
static bool spend(struct writer *writer, size_t size)
{
    if (size > writer->left) {
        (void)refuse(writer, "too large");
        return false;
    }
    writer->left -= size;
    return true;
}

static void path_add(struct writer *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void path_add(struct writer *writer, const char *format, ...)
{
    char *path = writer->error->path, longer[sizeof writer->error->path + 64];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(longer, sizeof longer, format, arguments);
    va_end(arguments);
    (void)snprintf(longer + length, sizeof longer - (size_t)length, "%s", path);
    longer[sizeof writer->error->path - 1] = '\0';
    memcpy(path, longer, sizeof writer->error->path);
}

static json_t *value_json(struct writer *writer, int index);

static json_t *list_json(struct writer *writer, int index)
{
    lua_Integer count = (lua_Integer)lua_rawlen(writer->L, index);
    json_t *list = json_array();

    for (lua_Integer i = 1; list && i <= count; i++) {
        json_t *value;

        (void)lua_rawgeti(writer->L, index, i);
        value = value_json(writer, lua_gettop(writer->L));
        lua_pop(writer->L, 1);
        if (!value || json_array_append_new(list, value)) {
            path_add(writer, "[%lld]", (long long)i);
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *names_json(struct writer *writer, int index)
{
    lua_State *L = writer->L;
    json_t *object = json_object();

    lua_pushnil(L);
    while (object && lua_next(L, index)) {
        size_t length;
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tolstring(L, -2, &length) : NULL;
        json_t *value = NULL;

        if (!key || strlen(key) != length)
            (void)refuse(writer, "a table is either a list or has names for keys");
        else if (spend(writer, length))
            value = value_json(writer, lua_gettop(L));
        if (!value || json_object_set_new(object, key, value)) {
            if (key)
                path_add(writer, ".%.40s", key);
            json_decref(object);
            return NULL;
        }
        lua_pop(L, 1);
    }
    return object;
}

/* A list has nothing but its items. */
static bool is_list(lua_State *L, int index)
{
    lua_Unsigned count = lua_rawlen(L, index);

    lua_pushnil(L);
    for (lua_Unsigned i = 0; lua_next(L, index); i++) {
        lua_pop(L, 1);
        if (i == count) {
            lua_pop(L, 1);
            return false;
        }
    }
    return count > 0;
}

static json_t *table_json(struct writer *writer, int index)
{
    lua_State *L = writer->L;
    int top = lua_gettop(L);
    json_t *value;

    if (lua_getmetatable(L, index)) {
        lua_pop(L, 1);
        return refuse(writer, "a table with a metatable cannot be kept");
    }
    if (writer->depth == DEPTH_MAX || !lua_checkstack(L, 6))
        return refuse(writer, "tables nest too deep");
    writer->depth++;
    value = is_list(L, index) ? list_json(writer, index) : names_json(writer, index);
    writer->depth--;
    lua_settop(L, top);
    return value;
}

static json_t *text_json(struct writer *writer, int index)
{
    size_t length;
    const char *text = lua_tolstring(writer->L, index, &length);
    json_t *value;

    if (!spend(writer, length))
        return NULL;
    value = json_stringn(text, length);
    return value ? value : refuse(writer, "not UTF-8");
}

static json_t *value_json(struct writer *writer, int index)
{
    lua_State *L = writer->L;
    json_t *value;

    if (!spend(writer, VALUE_COST))
        return NULL;
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
        return json_boolean(lua_toboolean(L, index));
    case LUA_TNUMBER:
        value = lua_isinteger(L, index) ? json_integer(lua_tointeger(L, index))
                                        : json_real(lua_tonumber(L, index));
        return value ? value : refuse(writer, "not a finite number");
    case LUA_TSTRING:
        return text_json(writer, index);
    case LUA_TTABLE:
        return table_json(writer, index);
    case LUA_TUSERDATA:
        value = json_special(L, index);
        if (value)
            return value;
        break;
    case LUA_TNIL:
        return refuse(writer, "a list with a hole cannot be kept");
    default:
        break;
    }
    return refuse(writer, "only texts, numbers, booleans and tables of these can be kept");
}

json_t *plain_json(lua_State *L, int index, struct plain_error *error)
{
    struct writer writer = {.L = L, .left = STRING_LIMIT, .error = error};
    int top = lua_gettop(L);
    json_t *value;

    *error = (struct plain_error){.what = "out of memory"};
    value = value_json(&writer, lua_absindex(L, index));
    lua_settop(L, top);
    return value;
}

json_t *options_field(lua_State *L, int index, const char *what)
{
    struct plain_error problem;
    json_t *options = NULL;

    if (lua_getfield(L, index, "options") != LUA_TNIL) {
        luaL_checktype(L, -1, LUA_TTABLE);
        options = plain_json(L, -1, &problem);
        if (!options)
            script_error(L, "%s: options%s: %s", what, problem.path, problem.what);
    }
    lua_pop(L, 1);
    return options;
}

void json_push(lua_State *L, const json_t *json)
{
    const char *key;
    size_t length, i;
    json_t *value;

    luaL_checkstack(L, 4, "tables nest too deep");
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        lua_newtable(L);
        json_object_keylen_foreach((json_t *)json, key, length, value)
        {
            lua_pushlstring(L, key, length);
            json_push(L, value);
            lua_rawset(L, -3);
        }
        break;
    case JSON_ARRAY:
        lua_createtable(L, (int)json_array_size(json), 0);
        json_array_foreach(json, i, value)
        {
            json_push(L, value);
            lua_rawseti(L, -2, (lua_Integer)i + 1);
        }
        break;
    case JSON_STRING:
        lua_pushlstring(L, json_string_value(json), json_string_length(json));
        break;
    case JSON_INTEGER:
        lua_pushinteger(L, json_integer_value(json));
        break;
    case JSON_REAL:
        lua_pushnumber(L, json_real_value(json));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        lua_pushboolean(L, json_is_true(json));
        break;
    default:
        json_null_push(L);
        break;
    }
}
