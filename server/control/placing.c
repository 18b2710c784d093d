/* "reload --back CONFERENCE", "pin CONFERENCE", "unpin CONFERENCE": one conference has other
 * scripts than all others, or no longer. */
#include "control/private.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *request;
    enum placing placing;
    const char *done; /* what is told, of a conference and its generation */
} placings[] = {
    {"reload --back ", PLACE_BACK, "%s is back with scripts generation %u, as all others"},
    {"pin ", PLACE_PINNED, "%s stays with scripts generation %u"},
    {"unpin ", PLACE_UNPINNED, "%s goes with all others: scripts generation %u"},
};

enum { PLACINGS = sizeof placings / sizeof *placings };

int control_place(const struct control_server *server, struct focus *focus, const char *request,
                  char *told, size_t told_size)
{
    unsigned i = 0;

    while (i < PLACINGS &&
           strncmp(request, placings[i].request, strlen(placings[i].request)) != 0) {
        i++;
    }
    if (i == PLACINGS) {
        return ENOTSUP;
    }
    const char *name = request + strlen(placings[i].request);
    struct conference *conference = focus_conference_by_name(focus, name);
    if (!conference) {
        snprintf(told, told_size, "there is no conference \"%s\"", name);
        return ENOENT;
    }
    int error = server->place(server->arg, placings[i].placing, conference, told, told_size);
    if (!error) {
        snprintf(told, told_size, placings[i].done, name,
                 server->generation(server->arg, conference));
    }
    return error;
}
