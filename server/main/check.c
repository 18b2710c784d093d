/* `parley check`: reads configs and scripts as the server would, without starting one. */
#include "main/serve.h"

#include "lua/lua_config.h"
#include "lua/lua_engine.h"

#include <stdio.h>
#include <string.h>

enum { ERROR_MAX = 1024 };

/* Editors find the place in lines that begin with it: no "parley:" before it. */
static bool tell(const char *error)
{
    fprintf(stderr, "%s\n", error);
    return false;
}

/* What does not fit together has no line: then the config's name must do, once. */
static bool tell_of(const char *config, const char *error)
{
    size_t length = strcspn(error, ":");
    bool has_place = error[length] && strspn(error + length + 1, "0123456789") > 0;
    bool is_named = config && strlen(config) == length && strncmp(error, config, length) == 0;
    if (!config || has_place || is_named) {
        return tell(error);
    }
    fprintf(stderr, "%s: %s\n", config, error);
    return false;
}

static bool check_script(const struct arguments *arguments, const char *path)
{
    struct settings settings;
    char error[ERROR_MAX];
    if (lua_check_script(path, error, sizeof error) ||
        settings_load(arguments, arguments->config, &settings, NULL, error, sizeof error)) {
        return tell(error);
    }
    prompts_tell_missing(&settings, path);
    json_t *scripts = json_pack("[s]", path);
    bool is_good = self_tests_pass(&settings, scripts);
    json_decref(scripts);
    settings_free(&settings);
    return is_good;
}

static bool check_settings(struct settings *settings, const char *config)
{
    char error[ERROR_MAX];
    json_t *scripts = NULL;
    bool is_good = server_check(settings, &scripts, error, sizeof error)
                       ? tell_of(config, error)
                       : self_tests_pass(settings, scripts);
    json_decref(scripts);
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
        is_good = check_script(arguments, config);
    } else if (status) {
        is_good = tell_of(config, error);
    } else {
        is_good = check_settings(&settings, config);
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
