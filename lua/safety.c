/* What is done when a script fails: it is told, and what is asked is decided by the verb. */
#include "lua/budget.h"
#include "lua/generation.h"
#include "lua/hook.h"
#include "lua/shadow.h"

#include "core/log.h"

#include <stdio.h>
#include <string.h>

enum { ERRORS_LOGGED = 10 }; /* a minute; of more, every hundredth */

void script_report(struct hook_stats *stats, const struct hook_frame *frame, const char *error,
                   const char *what, const char *consequence)
{
    unsigned recent = hook_stats_error(stats);
    char party[PARTY_TEXT];

    if (frame->generation->shadow) {
        shadow_fail(frame->generation->shadow, error);
        return;
    }
    failures_party(frame, party);
    probation_fail(frame->generation, error, party);
    if (!frame->is_refused && recent > ERRORS_LOGGED && stats->errors % 100 != 0)
        return;
    log_write(LOG_LEVEL_ERROR, frame->conference_name, frame->call,
              "%s - %s%s%s%s%s; %s. %u%s error%s in %d s.", error, what,
              frame->conference_name ? ", conference " : "",
              frame->conference_name ? frame->conference_name : "", frame->call ? ", call " : "",
              frame->call ? frame->call : "", consequence, recent,
              recent == ERRORS_KEPT ? " or more" : "", recent == 1 ? "" : "s", ERROR_WINDOW);
}

void decision_text(const struct decision *decision, char *text, size_t size)
{
    if (decision->verdict != DECISION_REJECT)
        (void)snprintf(text, size, decision->verdict == DECISION_ACCEPT ? "accept" : "pending");
    else
        (void)snprintf(text, size, "reject %d", decision->code);
}

void decide_safely(const struct request *request, struct decision *decision, const char *by)
{
    memset(decision, 0, sizeof *decision);
    decision->params = request->params;
    decision->verdict = verb_default(request);
    decision->code = 403;
    decision->failed = true;
    (void)snprintf(decision->by, sizeof decision->by, "%s", by);
    /* What a policy would have said to a caller nobody knows; scripts and the server mean well. */
    if (request->actor.kind == ACTOR_CALLER || request->verb == VERB_CREATE ||
        request->verb == VERB_JOIN || request->verb == VERB_REPLACE ||
        request->verb == VERB_INVITE || request->verb == VERB_SUBSCRIBE) {
        decision->verdict = DECISION_REJECT;
        decision->code = 500;
        (void)snprintf(decision->reason, sizeof decision->reason, "Policy error");
    }
}
