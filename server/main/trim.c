/*
 * Gives memory back once the house is empty. Calls come and go in random order, so that the
 * allocator ends up with many pages that are free but not its last ones, and keeps them; a server
 * that has had a busy hour would look busy for ever.
 */
#include "main/serve.h"

#include <malloc.h>

/* ms after the last conference; SIP transactions outlive their calls by 32 s (RFC 3261, Timer J).
 */
enum { TRIM_AFTER = 40000 };

static void trim(void *arg)
{
    const struct server *server = arg;
    if (focus_call_count(server->focus) == 0) { /* looking through a full heap takes time */
        (void)malloc_trim(0);
    }
}

static void on_event(const struct conference_event *event, void *arg)
{
    struct server *server = arg;
    if (event->kind == EVENT_ENDED) {
        (void)loop_timer_start(server->loop, &server->trim_timer, TRIM_AFTER, trim, server);
    }
}

int server_trim_when_idle(struct server *server)
{
    return focus_listen(server->focus, on_event, server);
}
