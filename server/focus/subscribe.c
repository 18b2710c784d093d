#include "focus/admit.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/pending_parts.h"
#include "focus/private.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* "192.0.2.1:5060;udp": as long as the address itself. */
static size_t address_length(const char *peer)
{
    const char *port = strrchr(peer, ':');
    return port ? (size_t)(port - peer) : strlen(peer);
}

bool is_same_host(const char *peer, const char *other)
{
    size_t length = address_length(peer);

    return length == address_length(other) && strncmp(other, peer, length) == 0;
}

/* Who asks outside of a call is a participant when the name and the address are those of a
 * call in the conference: phones use another Call-ID for it, but nothing else that could tell. A
 * name that was proven for the call must be proven again, since all behind a proxy have one
 * address.
 */
static bool is_same(const struct participant *participant, const struct caller *caller)
{
    const struct caller *other = &participant->info.caller;

    return strcasecmp(other->uri, caller->uri) == 0 &&
           (caller->authenticated || !other->authenticated) &&
           is_same_host(other->peer, caller->peer);
}

struct participant *conference_find_caller(const struct conference *conference,
                                           const struct call *call, const struct caller *caller)
{
    struct focus *focus = conference->focus;
    struct participant *participant;

    if (call) {
        participant = participant_of(focus->signalling->user(call));
        if (participant && participant->conference != conference)
            participant = participant->aside;
        return participant && participant->conference == conference ? participant : NULL;
    }
    for (participant = conference->members; participant; participant = participant->next) {
        /* Who is asked into a sidebar has joined its parent. */
        if ((participant->joined || participant->main) && is_same(participant, caller))
            return participant;
    }
    return NULL;
}

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
