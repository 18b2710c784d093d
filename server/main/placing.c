/* parley reload, pin, unpin and shadow: which generation of the scripts decides about what. */
#include "main/commands.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_SIZE = 400 };

enum { RELOAD_ONLY, RELOAD_BACK }; /* the command's flags */

/* `verb`: as the server knows it. `example`: what should have been said. */
static int place(const struct arguments *arguments, const char *verb, const char *name,
                 const char *example)
{
    char request[REQUEST_SIZE];

    if (!*name || strpbrk(name, " \r\n") ||
        snprintf(request, sizeof request, "%s %s", verb, name) >= (int)sizeof request) {
        complain("%s: give a conference, as in `%s`", verb, example);
        return EXIT_WRONG;
    }
    return ask_server(arguments, request);
}

int command_reload(const struct arguments *arguments)
{
    const char *only = arguments->values[RELOAD_ONLY];
    const char *back = arguments->values[RELOAD_BACK];

    if (only && back) {
        complain("reload: --only and --back do the opposite; give one");
        return EXIT_WRONG;
    }
    if (only) {
        return place(arguments, "reload --only", only, "parley reload --only board");
    }
    if (back) {
        return place(arguments, "reload --back", back, "parley reload --back board");
    }
    return ask_server(arguments, "reload");
}

static int place_operand(const struct arguments *arguments, const char *verb, const char *example)
{
    const char *name = arguments->file_count == 1 ? arguments->files[0] : "";

    return place(arguments, verb, name, example);
}

int command_pin(const struct arguments *arguments)
{
    return place_operand(arguments, "pin", "parley pin board");
}

int command_unpin(const struct arguments *arguments)
{
    return place_operand(arguments, "unpin", "parley unpin board");
}

enum { SHADOW_FOR, SHADOW_CONFERENCE, SHADOW_SECONDS }; /* the command's flags */

/* The server may stand elsewhere. False: it is said that there is no such file. */
static bool whole_path(const char *file, char *path)
{
    if (realpath(file, path)) {
        return true;
    }
    complain("shadow: %s: %s", file, strerror(errno));
    return false;
}

static bool is_good_flag(const char *value, bool is_number)
{
    return !value || (*value && !strpbrk(value, " \r\n") &&
                      (!is_number || (strlen(value) < 7 && !value[strspn(value, "0123456789")])));
}

static void add_flag(char *request, size_t size, const char *name, const char *value)
{
    size_t length = strlen(request);

    if (value) {
        (void)snprintf(request + length, size - length, "%s %s ", name, value);
    }
}

int command_shadow(const struct arguments *arguments)
{
    const char *const *values = arguments->values;
    const char *file = arguments->file_count == 1 ? arguments->files[0] : "";
    char path[PATH_MAX], request[PATH_MAX + REQUEST_SIZE];

    if (arguments->file_count == 0 || strcmp(file, "stop") == 0) {
        return ask_server(arguments, *file ? "shadow stop" : "shadow");
    }
    if (!*file || !is_good_flag(values[SHADOW_FOR], false) ||
        !is_good_flag(values[SHADOW_CONFERENCE], false) ||
        !is_good_flag(values[SHADOW_SECONDS], true)) {
        complain("shadow: give a policy's file, as in `parley shadow new.lua --for standard "
                 "--conference board --seconds 600`");
        return EXIT_WRONG;
    }
    if (!whole_path(file, path)) {
        return EXIT_WRONG;
    }
    (void)snprintf(request, sizeof request, "shadow start ");
    add_flag(request, sizeof request, "--for", values[SHADOW_FOR]);
    add_flag(request, sizeof request, "--conference", values[SHADOW_CONFERENCE]);
    add_flag(request, sizeof request, "--seconds", values[SHADOW_SECONDS]);
    (void)snprintf(request + strlen(request), sizeof request - strlen(request), "%s", path);
    return ask_server(arguments, request);
}
