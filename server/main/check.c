/* `parley check`: reads configs and scripts as the server would, without starting one. */
#include "main/commands.h"

#include "lua/lua_config.h"
#include "lua/lua_engine.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ERROR_MAX = 1024 };

/* Editors find the place in lines that begin with it: no "parley:" before it. */
static bool tell(const char *error)
{
    fprintf(stderr, "%s\n", error);
    return false;
}

int policies_of_conferences(const struct settings *settings, const char ***namesp, unsigned *countp)
{
    const char **names = calloc(settings->conference_count + 1, sizeof *names);
    unsigned count = 0;
    if (!names) {
        return ENOMEM;
    }
    for (unsigned i = 0; i < settings->conference_count; i++) {
        const char *name = settings->conferences[i].policy;
        bool is_new = *name != '\0';
        for (unsigned j = 0; j < count && is_new; j++) {
            is_new = strcmp(names[j], name) != 0;
        }
        if (is_new) {
            names[count++] = name;
        }
    }
    *namesp = names;
    *countp = count;
    return 0;
}

int policy_check(const struct settings *settings, const char *key, const char *name, char *error,
                 size_t error_size)
{
    char path[PATH_MAX];
    if (!lua_policy_path(name, settings->file, path, sizeof path)) {
        const char *file = *settings->file ? settings->file : "command line and defaults";
        snprintf(error, error_size, "%s: %s: there is no policy \"%.80s\"; looked for %s", file,
                 key, name, path);
        return EINVAL;
    }
    return lua_check_policy(path, error, error_size);
}

static bool check_policies(const struct settings *settings)
{
    char error[ERROR_MAX];
    const char **names;
    unsigned count;
    bool is_good =
        !policy_check(settings, "policy", settings->policy, error, sizeof error) || tell(error);
    if (policies_of_conferences(settings, &names, &count)) {
        return tell("out of memory");
    }
    for (unsigned i = 0; i < count; i++) {
        if (policy_check(settings, "conferences", names[i], error, sizeof error)) {
            is_good = tell(error);
        }
    }
    free(names);
    return is_good;
}

/* `config` NULL: the defaults and the command line alone. */
static bool check_file(const struct arguments *arguments, const char *config)
{
    struct settings settings;
    char error[ERROR_MAX];
    bool is_script = false;
    int status = settings_load(arguments, config, &settings, &is_script, error, sizeof error);
    bool is_good = !status;
    if (is_script) {
        is_good = lua_check_policy(config, error, sizeof error) == 0 || tell(error);
    } else if (status) {
        size_t length = config ? strlen(config) : 0;
        /* What does not fit together has no line. */
        bool has_place = config && strncmp(error, config, length) == 0 && error[length] == ':';
        fprintf(stderr, "%s%s%s\n", config && !has_place ? config : "",
                config && !has_place ? ": " : "", error);
    } else {
        is_good = check_policies(&settings);
        settings_free(&settings);
    }
    if (is_good) {
        printf("%s: ok\n", config ? config : "default configuration");
    }
    return is_good;
}

int command_check(const struct arguments *arguments)
{
    bool is_good = true;
    if (arguments->config || arguments->file_count == 0) {
        is_good = check_file(arguments, arguments->config);
    }
    for (unsigned i = 0; i < arguments->file_count; i++) {
        is_good = check_file(arguments, arguments->files[i]) && is_good;
    }
    return is_good ? EXIT_CLEAN : EXIT_WRONG;
}
