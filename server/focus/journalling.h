/*
 * Whoever keeps a record of what is asked, decided and happens, as the focus sees it. Implemented
 * by the journal. Focus thread; no function may block, or ask for changes. What is handed over
 * lives for the call.
 */
#ifndef FOCUS_JOURNALLING_H
#define FOCUS_JOURNALLING_H

#include "focus/event.h"
#include "focus/request.h"

struct journalling {
    void *ctx;
    /* A request has been decided, and nothing of it is done yet. */
    void (*decided)(void *ctx, const struct request *request, const struct decision *decision);
    /* What was accepted could not be done: decision->code and reason say why. */
    void (*failed)(void *ctx, const struct request *request, const struct decision *decision);
    /* Something has happened, of which the hooks will be told. May be NULL. */
    void (*queued)(void *ctx, const struct conference_event *event);
    /* The hooks are about to be told. Not of what concerns an application and its caller alone: the
     * keys that are pressed there are nobody else's. */
    void (*happened)(void *ctx, const struct conference_event *event);
};

#endif
