/* Wishes about a running conference: each passes the policy, then takes effect, then is told. */
#include "focus/private.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>

static const char *said(const struct decision *decision, const char *otherwise)
{
    return *decision->params.reason ? decision->params.reason : otherwise;
}

static void mute(struct participant *participant, bool muted)
{
    struct conference *conference = participant->conference;

    if (participant->muted == muted)
        return;
    participant->muted = muted;
    participant_route(participant);
    log_write(LOG_LEVEL_INFO, conference->name, participant->info.id, "%s is %s",
              participant->info.caller.uri, muted ? "muted" : "unmuted");
    events_post(conference->focus, &(struct conference_event){
                                       .kind = EVENT_MUTED,
                                       .conference = conference->id,
                                       .participant = participant->id,
                                       .on = muted,
                                   });
}

static void lock(struct conference *conference, bool locked)
{
    if (conference->locked == locked)
        return;
    conference->locked = locked;
    log_write(LOG_LEVEL_INFO, conference->name, NULL, "conference is %s",
              locked ? "locked" : "unlocked");
    events_post(conference->focus, &(struct conference_event){
                                       .kind = EVENT_LOCKED,
                                       .conference = conference->id,
                                       .on = locked,
                                   });
}

static void carry_out(struct conference *conference, struct participant *target,
                      const struct request *request, const struct decision *decision)
{
    switch (request->verb) {
    case VERB_MUTE:
        mute(target, decision->params.muted);
        break;
    case VERB_LOCK:
        lock(conference, decision->params.locked);
        break;
    case VERB_REMOVE:
        participant_remove(target, 200, said(decision, "Removed from the conference"));
        conference_end_if_empty(conference);
        break;
    case VERB_TIMEOUT:
        participant_remove(target, 408, said(decision, "No media received"));
        conference_end_if_empty(conference);
        break;
    case VERB_END:
        conference_end(conference, 200, said(decision, "The conference has ended"));
        break;
    case VERB_CREATE:
    case VERB_JOIN:
    case VERB_COUNT:
        break;
    }
}

int focus_submit(struct focus *focus, const struct request *request, struct decision *decision)
{
    bool has_target =
        request->verb == VERB_MUTE || request->verb == VERB_REMOVE || request->verb == VERB_TIMEOUT;
    struct conference *conference = request->conference;
    struct participant *target = NULL;

    if (request->verb == VERB_CREATE || request->verb == VERB_JOIN || !conference)
        return EINVAL;
    if (conference->ended || (has_target && (target = focus_participant(focus, request->target),
                                             !target || target->left)))
        return ENOENT;
    decide(focus, request, decision);
    if (decision->verdict != DECISION_ACCEPT) {
        log_write(LOG_LEVEL_INFO, conference->name, request->call, "%s refused: %d %s (by %s)",
                  verb_name(request->verb), decision->code, decision->reason, decision->by);
        return EPERM;
    }
    /* A policy is pure, so nothing can have gone while it was asked. */
    carry_out(conference, target, request, decision);
    return 0;
}
