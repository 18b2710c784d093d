/* What a config file says of one option: a value of Lua becomes the option's. */
#include "core/options.h"
#include "lua/config.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DATA_DEPTH_MAX = 8 };

unsigned place_line(const struct place *place)
{
    char path[CONFIG_PATH_MAX];
    snprintf(path, sizeof path, "%s", place->path);
    for (;;) {
        /* The statement itself, else what is added to the table further down. */
        unsigned line =
            config_scan_line(place->run->scan, path, place->name->from, place->name->to);
        if (!line) {
            line = config_scan_line(place->run->scan, path, place->name->to, UINT_MAX);
        }
        char *last = strrchr(path, KEY_SEPARATOR);
        if (line || !last) {
            return line ? line : place->name->from;
        }
        *last = '\0';
    }
}

void place_report(const struct place *place, const char *format, ...)
{
    char key[CONFIG_PATH_MAX];
    char text[300];
    snprintf(key, sizeof key, "%s", place->path);
    for (char *p = key; (p = strchr(p, KEY_SEPARATOR));) {
        *p = '.';
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    config_report(place->run, place_line(place), "%.80s %s", key, text);
}

bool place_enter_key(lua_State *L, struct place *place, size_t *lengthp)
{
    *lengthp = strlen(place->path);
    if (lua_type(L, -2) == LUA_TNUMBER) {
        place_report(place,
                     "has a number as a key; write names, and quote those of digits: [\"9000\"]");
        return false;
    }
    size_t length = 0;
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tolstring(L, -2, &length) : NULL;
    if (!key || strlen(key) != length || strchr(key, KEY_SEPARATOR) ||
        *lengthp + length + 2 > sizeof place->path) {
        place_report(place, "has a key that is no name");
        return false;
    }
    snprintf(place->path + *lengthp, sizeof place->path - *lengthp, "%c%s", KEY_SEPARATOR, key);
    return true;
}

static void enter_item(struct place *place, size_t *lengthp, lua_Integer item)
{
    *lengthp = strlen(place->path);
    snprintf(place->path + *lengthp, sizeof place->path - *lengthp, "%c%lld", KEY_SEPARATOR,
             (long long)item);
}

void place_leave(struct place *place, size_t length)
{
    place->path[length] = '\0';
}

static void wrong_type(lua_State *L, const struct place *place, const struct option *option)
{
    char expected[160];
    option_expects(option, expected, sizeof expected);
    place_report(place, "must be %s, not a %s", expected, lua_typename(L, lua_type(L, -1)));
}

static void set_text(lua_State *L, const struct place *place, const struct option *option,
                     void *target)
{
    char error[300];
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);
    if (strlen(text) != length) {
        place_report(place, "must not have NUL characters");
    } else if (option_set_text(option, target, text, error, sizeof error)) {
        place_report(place, "%s", error);
    }
}

/* ---- lists and pairs ------------------------------------------------------------------------ */

/* The number of entries when the table on top is a list and nothing else; -1 otherwise. */
static lua_Integer list_length(lua_State *L)
{
    lua_Integer count = 0;
    lua_Integer highest = 0;
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        int is_integer;
        lua_Integer index = lua_tointegerx(L, -2, &is_integer);
        lua_pop(L, 1);
        if (!is_integer || lua_type(L, -1) != LUA_TNUMBER || index < 1) {
            lua_pop(L, 1);
            return -1;
        }
        count++;
        highest = index > highest ? index : highest;
    }
    return count == highest ? count : -1;
}

static void set_list(lua_State *L, struct place *place, const struct option *option, void *target)
{
    lua_Integer count = list_length(L);
    if (count < 0) {
        place_report(place, "must be a list of strings without gaps or names");
        return;
    }
    option_clear_list(option, target);
    for (lua_Integer i = 1; i <= count; i++) {
        size_t length;
        enter_item(place, &length, i);
        lua_rawgeti(L, -1, i);
        if (lua_type(L, -1) == LUA_TSTRING) {
            set_text(L, place, option, target);
        } else {
            place_report(place, "must be a string, not a %s", lua_typename(L, lua_type(L, -1)));
        }
        lua_pop(L, 1);
        place_leave(place, length);
    }
}

/* The list on top becomes one text. */
static void set_words(lua_State *L, struct place *place, const struct option *option, void *target)
{
    char words[1024] = "";
    char error[300];
    size_t end = 0;
    lua_Integer count = list_length(L);
    for (lua_Integer i = 1; i <= count; i++) {
        size_t length;
        enter_item(place, &length, i);
        const char *word = lua_rawgeti(L, -1, i) == LUA_TSTRING ? lua_tostring(L, -1) : "";
        if (!*word || strchr(word, ',') || end + strlen(word) + 2 > sizeof words) {
            place_report(place, "must be a short text without commas");
        } else {
            end +=
                (size_t)snprintf(words + end, sizeof words - end, "%s%s", i > 1 ? "," : "", word);
        }
        lua_pop(L, 1);
        place_leave(place, length);
    }
    if (count < 0) {
        place_report(place, "must be a list of strings without gaps or names");
    } else if (option_set_text(option, target, words, error, sizeof error)) {
        place_report(place, "%s", error);
    }
}

static void set_ports(lua_State *L, const struct place *place, const struct option *option,
                      void *target)
{
    char text[64];
    char error[300];
    int is_low;
    int is_high;
    lua_Integer count = list_length(L);
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -2, 2);
    lua_Integer low = lua_tointegerx(L, -2, &is_low);
    lua_Integer high = lua_tointegerx(L, -1, &is_high);
    lua_pop(L, 2);
    if (count != 2 || !is_low || !is_high) {
        place_report(place, "must be \"LOW-HIGH\" or { LOW, HIGH }");
        return;
    }
    snprintf(text, sizeof text, "%lld-%lld", (long long)low, (long long)high);
    if (option_set_text(option, target, text, error, sizeof error)) {
        place_report(place, "%s", error);
    }
}

/* ---- plain data ----------------------------------------------------------------------------- */

static json_t *data_of(lua_State *L, struct place *place, unsigned depth);

static json_t *list_data(lua_State *L, struct place *place, lua_Integer count, unsigned depth)
{
    json_t *array = json_array();
    for (lua_Integer i = 1; array && i <= count; i++) {
        size_t length;
        enter_item(place, &length, i);
        lua_rawgeti(L, -1, i);
        if (json_array_append_new(array, data_of(L, place, depth + 1))) {
            json_decref(array);
            array = NULL;
        }
        lua_pop(L, 1);
        place_leave(place, length);
    }
    return array;
}

static json_t *table_data(lua_State *L, struct place *place, unsigned depth)
{
    json_t *object = json_object();
    lua_pushnil(L);
    while (object && lua_next(L, -2)) {
        size_t length;
        bool is_good = place_enter_key(L, place, &length);
        if (!is_good ||
            json_object_set_new(object, lua_tostring(L, -2), data_of(L, place, depth + 1))) {
            if (is_good) {
                place_report(place, "cannot be kept: its name or value is no plain data");
            }
            json_decref(object);
            object = NULL;
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
        place_leave(place, length);
    }
    return object;
}

/* The value on top as JSON. NULL: it is none; reported. */
static json_t *data_of(lua_State *L, struct place *place, unsigned depth)
{
    json_t *data = NULL;
    size_t length;
    const char *text;
    lua_Integer count;
    switch (lua_type(L, -1)) {
    case LUA_TBOOLEAN:
        return json_boolean(lua_toboolean(L, -1));
    case LUA_TNUMBER:
        data = lua_isinteger(L, -1) ? json_integer(lua_tointeger(L, -1))
                                    : json_real(lua_tonumber(L, -1));
        break;
    case LUA_TSTRING:
        text = lua_tolstring(L, -1, &length);
        data = json_stringn(text, length);
        break;
    case LUA_TTABLE:
        if (depth >= DATA_DEPTH_MAX || !lua_checkstack(L, 4)) {
            place_report(place, "is nested more than %d tables deep", DATA_DEPTH_MAX);
            return NULL;
        }
        count = list_length(L);
        return count > 0 ? list_data(L, place, count, depth) : table_data(L, place, depth);
    default:
        break;
    }
    if (!data) {
        place_report(place,
                     "must be plain data (UTF-8 strings, finite numbers, booleans, tables), not "
                     "this %s",
                     lua_typename(L, lua_type(L, -1)));
    }
    return data;
}

/* ---- options -------------------------------------------------------------------------------- */

void place_set_option(lua_State *L, struct place *place, const struct option *option, void *target)
{
    char error[300];
    int type = lua_type(L, -1);
    bool is_numeric = option->type == OPTION_NUMBER || option->type == OPTION_SECONDS ||
                      option->type == OPTION_MILLISECONDS;
    if (option->type == OPTION_DATA && type == LUA_TTABLE) {
        json_t *data = data_of(L, place, 0);
        if (data) {
            option_set_data(option, target, data);
        }
    } else if (type == LUA_TBOOLEAN && option->type == OPTION_SWITCH) {
        option_set_switch(option, target, lua_toboolean(L, -1));
    } else if (type == LUA_TSTRING && option->type == OPTION_LIST) {
        option_clear_list(option, target);
        set_text(L, place, option, target);
    } else if (type == LUA_TSTRING && option->type != OPTION_NUMBER &&
               option->type != OPTION_DATA && option->type != OPTION_SWITCH) {
        set_text(L, place, option, target);
    } else if (type == LUA_TNUMBER && is_numeric) {
        if (option_set_number(option, target, lua_tonumber(L, -1), error, sizeof error)) {
            place_report(place, "%s", error);
        }
    } else if (type == LUA_TTABLE && option->type == OPTION_LIST) {
        set_list(L, place, option, target);
    } else if (type == LUA_TTABLE && option->type == OPTION_WORDS) {
        set_words(L, place, option, target);
    } else if (type == LUA_TTABLE && option->type == OPTION_PORTS) {
        set_ports(L, place, option, target);
    } else {
        wrong_type(L, place, option);
    }
}
