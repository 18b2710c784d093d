/*
 * Applications as the focus sees them: scripts that talk with a caller who is in no conference
 * (RFC 4579 §5.3), or with one who is (framework 5.10). Implemented by the script engine. Focus
 * thread; no function may block.
 */
#ifndef FOCUS_APPLICATION_H
#define FOCUS_APPLICATION_H

#include "focus/visitor.h"

struct application {
    void *ctx;
    /* Whether calls to this user part are an application's. */
    bool (*exists)(void *ctx, const char *name);
    /* Such a call has come in, or somebody in a conference is to be attended to. It is the
     * application's from now on, until it has left. */
    void (*begin)(void *ctx, struct visitor *visitor, const char *name);
    /* It is begun without anybody to talk with. ENOENT: there is none of that name; EAGAIN: too
     * many go on; ENOMEM. */
    int (*run)(void *ctx, const char *name);
    /* What has happened to a visitor, whose id is in `event->visitor`: joined (the call is up),
     * digit, played, changed (visitor_transfer is done: code, reason), held (visitor_step is done;
     * reason, if it failed), left (hung up or lost, or out of its conference; not told of one that
     * the application itself has sent away). What happens in its conference is told to the policy's
     * `event`. */
    void (*event)(void *ctx, const struct conference_event *event);
};

#endif
