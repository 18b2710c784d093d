/* Applications: scripts that return the function which talks with a caller. */
#include "lua/budget.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/options.h"
#include "lua/private.h"
#include "lua/state.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void application_free(struct script_application *application)
{
    free(application->name);
    free(application->display);
    free(application);
}

/* ---- options -------------------------------------------------------------------------------- */

enum { OPTIONS_MOST = 64 };

/* The value for the checked declaration on top of the stack takes its place. */
static void take_value(lua_State *L, const struct script_application *application, const char *key)
{
    const json_t *json = json_object_get(application->options, key);
    int declaration = lua_gettop(L);
    char what[200];

    if (!json || json_is_null(json)) {
        (void)lua_getfield(L, declaration, "value");
    } else {
        (void)snprintf(what, sizeof what, "applications.%.80s: option '%.40s'", application->name,
                       key);
        json_push(L, json);
        option_take(L, declaration, what);
    }
    lua_replace(L, declaration);
    lua_settop(L, declaration);
}

/* Raises when the config has one that the table at `declarations` has not. */
static void declared_check(lua_State *L, const struct script_application *application,
                           int declarations)
{
    const char *key, *names[OPTIONS_MOST];
    json_t *value;
    size_t count = 0;

    for (lua_pushnil(L); lua_next(L, declarations); lua_pop(L, 1)) {
        if (count < OPTIONS_MOST)
            names[count++] = lua_tostring(L, -2);
    }
    json_object_foreach((json_t *)application->options, key, value)
    {
        if (lua_getfield(L, declarations, key) == LUA_TNIL)
            script_error(L, "applications.%s: %s declares no option '%s'%s", application->name,
                         application->display, key, nearest_push(L, key, names, count));
        lua_pop(L, 1);
    }
}

int application_options(lua_State *L)
{
    struct script_application *application = generation_of(L)->loading_application;

    if (!application)
        return luaL_error(L, "parley.options is for an application's file while it is loaded; a "
                             "policy declares its own in parley.policy { options = … }");
    if (application->has_options)
        return luaL_error(L, "parley.options was called before: declare all at once");
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_newtable(L); /* 2: declarations */
    lua_newtable(L); /* 3: options */
    for (lua_pushnil(L); lua_next(L, 1); lua_settop(L, 4)) {
        if (lua_type(L, 4) != LUA_TSTRING)
            return luaL_error(L, "parley.options: a key must be a name");
        option_declare(L, lua_tostring(L, 4));
        lua_pushvalue(L, 5);
        lua_setfield(L, 2, lua_tostring(L, 4));
        take_value(L, application, lua_tostring(L, 4));
        lua_setfield(L, 3, lua_tostring(L, 4));
    }
    declared_check(L, application, 2);
    application->has_options = true;
    lua_settop(L, 3);
    options_freeze(L, 2, "the table of options");
    return 1;
}

/* ---- loading -------------------------------------------------------------------------------- */

void application_take(lua_State *L, struct script_application *application)
{
    lua_Debug debug;

    if (!lua_isfunction(L, -1))
        script_error(L,
                     "%s: the file must return its application: a function, as in "
                     "`return function(call) … end`",
                     application->display);
    if (json_object_size(application->options) > 0 && !application->has_options)
        script_error(L, "applications.%s: %s takes no options", application->name,
                     application->display);
    lua_pushvalue(L, -1);
    (void)lua_getinfo(L, ">S", &debug);
    application->line = debug.linedefined > 0 ? debug.linedefined : 1;
    application->function = luaL_ref(L, LUA_REGISTRYINDEX);
}

static int application_load(struct generation *generation, const char *name, const json_t *entry,
                            char *error, size_t error_size)
{
    const json_t *named = json_object_get(entry, "script");
    const char *script = json_string_value(named ? named : entry);
    char path[3 * PATH_MAX], display[PATH_MAX], problem[SCRIPT_TEXT];
    struct script_application *application = calloc(1, sizeof *application);
    struct script_file file = {.path = path, .display = display, .application = application};
    bool is_there;
    int result;

    if (!application)
        return ENOMEM;
    script_display("scripts", script, display, sizeof display);
    is_there =
        lua_script_path("scripts", script, generation->engine->config_file, path, sizeof path);
    application->name = strdup(name);
    application->display = strdup(display);
    application->options = json_object_get(entry, "options");
    application->next = generation->applications;
    generation->applications = application;
    if (!application->name || !application->display)
        return ENOMEM;
    if (!is_there) {
        (void)snprintf(error, error_size,
                       "applications.%s: script '%s': no such file; looked for %s", name, script,
                       path);
        return ENOENT;
    }
    result = generation_run(generation, &file, problem, sizeof problem);
    if (result)
        (void)snprintf(error, error_size, "%s", problem);
    return result;
}

int applications_load(struct generation *generation, const json_t *config, char *error,
                      size_t error_size)
{
    const char *name;
    json_t *entry;

    generation->applications_config = json_incref((json_t *)config);
    json_object_foreach((json_t *)config, name, entry)
    {
        int result = application_load(generation, name, entry, error, error_size);

        if (result == ENOMEM)
            (void)snprintf(error, error_size, "out of memory for the scripts");
        if (result)
            return result;
    }
    return 0;
}

struct script_application *application_find(const struct generation *generation, const char *name)
{
    struct script_application *application = generation->applications;

    while (application && strcmp(application->name, name) != 0)
        application = application->next;
    return application;
}

void applications_free(struct generation *generation)
{
    struct script_application *application;

    while ((application = generation->applications)) {
        generation->applications = application->next;
        application_free(application);
    }
    json_decref(generation->applications_config);
}

json_t *applications_status(const struct generation *generation)
{
    const struct script_application *application;
    json_t *status = json_array();

    for (application = generation->applications; application; application = application->next)
        (void)json_array_append_new(status, json_pack("{s:s, s:s, s:o}", "name", application->name,
                                                      "file", application->display, "steps",
                                                      hook_stats_json(&application->stats)));
    return status;
}
