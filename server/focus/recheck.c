/*
 * Asking the policy anew about those who are in, after its text or what it goes by has changed
 * (RFC 4353 §4.1: a change of policy drives action). Who would not be let in now is put out; who
 * would come in otherwise is so from now on. Who was called stays as whoever invited it wanted it.
 */
#include "focus/admit.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/private.h"
#include "focus/visitor_parts.h"

#include "core/log.h"

#include <errno.h>
#include <utlist.h>

enum {
    RECHECKS_A_TURN = 20, /* people asked about in one turn of the loop, so that SIP is served */
    RECHECK_PAUSE = 1000, /* ms from one to the next: a hook may ask for one whenever it is told */
};

static bool has_other_gains(const struct participant *participant,
                            const struct request_params *params)
{
    return participant->speaks < params->speaks || participant->speaks > params->speaks ||
           participant->hears < params->hears || participant->hears > params->hears;
}

/* Each difference takes effect as if it had been asked for; what changes nothing is no news. */
static void apply(struct participant *participant, struct request *request,
                  struct decision *decision)
{
    static const enum verb verbs[] = {VERB_MUTE, VERB_PERMIT, VERB_HOLD,
                                      VERB_ROLE, VERB_RENAME, VERB_FLOOR};

    for (unsigned i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        request->verb = verbs[i];
        (void)submit_accepted(participant->conference->focus, request, decision);
    }
    request->verb = VERB_VOLUME;
    if (has_other_gains(participant, &decision->params))
        (void)submit_accepted(participant->conference->focus, request, decision);
}

static void put_out(struct participant *participant, const struct decision *decision)
{
    struct conference *conference = participant->conference;

    incident_removed(participant, decision);
    participant_remove(participant, BOOTED, decision->code,
                       *decision->reason ? decision->reason : "No longer admitted");
    conference_end_if_over(conference);
}

static void recheck(struct participant *participant)
{
    struct conference *conference = participant->conference;
    struct request request = {
        .verb = VERB_JOIN,
        .conference = conference,
        .conference_name = conference->name,
        .call = participant->info.id,
    };
    struct decision decision;

    participant_params(participant, &request.params);
    actor_of_call(&request.actor, &participant->info, participant->id);
    decide(conference->focus, &request, &decision);
    decision.cause = conference->recheck_cause;
    request.target = participant->id;
    if (decision.failed) /* a broken script puts nobody out */
        return;
    if (decision.verdict == DECISION_REJECT)
        put_out(participant, &decision);
    else if (decision.verdict == DECISION_ACCEPT)
        apply(participant, &request, &decision);
}

/* Who is asked about next; NULL: all have been. */
static struct participant *next_due(struct conference *conference)
{
    struct participant *participant;

    DL_FOREACH(conference->members, participant)
    {
        if (participant->is_doubted)
            return participant;
    }
    return NULL;
}

static void on_recheck_timer(void *arg)
{
    struct conference *conference = arg;
    struct participant *participant;

    for (unsigned n = 0; n < RECHECKS_A_TURN && (participant = next_due(conference)); n++) {
        participant->is_doubted = false;
        recheck(participant);
    }
    if (!conference->ended && next_due(conference))
        (void)loop_timer_start(conference->focus->loop, &conference->recheck_timer, 0,
                               on_recheck_timer, conference);
}

/* Others were let in by who asked for them to be called or brought in. */
static bool came_by_itself(const struct participant *participant)
{
    enum verb verb = participant_cause(participant, CAUSE_ENTRY)->verb;

    return participant->joined && (verb == VERB_JOIN || verb == VERB_REPLACE);
}

int focus_recheck(struct conference *conference, const struct actor *actor)
{
    struct focus *focus = conference->focus;
    const struct request request = {.verb = VERB_JOIN, .actor = *actor};
    uint64_t now = loop_now(focus->loop), due = conference->rechecked_at + RECHECK_PAUSE;
    struct participant *participant;

    if (conference->ended || conference->factory)
        return ENOENT;
    cause_take(&conference->recheck_cause, focus, &request);
    DL_FOREACH(conference->members, participant)
    {
        participant->is_doubted = came_by_itself(participant);
    }
    conference->rechecked_at = conference->rechecked_at && now < due ? due : now;
    log_write(LOG_LEVEL_INFO, conference->name, NULL,
              "the policy is asked again about all who are in");
    return loop_timer_start(focus->loop, &conference->recheck_timer,
                            (unsigned)(conference->rechecked_at - now), on_recheck_timer,
                            conference);
}

void conference_reloaded(struct conference *conference)
{
    attendants_update(conference);
    if (conference->active)
        events_post(conference->focus, &(struct conference_event){.kind = EVENT_RELOADED,
                                                                  .conference = conference->id});
}

void focus_reloaded(struct focus *focus)
{
    struct conference *conference = NULL;

    while ((conference = focus_next_conference(focus, conference)))
        conference_reloaded(conference);
}
