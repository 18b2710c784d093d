/* What SUBSCRIBE brings to the focus: who wants to be told what happens, and whether they may. */
#include "focus/admit.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/pending_parts.h"
#include "focus/private.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>

static void refuse(struct subscriber *subscriber, const struct decision *decision)
{
    subscriber->code = decision->code;
    (void)snprintf(subscriber->reason, sizeof subscriber->reason, "%s", decision->reason);
}

/* NULL: it goes on as it is. False: refused, or nothing changes. */
static bool wait_for(const struct request *request, struct subscriber *subscriber,
                     struct decision *decision, uint64_t *pendingp)
{
    if (!pendingp)
        subscriber->code = 200;
    else if (pending_add(request, decision) == EINPROGRESS)
        *pendingp = decision->pending;
    else
        refuse(subscriber, decision);
    return pendingp && *pendingp;
}

bool focus_subscribe(struct focus *focus, struct subscriber *subscriber, const char *package,
                     struct conference **conferencep, uint64_t *participantp, enum view *viewp,
                     uint64_t *pendingp)
{
    const struct call_info *from = &subscriber->from;
    struct request request = {
        .verb = VERB_SUBSCRIBE,
        .conference_name = from->requested_user,
        .call = from->id,
        .package = package,
    };
    struct participant *participant;
    struct decision decision;
    const char *reason;

    events_catch_up(focus);
    subscriber->code = gone_code(focus, from->requested_user, &reason);
    (void)snprintf(subscriber->reason, sizeof subscriber->reason, "%s", reason);
    if (focus->shutting_down) {
        subscriber->code = 503;
        subscriber->reason[0] = '\0';
    } else if (focus_may_serve(focus, from->requested_user, from->requested_host))
        request.conference = focus_conference_by_name(focus, from->requested_user);
    if (!request.conference)
        return false;
    if (request.conference->factory || request.conference->hides_focus) {
        subscriber->code = 403; /* as any phone that tells nobody anything */
        subscriber->reason[0] = '\0';
        return false;
    }
    participant = conference_find_caller(request.conference, subscriber->call, &from->caller);
    actor_of_call(&request.actor, from, participant ? participant->id : 0);
    decide(focus, &request, &decision);
    log_write(LOG_LEVEL_INFO, request.conference_name, from->id,
              "%s (%s) %s the %s package (by %s)", from->caller.uri, from->caller.peer,
              decision.verdict == DECISION_ACCEPT    ? "subscribes to"
              : decision.verdict == DECISION_PENDING ? "would subscribe to"
                                                     : "may not subscribe to",
              package, decision.by);
    subscriber->is_focus = decision.verdict != DECISION_REJECT;
    if (pendingp)
        *pendingp = 0;
    if (decision.verdict == DECISION_REJECT) {
        refuse(subscriber, &decision);
        return false;
    }
    if (decision.verdict == DECISION_PENDING &&
        !wait_for(&request, subscriber, &decision, pendingp))
        return false;
    subscriber->code = 200;
    subscriber->is_pending = decision.verdict == DECISION_PENDING;
    *conferencep = request.conference;
    *participantp = request.actor.participant;
    *viewp = decision.params.view;
    return true;
}

int conference_look(struct conference *conference, const struct actor *actor, enum view *viewp,
                    struct decision *decision)
{
    const struct request request = {
        .verb = VERB_SUBSCRIBE,
        .actor = *actor,
        .conference = conference,
        .conference_name = conference->name,
        .package = "conference",
    };

    decide(conference->focus, &request, decision);
    if (decision->verdict == DECISION_PENDING) {
        decision->code = 403;
        (void)snprintf(decision->reason, sizeof decision->reason, "That would need a decision");
    }
    *viewp = decision->params.view;
    return decision->verdict == DECISION_ACCEPT ? 0 : EPERM;
}
