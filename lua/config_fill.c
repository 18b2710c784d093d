/* Puts what a config file has set into the settings, by the table of options. */
#include "core/options.h"
#include "core/text.h"
#include "lua/config.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DATA_DEPTH_MAX = 8 };

/* Where we are: the path of the key, and the top-level statement that it is part of. */
struct place {
    struct config_run *run;
    const struct config_name *name;
    char path[CONFIG_PATH_MAX];
};

/* The line of the key, or of the nearest table around it that the text tells of. */
static unsigned line_of(const struct place *place)
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

/* "rtp.ports must be …" */
static void report(const struct place *place, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void report(const struct place *place, const char *format, ...)
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
    config_report(place->run, line_of(place), "%.80s %s", key, text);
}

/* Goes down to a key (the one on the stack at -2). False when it is no string; reported. */
static bool enter_key(lua_State *L, struct place *place, size_t *lengthp)
{
    *lengthp = strlen(place->path);
    if (lua_type(L, -2) == LUA_TNUMBER) {
        report(place, "has a number as a key; write names, and quote those of digits: [\"9000\"]");
        return false;
    }
    size_t length = 0;
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tolstring(L, -2, &length) : NULL;
    if (!key || strlen(key) != length || strchr(key, KEY_SEPARATOR) ||
        *lengthp + length + 2 > sizeof place->path) {
        report(place, "has a key that is no name");
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

static void leave(struct place *place, size_t length)
{
    place->path[length] = '\0';
}

static void wrong_type(lua_State *L, const struct place *place, const struct option *option)
{
    char expected[160];
    option_expects(option, expected, sizeof expected);
    report(place, "must be %s, not a %s", expected, lua_typename(L, lua_type(L, -1)));
}

static void set_text(lua_State *L, const struct place *place, const struct option *option,
                     void *target)
{
    char error[300];
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);
    if (strlen(text) != length) {
        report(place, "must not have NUL characters");
    } else if (option_set_text(option, target, text, error, sizeof error)) {
        report(place, "%s", error);
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
        report(place, "must be a list of strings without gaps or names");
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
            report(place, "must be a string, not a %s", lua_typename(L, lua_type(L, -1)));
        }
        lua_pop(L, 1);
        leave(place, length);
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
            report(place, "must be a short text without commas");
        } else {
            end +=
                (size_t)snprintf(words + end, sizeof words - end, "%s%s", i > 1 ? "," : "", word);
        }
        lua_pop(L, 1);
        leave(place, length);
    }
    if (count < 0) {
        report(place, "must be a list of strings without gaps or names");
    } else if (option_set_text(option, target, words, error, sizeof error)) {
        report(place, "%s", error);
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
        report(place, "must be \"LOW-HIGH\" or { LOW, HIGH }");
        return;
    }
    snprintf(text, sizeof text, "%lld-%lld", (long long)low, (long long)high);
    if (option_set_text(option, target, text, error, sizeof error)) {
        report(place, "%s", error);
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
        leave(place, length);
    }
    return array;
}

static json_t *table_data(lua_State *L, struct place *place, unsigned depth)
{
    json_t *object = json_object();
    lua_pushnil(L);
    while (object && lua_next(L, -2)) {
        size_t length;
        bool is_good = enter_key(L, place, &length);
        if (!is_good ||
            json_object_set_new(object, lua_tostring(L, -2), data_of(L, place, depth + 1))) {
            if (is_good) {
                report(place, "cannot be kept: its name or value is no plain data");
            }
            json_decref(object);
            object = NULL;
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
        leave(place, length);
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
            report(place, "is nested more than %d tables deep", DATA_DEPTH_MAX);
            return NULL;
        }
        count = list_length(L);
        return count > 0 ? list_data(L, place, count, depth) : table_data(L, place, depth);
    default:
        break;
    }
    if (!data) {
        report(place,
               "must be plain data (UTF-8 strings, finite numbers, booleans, tables), not "
               "this %s",
               lua_typename(L, lua_type(L, -1)));
    }
    return data;
}

/* ---- options -------------------------------------------------------------------------------- */

static void set_option(lua_State *L, struct place *place, const struct option *option, void *target)
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
            report(place, "%s", error);
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

/* The table on top holds the options whose keys begin with `prefix` ("rtp."). */
static void fill_group(lua_State *L, struct place *place, const char *prefix, void *target)
{
    if (lua_type(L, -1) != LUA_TTABLE) {
        report(place, "must be a table, not a %s", lua_typename(L, lua_type(L, -1)));
        return;
    }
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        size_t length;
        if (enter_key(L, place, &length)) {
            char key[CONFIG_PATH_MAX];
            const char *name = lua_tostring(L, -2);
            snprintf(key, sizeof key, "%s%s", prefix, name);
            const struct option *option = option_by_key(key);
            char meant[OPTION_NAME_SIZE];
            if (option) {
                set_option(L, place, option, target);
            } else if (option_suggest_key(prefix, name, meant)) {
                report(place, "is no option; did you mean \"%s\"?", meant);
            } else {
                report(place, "is no option; `parley config` shows all");
            }
        }
        leave(place, length);
        lua_pop(L, 1);
    }
}

struct sort_context {
    const struct config_run *run;
    const struct config_name *name;
};

/* In the order of the file; those that a loop has made, by name. */
static int compare_conferences(const void *a, const void *b, void *arg)
{
    const struct conference_settings *left = a;
    const struct conference_settings *right = b;
    const struct sort_context *context = arg;
    const char *names[2] = {left->name, right->name};
    unsigned lines[2];
    for (int i = 0; i < 2; i++) {
        char path[CONFIG_PATH_MAX];
        snprintf(path, sizeof path, "conferences%c%s", KEY_SEPARATOR, names[i]);
        lines[i] = config_scan_line(context->run->scan, path, context->name->from, UINT_MAX);
    }
    return lines[0] == lines[1] ? strcmp(left->name, right->name) : lines[0] > lines[1] ? 1 : -1;
}

/* The table on top is name = { … }; calls `add` with each name's table on top. */
static void fill_named(lua_State *L, struct place *place,
                       void (*add)(lua_State *L, struct place *place, const char *name))
{
    if (lua_type(L, -1) != LUA_TTABLE) {
        report(place, "must be a table, name = { … }, not a %s", lua_typename(L, lua_type(L, -1)));
        return;
    }
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        size_t length;
        if (enter_key(L, place, &length)) {
            add(L, place, lua_tostring(L, -2));
        }
        leave(place, length);
        lua_pop(L, 1);
    }
}

/* Notes where one of the keys is set. */
static void note_place(struct place *place, json_t *places, const char *name, const char *path)
{
    char text[CONFIG_PATH_MAX + 16];
    size_t length = strlen(place->path);
    snprintf(place->path + length, sizeof place->path - length, "%c%s", KEY_SEPARATOR, path);
    snprintf(text, sizeof text, "%s:%u", place->run->path, line_of(place));
    (void)json_object_set_new(places, name, json_string(text));
    leave(place, length);
}

/* What the policies say of the options has the line of the file before it. */
static void note_places(struct place *place, struct conference_settings *conference)
{
    char path[CONFIG_PATH_MAX];
    const char *name;
    json_t *value;
    conference->places = json_object();
    note_place(place, conference->places, "", "policy");
    json_object_foreach(conference->options, name, value)
    {
        snprintf(path, sizeof path, "options%c%.200s", KEY_SEPARATOR, name);
        note_place(place, conference->places, name, path);
    }
}

static void add_conference(lua_State *L, struct place *place, const char *name)
{
    char error[200];
    struct conference_settings *conference;
    if (settings_add_conference(place->run->settings, name, &conference, error, sizeof error)) {
        report(place, "cannot be: %s", error);
    } else {
        fill_group(L, place, "conferences.*.", conference);
        note_places(place, conference);
    }
}

static void fill_conferences(lua_State *L, struct place *place)
{
    struct settings *settings = place->run->settings;
    settings_clear_conferences(settings);
    fill_named(L, place, add_conference);
    struct sort_context context = {place->run, place->name};
    if (settings->conference_count > 1) {
        qsort_r(settings->conferences, settings->conference_count, sizeof *settings->conferences,
                compare_conferences, &context);
    }
}

/* "reception", or { script = "reception", options = { … } }. */
static bool is_application(json_t *entry)
{
    const char *key;
    json_t *value;
    if (json_is_string(entry)) {
        return json_string_length(entry) > 0;
    }
    json_object_foreach(entry, key, value)
    {
        if (strcmp(key, "script") != 0 && !(strcmp(key, "options") == 0 && json_is_object(value))) {
            return false;
        }
    }
    return json_string_length(json_object_get(entry, "script")) > 0;
}

/* What has been taken as data is { user part = script }. */
static void check_applications(struct place *place)
{
    const char *name;
    json_t *script;
    if (json_is_array(place->run->settings->applications)) {
        report(place, "must be { [\"9000\"] = \"reception\" }: who is called, and the script");
    }
    json_object_foreach(place->run->settings->applications, name, script)
    {
        size_t length = strlen(place->path);
        snprintf(place->path + length, sizeof place->path - length, "%c%s", KEY_SEPARATOR, name);
        if (!text_is_conference_name(name)) {
            report(place, "is no user part that can be called");
        } else if (!is_application(script)) {
            report(place, "must be the name of a script, as in { [\"9000\"] = \"reception\" }, or "
                          "{ script = \"reception\", options = { … } }");
        }
        leave(place, length);
    }
}

static void add_account(lua_State *L, struct place *place, const char *user)
{
    char error[200];
    struct account_settings *account;
    if (settings_add_account(place->run->settings, user, &account, error, sizeof error)) {
        report(place, "cannot be: %s", error);
        return;
    }
    fill_group(L, place, "accounts.*.", account);
    if (place->run->has_error) {
        return; /* what it needs may be there, and wrong */
    }
    if (!*account->password && account->ha1.count == 0) {
        report(place, "needs a password or an ha1");
    } else if (*account->password && account->ha1.count > 0) {
        report(place, "has both a password and an ha1; keep one");
    }
}

void config_fill(lua_State *L, struct config_run *run)
{
    if (!lua_checkstack(L, 8)) {
        config_report(run, 0, "out of memory");
        return;
    }
    for (unsigned i = 0; i < run->name_count; i++) {
        struct place place = {.run = run, .name = &run->names[i]};
        snprintf(place.path, sizeof place.path, "%s", run->names[i].name);
        /* Every string has been made before: this raises nothing but for memory. */
        lua_pushstring(L, place.path);
        lua_rawget(L, -2);
        const struct option *option = option_by_key(place.path);
        if (lua_isnil(L, -1)) {
            report(&place, "is set to nil; leave it out for the default");
        } else if (option) {
            set_option(L, &place, option, run->settings);
            if (strcmp(place.path, "applications") == 0) {
                check_applications(&place);
            }
        } else if (strcmp(place.path, "conferences") == 0) {
            fill_conferences(L, &place);
        } else if (strcmp(place.path, "accounts") == 0) {
            settings_clear_accounts(run->settings);
            fill_named(L, &place, add_account);
        } else {
            char prefix[40];
            snprintf(prefix, sizeof prefix, "%s.", run->names[i].name);
            fill_group(L, &place, prefix, run->settings);
        }
        lua_pop(L, 1);
    }
}
