/*
 * A call that takes the place of another: INVITE with Replaces (RFC 3891, RFC 4579 §5.9).
 *
 * The new participant begins with all that the old one has. Until its call is confirmed both are
 * there, and what is done to the old one is done to the new one, too; then the old one goes, and
 * one event tells both. Nobody else hears or sees anything of it: neither left nor joined is told.
 * One who was only being called had not come in: then they are told that it failed, and joined.
 */
#include "focus/admit.h"
#include "focus/arrangement.h"
#include "focus/conference.h"
#include "focus/participant.h"
#include "focus/pending_parts.h"
#include "focus/private.h"
#include "focus/sidebar.h"

#include "core/log.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

void participant_params(const struct participant *target, struct request_params *params)
{
    *params = (struct request_params){
        .muted = target->muted,
        .held = target->held_by_us,
        .anonymous = target->anonymous != 0,
        .hidden = target->hidden,
        .listen_only = target->listen_only,
        .floor = target->has_floor,
        .agc = target->voice.agc,
        .denoise = target->voice.denoise,
        .vad = target->voice.vad,
        .speaks = target->speaks,
        .hears = target->hears,
        .background = target->background,
    };
    (void)snprintf(params->role, sizeof params->role, "%s", target->role);
    (void)snprintf(params->display_name, sizeof params->display_name, "%s", target->display_name);
    (void)snprintf(params->spoken_name, sizeof params->spoken_name, "%s", target->spoken_name);
    (void)snprintf(params->attendant, sizeof params->attendant, "%s", target->attendant);
    (void)snprintf(params->language, sizeof params->language, "%s", target->language);
    music_keep(target, params);
}

static void replace_participant(struct participant *target, struct call *call, bool is_early_only)
{
    struct conference *conference = target->conference;
    struct focus *focus = conference->focus;
    const struct call_info *info = focus->signalling->info(call);
    struct request request = {
        .verb = VERB_REPLACE,
        .conference = conference,
        .conference_name = conference->name,
        .target = target->id,
        .call = info->id,
    };
    struct decision decision;

    participant_params(target, &request.params);
    request.params.anonymous |= info->caller.anonymous;
    actor_of_call(&request.actor, info, 0);
    decide(focus, &request, &decision);
    decision.params.anonymous |= info->caller.anonymous;
    if (decision.verdict == DECISION_REJECT)
        refuse_call_by(focus, call, &decision);
    else if (is_early_only && !target->called) /* RFC 3891 §3 */
        refuse_call(focus, call, 486, "Busy Here", 0);
    else if (target->successor || target->predecessor)
        refuse_call(focus, call, 491, "Request Pending", 0);
    else if (decision.verdict == DECISION_PENDING)
        waiting_begin(call, &request, &decision);
    else
        (void)bring_in(conference, call, &decision, target);
}

/* There is one call more for a moment only: no limit of their number counts. */
void replace(struct focus *focus, struct call *call, const struct named_dialog *named)
{
    void *user = focus->signalling->user(named->call);
    struct participant *target = participant_of(user);

    if (focus->shutting_down)
        refuse_call(focus, call, 503, "Server is stopping", RETRY_AFTER);
    else if (user == CALL_HAS_LEFT)
        refuse_call(focus, call, 603, "Decline", 0);
    else if (!target)
        refuse_call(focus, call, 481, "Call/Transaction Does Not Exist", 0);
    else
        replace_participant(target, call, named->is_early_only);
}

void replace_link(struct participant *participant, struct participant *predecessor)
{
    participant->predecessor = predecessor;
    predecessor->successor = participant;
    causes_inherit(participant, predecessor);
    /* It is the same nobody. */
    if (participant->anonymous && predecessor->anonymous)
        participant->anonymous = predecessor->anonymous;
}

void replace_unlink(struct participant *participant)
{
    if (participant->successor)
        participant->successor->predecessor = NULL;
    if (participant->predecessor)
        participant->predecessor->successor = NULL;
    participant->successor = participant->predecessor = NULL;
}

void replace_pass_on(struct participant *participant, enum verb verb,
                     const struct decision *decision)
{
    const struct request_params *params = &decision->params;

    if (verb == VERB_MUTE) {
        participant->muted = params->muted;
        cause_note(&participant->causes[CAUSE_MUTE], decision);
    } else if (verb == VERB_HOLD) {
        (void)participant_hold(participant, params->held); /* a call that ends needs no hold */
        cause_note(&participant->causes[CAUSE_HOLD], decision);
    } else if (verb_is_of_standing(verb)) {
        standing_pass_on(participant, verb, decision);
    } else if (verb == VERB_ENHANCE) {
        participant_enhance(participant, params);
    } else if (verb == VERB_VOLUME) {
        participant->speaks = params->speaks;
        participant->hears = params->hears;
        cause_note(&participant->causes[CAUSE_VOLUME], decision);
    } else {
        participant_remove(participant, BOOTED, 603, "Who is to be replaced was removed");
    }
}

/* `params`: what somebody is to come in with. */
static void change_params(struct request_params *params, enum verb verb,
                          const struct request_params *changed)
{
    if (verb == VERB_MUTE) {
        params->muted = changed->muted;
    } else if (verb == VERB_HOLD) {
        params->held = changed->held;
    } else if (verb == VERB_PERMIT) {
        params->listen_only = changed->listen_only;
    } else if (verb == VERB_FLOOR) {
        params->floor = changed->floor;
    } else if (verb == VERB_ROLE) {
        (void)memcpy(params->role, changed->role, sizeof params->role);
    } else if (verb == VERB_RENAME) {
        (void)memcpy(params->display_name, changed->display_name, sizeof params->display_name);
        (void)memcpy(params->spoken_name, changed->spoken_name, sizeof params->spoken_name);
    } else if (verb == VERB_VOLUME) {
        params->speaks = changed->speaks;
        params->hears = changed->hears;
    } else if (verb == VERB_ENHANCE) {
        params->agc = changed->agc;
        params->denoise = changed->denoise;
        params->vad = changed->vad;
    }
}

void replace_pass_on_waiting(const struct participant *target, enum verb verb,
                             const struct decision *decision)
{
    struct pending *pending;

    DL_FOREACH(target->conference->pending, pending)
    {
        if (pending->request.verb == VERB_REPLACE && pending->request.target == target->id)
            change_params(&pending->decision.params, verb, &decision->params);
    }
}

void replace_finish(struct participant *participant)
{
    struct participant *predecessor = participant->predecessor;

    log_write(LOG_LEVEL_INFO, participant->conference->name, participant->info.id,
              "%s takes the place of call %s of %s", participant->info.caller.uri,
              predecessor->info.id, predecessor->info.caller.uri);
    aside_hand_over(participant, predecessor);
    participant_remove(predecessor, REPLACED, 200,
                       predecessor->called ? "Call completed elsewhere" : "Replaced");
}
