/* What has been decided, for who asks afterwards. */
#include "simulate/private.h"

#include <stdlib.h>

enum { DECISIONS_MOST = 10000 };

static const char *keep(struct decision_log *log, const char *text)
{
    const char *kept = text_add(&log->strings, text ? text : "");

    return kept ? kept : "";
}

/* Out of memory: it is not noted. */
static void decided(void *ctx, const struct request *request, const struct decision *decision)
{
    static const char *const verdicts[] = {
        [DECISION_ACCEPT] = "accept",
        [DECISION_REJECT] = "reject",
        [DECISION_PENDING] = "pending",
    };
    struct decision_log *log = ctx;

    if (!log->entries)
        log->entries = calloc(DECISIONS_MOST, sizeof *log->entries);
    if (!log->entries || log->count == DECISIONS_MOST)
        return;
    log->entries[log->count++] = (struct simulated_decision){
        .verb = verb_name(request->verb),
        .verdict = verdicts[decision->verdict],
        .actor = keep(log, request->actor.uri),
        .conference = keep(log, request->conference_name),
        .by = keep(log, decision->by),
        .reason = keep(log, decision->reason),
        .code = decision->code,
    };
}

static void failed(void *ctx, const struct request *request, const struct decision *decision)
{
    (void)ctx;
    (void)request;
    (void)decision;
}

static void happened(void *ctx, const struct conference_event *event)
{
    (void)ctx;
    (void)event;
}

const struct journalling *decisions_journalling(struct decision_log *log)
{
    log->journalling = (struct journalling){
        .ctx = log, .decided = decided, .failed = failed, .happened = happened};
    return &log->journalling;
}

void decisions_free(struct decision_log *log)
{
    free(log->entries);
    texts_free(&log->strings);
}
