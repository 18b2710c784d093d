/* Wishes about a running conference: each passes the policy, then takes effect, then is told. */
#include "focus/admit.h"
#include "focus/announce.h"
#include "focus/arrangement.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/message.h"
#include "focus/participant.h"
#include "focus/pending_parts.h"
#include "focus/private.h"
#include "focus/sidebar.h"
#include "focus/sound.h"
#include "focus/take.h"

#include "core/log.h"

#include <errno.h>

static const char *said(const struct decision *decision, const char *otherwise)
{
    return *decision->params.reason ? decision->params.reason : otherwise;
}

enum {
    ANSWERS_MOST = 500,
    ANSWERS_WINDOW = 10000, /* ms */
};

static bool has_target(enum verb verb)
{
    return verb == VERB_MUTE || verb == VERB_ENHANCE || verb == VERB_VOLUME || verb == VERB_HOLD ||
           verb == VERB_REMOVE || verb == VERB_TIMEOUT || verb_is_of_standing(verb);
}

/* Whose participants the target of a request is one of. */
static const struct conference *conference_of_target(const struct request *request)
{
    return request->verb == VERB_SIDEBAR ? request->conference->parent : request->conference;
}

static int mute(struct participant *participant, const struct decision *decision)
{
    struct conference *conference = participant->conference;
    bool muted = decision->params.muted;

    if (participant->muted == muted)
        return 0;
    participant->muted = muted;
    if (participant_route(participant)) {
        participant->muted = !muted;
        return ENOMEM;
    }
    cause_note(&participant->causes[CAUSE_MUTE], decision);
    log_write(LOG_LEVEL_INFO, conference->name, participant->info.id, "%s is %s",
              participant->info.caller.uri, muted ? "muted" : "unmuted");
    events_post(conference->focus, &(struct conference_event){
                                       .kind = EVENT_MUTED,
                                       .conference = conference->id,
                                       .participant = participant->id,
                                       .on = muted,
                                   });
    return 0;
}

static void enhance(struct participant *participant, const struct request_params *params)
{
    participant_enhance(participant, params);
    log_write(LOG_LEVEL_INFO, participant->conference->name, participant->info.id,
              "%s: gain control %s, noise suppression %s, voice detection %s",
              participant->info.caller.uri, params->agc ? "on" : "off",
              params->denoise ? "on" : "off", params->vad ? "on" : "off");
}

static int set_volume(struct participant *participant, const struct decision *decision)
{
    const struct request_params *params = &decision->params;
    float speaks = participant->speaks, hears = participant->hears;

    participant->speaks = params->speaks;
    participant->hears = params->hears;
    if (participant_route(participant)) {
        participant->speaks = speaks;
        participant->hears = hears;
        return ENOMEM;
    }
    cause_note(&participant->causes[CAUSE_VOLUME], decision);
    log_write(LOG_LEVEL_INFO, participant->conference->name, participant->info.id,
              "%s is heard at %+.1f dB and hears at %+.1f dB", participant->info.caller.uri,
              (double)params->speaks, (double)params->hears);
    return 0;
}

static int hold(struct participant *participant, const struct decision *decision)
{
    bool was_held = participant->held_by_us;
    int error = participant_hold(participant, decision->params.held);

    if (!error && was_held != decision->params.held)
        cause_note(&participant->causes[CAUSE_HOLD], decision);
    return error;
}

static int change_media(struct conference *conference, const struct decision *decision)
{
    int error = conference_change_media(conference, &decision->params);

    if (!error)
        cause_note(&conference->media_cause, decision);
    return error;
}

static void lock(struct conference *conference, const struct decision *decision)
{
    bool locked = decision->params.locked;

    if (conference->locked == locked)
        return;
    conference->locked = locked;
    cause_note(&conference->lock_cause, decision);
    log_write(LOG_LEVEL_INFO, conference->name, NULL, "conference is %s",
              locked ? "locked" : "unlocked");
    events_post(conference->focus, &(struct conference_event){
                                       .kind = EVENT_LOCKED,
                                       .conference = conference->id,
                                       .on = locked,
                                   });
}

static void remove_by(struct participant *target, const struct actor *actor,
                      const struct decision *decision)
{
    const char *otherwise = target->main ? "Back in the conference" : "Removed from the conference";

    target->removed_by = actor_name(target->conference->focus, actor);
    incident_removed(target, decision);
    participant_remove(target, BOOTED, 200, said(decision, otherwise));
}

static void remove_silent(struct participant *target, const struct decision *decision)
{
    incident_removed(target, decision);
    participant_remove(target, BOOTED, 408, said(decision, "No media received"));
}

static int fail(struct decision *decision, int error)
{
    (void)snprintf(decision->reason, sizeof decision->reason, "%s",
                   focus_failure(error, &decision->code));
    return ECANCELED;
}

static int carry_out_on(struct participant *target, const struct request *request,
                        struct decision *decision)
{
    struct conference *conference = target->conference;
    enum verb verb = request->verb;
    int error = 0;

    if (target->successor && verb != VERB_ANNOUNCE)
        replace_pass_on(target->successor, verb, decision);
    replace_pass_on_waiting(target, verb, decision);
    if (verb == VERB_MUTE)
        error = mute(target, decision);
    else if (verb == VERB_HOLD)
        error = hold(target, decision);
    else if (verb == VERB_ENHANCE)
        enhance(target, &decision->params);
    else if (verb_is_of_standing(verb))
        error = standing_change(target, verb, decision);
    else if (verb == VERB_VOLUME)
        error = set_volume(target, decision);
    else if (verb == VERB_ANNOUNCE)
        error = participant_play(target, &decision->params);
    else if (verb == VERB_REMOVE)
        remove_by(target, &request->actor, decision);
    else
        remove_silent(target, decision);
    conference_end_if_over(conference);
    return error ? fail(decision, error) : 0;
}

static int carry_out(struct conference *conference, enum verb verb, struct decision *decision)
{
    int error = 0;

    if (verb == VERB_ANNOUNCE)
        error = conference_announce(conference, &decision->params);
    else if (verb == VERB_RECORD)
        error = conference_record(conference, decision);
    else if (verb == VERB_MEDIA)
        error = change_media(conference, decision);
    else if (verb == VERB_LOCK)
        lock(conference, decision);
    else if (verb == VERB_LIMIT)
        conference_limit(conference, &decision->params.life);
    else
        conference_end_after(conference, decision->params.file,
                             said(decision, "The conference has ended"));
    return error ? fail(decision, error) : 0;
}

static int write_message(const struct request *request, struct participant *target,
                         struct decision *decision)
{
    int error = conference_tell_message(request->conference, target, request, decision);

    return error ? fail(decision, error) : 0;
}

/* A hook that answers its own event (muted: unmute, muted: mute …) would go on for ever. What hooks
 * ask for when they are told of something that a hook has caused is therefore rationed. */
static bool is_endless(struct focus *focus, struct conference *conference,
                       const struct request *request, struct decision *decision)
{
    if (!focus->is_telling_answer || !ration_is_used_up(&conference->answers, loop_now(focus->loop),
                                                        ANSWERS_WINDOW, ANSWERS_MOST))
        return false;
    if (conference->answers.count == ANSWERS_MOST + 1)
        log_write(LOG_LEVEL_ERROR, conference->name, NULL,
                  "%s: its event hooks answer each other's doing without end; what they ask for "
                  "beyond %d times in %d s is refused",
                  request->actor.uri, ANSWERS_MOST, ANSWERS_WINDOW / 1000);
    decision->code = 482;
    (void)snprintf(decision->reason, sizeof decision->reason, "Loop Detected");
    (void)snprintf(decision->by, sizeof decision->by, "default");
    return true;
}

/* NULL: it is over, or another conference's. */
static struct pending *find_pending(struct focus *focus, const struct request *request)
{
    struct pending *pending = focus_pending(focus, request->target);

    return pending && !pending->is_over && pending->request.conference == request->conference
               ? pending
               : NULL;
}

static bool may_have_target(enum verb verb)
{
    return verb == VERB_SIDEBAR || verb == VERB_ANNOUNCE || verb == VERB_MESSAGE;
}

/* *targetp NULL: the verb needs none. ENOENT: the conference or the target is gone. */
static int find_target(struct focus *focus, const struct request *request,
                       struct participant **targetp)
{
    struct participant *target = NULL;

    if (request->conference->ended || request->conference->factory)
        return ENOENT;
    if (has_target(request->verb) || (may_have_target(request->verb) && request->target)) {
        target = focus_participant(focus, request->target);
        /* It is this conference's policy that is asked: it decides about its own people only. */
        if (!target || target->left || target->conference != conference_of_target(request))
            return ENOENT;
    }
    if (request->verb == VERB_DECIDE && !find_pending(focus, request))
        return ENOENT;
    *targetp = target;
    return 0;
}

static int do_accepted(struct focus *focus, const struct request *request,
                       struct decision *decision)
{
    struct participant *target;

    if (find_target(focus, request, &target))
        return ENOENT;
    if (request->verb == VERB_INVITE)
        return invite(request->conference, request, decision);
    if (request->verb == VERB_DECIDE)
        return pending_decide(find_pending(focus, request), request, decision);
    if (request->verb == VERB_SIDEBAR)
        return sidebar(request->conference, target, request, decision);
    if (request->verb == VERB_MESSAGE)
        return write_message(request, target, decision);
    if (target)
        return carry_out_on(target, request, decision);
    return carry_out(request->conference, request->verb, decision);
}

int submit_accepted(struct focus *focus, const struct request *request, struct decision *decision)
{
    int error = do_accepted(focus, request, decision);

    /* Of what was decided about a pending request, that request tells. */
    if (error && error != ENOENT && request->verb != VERB_DECIDE)
        decision_failed(focus, request, decision);
    return error;
}

int submit_decided(struct focus *focus, const struct request *request, struct decision *decision)
{
    return decision->verdict == DECISION_PENDING ? pending_add(request, decision)
                                                 : submit_accepted(focus, request, decision);
}

int focus_submit(struct focus *focus, const struct request *request, struct decision *decision)
{
    struct conference *conference = request->conference;
    struct participant *target;

    *decision = (struct decision){.verdict = DECISION_REJECT};
    if (request->verb == VERB_CREATE || request->verb == VERB_JOIN ||
        request->verb == VERB_REPLACE || request->verb == VERB_SUBSCRIBE || !conference)
        return EINVAL;
    if (find_target(focus, request, &target))
        return ENOENT;
    if (is_endless(focus, conference, request, decision)) {
        decision_failed(focus, request, decision);
        return EPERM;
    }
    decide(focus, request, decision);
    if (decision->verdict == DECISION_REJECT) {
        log_write(LOG_LEVEL_INFO, conference->name, request->call, "%s refused: %d %s (by %s)",
                  verb_name(request->verb), decision->code, decision->reason, decision->by);
        return EPERM;
    }
    return submit_decided(focus, request, decision);
}
