/* Applications: scripts that return the function which talks with a caller. */
#include "lua/private.h"

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

void application_take(lua_State *L, struct script_application *application)
{
    lua_Debug debug;

    if (!lua_isfunction(L, -1))
        script_error(L,
                     "%s: the file must return its application: a function, as in "
                     "`return function(call) … end`",
                     application->display);
    lua_pushvalue(L, -1);
    (void)lua_getinfo(L, ">S", &debug);
    application->line = debug.linedefined > 0 ? debug.linedefined : 1;
    application->function = luaL_ref(L, LUA_REGISTRYINDEX);
}

static int application_load(struct generation *generation, const char *name, const char *script,
                            char *error, size_t error_size)
{
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
    json_t *script;

    generation->applications_config = json_incref((json_t *)config);
    json_object_foreach((json_t *)config, name, script)
    {
        int result =
            application_load(generation, name, json_string_value(script), error, error_size);

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
