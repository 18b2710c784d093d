/* Puts what a config file has set into the settings, by the table of options. */
#include "core/options.h"
#include "core/text.h"
#include "lua/config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The table on top holds the options whose keys begin with `prefix` ("rtp."). */
static void fill_group(lua_State *L, struct place *place, const char *prefix, void *target)
{
    if (lua_type(L, -1) != LUA_TTABLE) {
        place_report(place, "must be a table, not a %s", lua_typename(L, lua_type(L, -1)));
        return;
    }
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        size_t length;
        if (place_enter_key(L, place, &length)) {
            char key[CONFIG_PATH_MAX];
            const char *name = lua_tostring(L, -2);
            snprintf(key, sizeof key, "%s%s", prefix, name);
            const struct option *option = option_by_key(key);
            char meant[OPTION_NAME_SIZE];
            if (option) {
                place_set_option(L, place, option, target);
            } else if (option_suggest_key(prefix, name, meant)) {
                place_report(place, "is no option; did you mean \"%s\"?", meant);
            } else {
                place_report(place, "is no option; `parley config` shows all");
            }
        }
        place_leave(place, length);
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
        place_report(place, "must be a table, name = { … }, not a %s",
                     lua_typename(L, lua_type(L, -1)));
        return;
    }
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        size_t length;
        if (place_enter_key(L, place, &length)) {
            add(L, place, lua_tostring(L, -2));
        }
        place_leave(place, length);
        lua_pop(L, 1);
    }
}

/* Notes where one of the keys is set. */
static void note_place(struct place *place, json_t *places, const char *name, const char *path)
{
    char text[CONFIG_PATH_MAX + 16];
    size_t length = strlen(place->path);
    snprintf(place->path + length, sizeof place->path - length, "%c%s", KEY_SEPARATOR, path);
    snprintf(text, sizeof text, "%s:%u", place->run->path, place_line(place));
    (void)json_object_set_new(places, name, json_string(text));
    place_leave(place, length);
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
        place_report(place, "cannot be: %s", error);
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
        place_report(place,
                     "must be { [\"9000\"] = \"reception\" }: who is called, and the script");
    }
    json_object_foreach(place->run->settings->applications, name, script)
    {
        size_t length = strlen(place->path);
        snprintf(place->path + length, sizeof place->path - length, "%c%s", KEY_SEPARATOR, name);
        if (!text_is_conference_name(name)) {
            place_report(place, "is no user part that can be called");
        } else if (!is_application(script)) {
            place_report(place,
                         "must be the name of a script, as in { [\"9000\"] = \"reception\" }, or "
                         "{ script = \"reception\", options = { … } }");
        }
        place_leave(place, length);
    }
}

static void add_account(lua_State *L, struct place *place, const char *user)
{
    char error[200];
    struct account_settings *account;
    if (settings_add_account(place->run->settings, user, &account, error, sizeof error)) {
        place_report(place, "cannot be: %s", error);
        return;
    }
    fill_group(L, place, "accounts.*.", account);
    if (place->run->has_error) {
        return; /* what it needs may be there, and wrong */
    }
    if (!*account->password && account->ha1.count == 0) {
        place_report(place, "needs a password or an ha1");
    } else if (*account->password && account->ha1.count > 0) {
        place_report(place, "has both a password and an ha1; keep one");
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
            place_report(&place, "is set to nil; leave it out for the default");
        } else if (option) {
            place_set_option(L, &place, option, run->settings);
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
