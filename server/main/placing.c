/* parley reload, pin and unpin: which generation of the scripts decides about what. */
#include "main/commands.h"

#include <stdio.h>
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
