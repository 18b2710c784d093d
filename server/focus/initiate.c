/* INITIATE: somebody wants a conference with others in it, and owns it
 * (draft-ranjit-sipping-conference-01 §3, §5). */
#include "focus/admit.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/pending_parts.h"
#include "focus/private.h"
#include "focus/wishes.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void refuse(struct initiation *initiation, int code, const char *reason)
{
    initiation->code = code;
    (void)snprintf(initiation->reason, sizeof initiation->reason, "%s", reason);
}

/* For a factory, or the server itself: what a factory's conferences are like, but that it is over
 * when the initiator leaves (§6.6). NULL: refused. */
static struct conference *make(struct focus *focus, const struct conference *factory,
                               const struct actor *actor, struct initiation *initiation)
{
    struct sound_config sound;
    struct conference_config model = {.life = focus->life};
    struct creation creation = {
        .actor = *actor,
        .factory = factory ? factory->name : NULL,
        .from = &initiation->from,
        .model = &model,
    };
    struct conference *conference;
    struct decision decision;

    if (factory)
        factory_model(factory, &model, &sound);
    model.life.ends_with_creator = true;
    model.is_owned = true;
    switch (focus_make_conference(focus, &creation, &decision, &conference)) {
    case 0:
        return conference;
    case EPERM:
        refuse(initiation, decision.code, decision.reason);
        return NULL;
    default:
        refuse(initiation, 503, "No conference more");
        return NULL;
    }
}

/* The one that is called, or a new one. NULL: refused. */
static struct conference *find_or_make(struct focus *focus, const struct actor *actor,
                                       struct initiation *initiation, bool *is_newp)
{
    const struct call_info *from = &initiation->from;
    struct conference *conference = NULL;
    const char *reason;
    int code = gone_code(focus, from->requested_user, &reason);

    *is_newp = true;
    if (!*from->requested_user)
        return make(focus, NULL, actor, initiation);
    if (focus_may_serve(focus, from->requested_user, from->requested_host))
        conference = focus_conference_by_name(focus, from->requested_user);
    if (!conference) {
        refuse(initiation, code, reason);
        return NULL;
    }
    if (conference->factory)
        return make(focus, conference, actor, initiation);
    *is_newp = false;
    if (conference->hides_focus)
        refuse(initiation, 403, "");
    return conference->hides_focus ? NULL : conference;
}

void initiate(struct focus *focus, struct initiation *initiation)
{
    const struct call_info *from = &initiation->from;
    struct request common = {.call = from->id};
    const struct participant *participant;
    struct conference *conference;
    struct decision decision;
    const char *full;
    int error;

    events_catch_up(focus);
    full = focus_is_full(focus, from->requested_user);
    if (full) {
        refuse(initiation, 503, full);
        return;
    }
    actor_of_call(&common.actor, from, 0);
    conference = find_or_make(focus, &common.actor, initiation, &initiation->is_new);
    if (!conference)
        return;
    participant = conference_find_caller(conference, initiation->call, &from->caller);
    common.actor.participant = participant ? participant->id : 0;
    common.conference = conference;
    common.conference_name = conference->name;
    log_write(LOG_LEVEL_INFO, conference->name, from->id, "%s (%s) initiates with %u others",
              from->caller.uri, from->caller.peer, initiation->recipients->count);
    initiation->code = 202;
    (void)snprintf(initiation->conference, sizeof initiation->conference, "%s", conference->name);
    error = wishes_decide(&common, initiation->recipients, &initiation->wishes, &decision);
    if (error == EPERM)
        refuse(initiation, decision.code, decision.reason);
    else if (error)
        refuse(initiation, 503, "Out of memory");
    if (error && initiation->is_new)
        conference_end(conference, 200, "It was not initiated");
}

/* Who has listed itself is called already. */
static bool is_called_already(struct conference *conference, const struct initiation *initiation)
{
    const struct participant *participant = NULL;

    while ((participant = conference_next_participant(conference, participant))) {
        if (participant_is_named(participant, initiation->device) ||
            participant_is_named(participant, initiation->from.caller.uri)) {
            conference->creator = participant->id;
            return true;
        }
    }
    return false;
}

/* After all the others (figure 5.1, F9): the phone that has asked. */
static void call_initiator(struct conference *conference, const struct initiation *initiation)
{
    const struct call_info *from = &initiation->from;
    const struct invitation invitation = {
        .uri = from->caller.uri,
        .name = from->caller.display_name,
        .device = initiation->device,
        .is_proven = from->caller.authenticated,
    };
    struct request request = {
        .verb = VERB_INVITE,
        .conference = conference,
        .conference_name = conference->name,
        .invitation = &invitation,
        .call = from->id,
        .params = {.role = "host", .anonymous = from->caller.anonymous},
    };
    struct decision decision;
    struct pending *pending;
    int error;

    actor_of_call(&request.actor, from, 0);
    conference_wish_entry(conference, &request.params);
    error = focus_submit(conference->focus, &request, &decision);
    if (error == EINPROGRESS) {
        pending = focus_pending(conference->focus, decision.pending);
        pending->brings_creator = pending->tells_uncalled = true;
        return;
    }
    conference_set_creator(conference, !error || error == EALREADY ? decision.participant : 0);
    conference_end_if_over(conference);
}

void initiated(struct focus *focus, struct initiation *initiation, bool is_accepted)
{
    struct conference *conference = focus_conference_by_name(focus, initiation->conference);

    if (is_accepted && conference) {
        wishes_carry_out(initiation->wishes);
        if (initiation->is_new && !is_called_already(conference, initiation))
            call_initiator(conference, initiation);
        return;
    }
    wishes_free(initiation->wishes);
    if (initiation->is_new && conference)
        conference_end(conference, 200, "It was not initiated");
}
