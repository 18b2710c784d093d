/* Who is to decide what waits, and hears that it does. */
#include "focus/announce.h"
#include "focus/conference.h"
#include "focus/participant.h"
#include "focus/pending_parts.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

static bool is_decider(const struct pending *pending, const struct participant *participant)
{
    for (unsigned i = 0; i < DECIDERS_MAX; i++) {
        const char *role = pending->decision.waiting.decided_by[i];
        if (*role && strcmp(role, participant->role) == 0)
            return true;
    }
    return false;
}

bool pending_may_be_decided_by(const struct pending *pending, const struct actor *actor)
{
    const struct participant *participant =
        focus_participant(pending->request.conference->focus, actor->participant);

    if (actor->kind != ACTOR_CALLER)
        return true;
    return actor->authenticated && participant && is_decider(pending, participant);
}

/* Nothing that plays to them already is broken off for it. */
static void announce_to(const struct pending *pending, struct participant *participant)
{
    struct request_params params = {.gain = 0};

    (void)snprintf(params.file, sizeof params.file, "%s", pending->decision.waiting.announce);
    if (*params.file && participant->joined && is_decider(pending, participant) &&
        !participant_is_played_to(participant))
        (void)participant_play(participant, &params);
}

void pending_announce(const struct pending *pending)
{
    struct participant *participant;

    DL_FOREACH(pending->request.conference->members, participant)
    {
        announce_to(pending, participant);
    }
}

void pending_greet(struct participant *participant)
{
    const struct pending *pending;

    DL_FOREACH(participant->conference->pending, pending)
    {
        announce_to(pending, participant);
    }
}
