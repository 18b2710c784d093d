/* parley pending, approve, refuse and remove: the operator moderates. */
#include "main/commands.h"

#include <stdio.h>
#include <string.h>

enum { REQUEST_SIZE = 400 };

int command_pending(const struct arguments *arguments)
{
    char request[REQUEST_SIZE];
    const char *name = arguments->file_count > 0 ? arguments->files[0] : "";

    if (arguments->file_count > 1 || strpbrk(name, " \r\n") ||
        snprintf(request, sizeof request, "pending %s", name) >= (int)sizeof request) {
        complain("pending: give nothing, or a conference");
        return EXIT_WRONG;
    }
    return ask_server(arguments, request);
}

/* `words`: how many may follow the command. */
static int decide(const struct arguments *arguments, const char *verb, unsigned words)
{
    char request[REQUEST_SIZE];
    const char *id = arguments->file_count > 0 ? arguments->files[0] : "";
    const char *reason = arguments->file_count > 1 ? arguments->files[1] : "";

    if (*id == '\0' || id[strspn(id, "0123456789")] || arguments->file_count > words ||
        strpbrk(reason, "\r\n") ||
        snprintf(request, sizeof request, "%s %s %s", verb, id, reason) >= (int)sizeof request) {
        complain("%s: give the number that `parley pending` tells%s", verb,
                 words > 1 ? ", and a reason of one line if you like" : "");
        return EXIT_WRONG;
    }
    return ask_server(arguments, request);
}

int command_approve(const struct arguments *arguments)
{
    return decide(arguments, "approve", 1);
}

int command_refuse(const struct arguments *arguments)
{
    return decide(arguments, "refuse", 2);
}

enum { REMOVE_ALL, REMOVE_EXCEPT, REMOVE_REASON }; /* the command's flags */

int command_remove(const struct arguments *arguments)
{
    char request[REQUEST_SIZE];
    bool is_all = arguments->values[REMOVE_ALL] != NULL;
    const char *except = arguments->values[REMOVE_EXCEPT];
    const char *reason = arguments->values[REMOVE_REASON] ? arguments->values[REMOVE_REASON] : "";
    const char *conference = arguments->file_count > 0 ? arguments->files[0] : "";
    const char *names = is_all ? except ? except : "," : arguments->files[1];

    if (arguments->file_count != (is_all ? 1 : 2) || (except && !is_all) || !*conference ||
        !*names) {
        complain("remove: give a conference, and whom, as in `parley remove board bob,carol` or "
                 "`parley remove board --all --except alice`");
        return EXIT_WRONG;
    }
    if (strpbrk(conference, " \r\n") || strpbrk(names, " \r\n") || strpbrk(reason, "\r\n") ||
        snprintf(request, sizeof request, "%s %s %s %s", is_all ? "remove-all" : "remove",
                 conference, names, reason) >= (int)sizeof request) {
        complain("remove: a name has blanks, or the reason is too long or has more than one line");
        return EXIT_WRONG;
    }
    return ask_server(arguments, request);
}
