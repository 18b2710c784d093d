/* What the scripts have decided, for who asks afterwards. */
#include "simulate/private.h"

#include <stdlib.h>

enum { DECISIONS_MOST = 10000 };

static const char *keep(struct decision_log *log, const char *text)
{
    const char *kept = text_add(&log->strings, text ? text : "");

    return kept ? kept : "";
}

/* Out of memory: it is not noted. */
static void note(struct decision_log *log, const struct request *request,
                 const struct decision *decision)
{
    static const char *const verdicts[] = {
        [DECISION_ACCEPT] = "accept",
        [DECISION_REJECT] = "reject",
        [DECISION_PENDING] = "pending",
    };

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
        .failed = decision->failed,
    };
}

static void decide(void *ctx, const struct request *request, struct decision *decision)
{
    struct decision_log *log = ctx;

    log->real->decide(log->real->ctx, request, decision);
    note(log, request, decision);
}

static void event(void *ctx, const struct conference_event *event)
{
    const struct decision_log *log = ctx;

    log->real->event(log->real->ctx, event);
}

static int mix(void *ctx, struct conference *conference, struct mix_answer *answer)
{
    const struct decision_log *log = ctx;

    return log->real->mix(log->real->ctx, conference, answer);
}

static void forget(void *ctx, uint64_t conference)
{
    const struct decision_log *log = ctx;

    log->real->forget(log->real->ctx, conference);
}

static json_t *describe(void *ctx, const struct conference *conference)
{
    const struct decision_log *log = ctx;

    return log->real->describe(log->real->ctx, conference);
}

const struct policy *decisions_watch(struct decision_log *log, const struct policy *real)
{
    log->real = real;
    log->policy = (struct policy){
        .ctx = log,
        .decide = decide,
        .event = event,
        .mix = mix,
        .forget = forget,
        .describe = describe,
    };
    return &log->policy;
}

void decisions_free(struct decision_log *log)
{
    free(log->entries);
    texts_free(&log->strings);
}
