/*
 * The script engine as the focus sees it. The focus does not know Lua: whoever implements this
 * table decides. Focus thread; no function may block.
 */
#ifndef FOCUS_POLICY_H
#define FOCUS_POLICY_H

#include "focus/event.h"
#include "focus/request.h"

#include <jansson.h>

struct conference;
struct plan;

/* What a plan for a mix may be made from that changes without an event of its own. Bits. */
enum mix_watch {
    WATCH_SPEAKING = 1,
    WATCH_LEVEL = 2,
    WATCH_CODEC = 4,
};

struct mix_answer {
    struct plan *plan;   /* sealed, the caller's; NULL: nobody says anything */
    unsigned watched;    /* bits: what it depends on, also when it failed */
    unsigned generation; /* of the scripts that were asked */
    unsigned again; /* ms after which another question is worth it; 0: once something changes */
};

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
    /* May be NULL. What the mix of the conference is to be like: the first of the stack that says
     * anything is heard. *answer comes in zeroed. EIO: a script has failed, which the engine has
     * logged and counted. */
    int (*mix)(void *ctx, struct conference *conference, struct mix_answer *answer);
    /* The conference is gone for good: drop its state, wait for it no more. */
    void (*forget)(void *ctx, uint64_t conference);
    /* The policies that decide about the conference, in their order, as far as everybody may know:
     * [{ "name": …, "verbs": [ that it has a hook for ], "options": { name: text } }]. New
     * reference; NULL: out of memory. May itself be NULL: there is nothing to be told. */
    json_t *(*describe)(void *ctx, const struct conference *conference);
};

#endif
