/*
 * The script engine as the focus sees it. The focus does not know Lua: whoever implements this
 * table decides. Focus thread; no function may block.
 */
#ifndef FOCUS_POLICY_H
#define FOCUS_POLICY_H

#include "focus/event.h"
#include "focus/request.h"

struct policy {
    void *ctx;
    /* Fills *decision, which comes in as the verb's default with the request's params. The stack
     * is: site policy, then the conference's own ones; the first verdict wins; none leaves
     * *decision as it is. A script's error is logged and counted by the engine, and answered by the
     * safe default: create, join, replace and invite are rejected with 500, everything else by the
     * verb's default. */
    void (*decide)(void *ctx, const struct request *request, struct decision *decision);
    /* Runs the event hooks. Participant and conference of a left or ended event are still there
     * to be asked about. */
    void (*event)(void *ctx, const struct conference_event *event);
    /* The conference is gone for good: drop its state, wait for it no more. */
    void (*forget)(void *ctx, uint64_t conference);
};

#endif
