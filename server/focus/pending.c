/* Requests that wait for somebody's decision: kept, decided, expired, withdrawn. */
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/pending_parts.h"
#include "focus/private.h"
#include "focus/sidebar.h"
#include "focus/wishes.h"

#include "core/id.h"
#include "core/log.h"
#include "core/texts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum {
    PENDING_MAX = 2000,          /* at a time */
    PENDING_OF_CONFERENCE = 200, /* of these */
};

static void pending_expire(void *arg);

/* For the log. */
static const char *asker_of(const struct request *request)
{
    const char *uri = request->actor.uri;

    return uri && *uri ? uri : "the server";
}

/* ---- keeping -------------------------------------------------------------------------------- */

/* All the texts of the request become its own. */
static int copy_texts(struct pending *pending)
{
    struct request *request = &pending->request;
    struct actor *actor = &request->actor;
    struct invitation *invitation = &pending->invitation;
    const char **fields[] = {
        &request->conference_name,
        &request->factory,
        &request->call,
        &request->package,
        &request->text,
        &actor->uri,
        &actor->user,
        &actor->host,
        &actor->groups,
        &actor->display_name,
        &actor->user_agent,
        &actor->peer,
        &actor->position,
        &actor->referred_by,
        &invitation->uri,
        &invitation->name,
        &invitation->device,
        &invitation->referrer,
        &invitation->replaces,
        &invitation->referred_by,
    };

    pending->strings = texts_own(fields, sizeof fields / sizeof *fields);
    return pending->strings ? 0 : ENOMEM;
}

static void release(struct pending *pending)
{
    json_decref((json_t *)pending->sidebar.options);
    free(pending->strings);
    free(pending);
}

static struct pending *make(const struct request *request, const struct decision *decision)
{
    struct pending *pending = calloc(1, sizeof *pending);
    struct loop *loop = request->conference->focus->loop;

    if (!pending)
        return NULL;
    pending->request = *request;
    pending->request.instead = NULL;
    if (request->invitation) {
        pending->invitation = *request->invitation;
        pending->request.invitation = &pending->invitation;
        pending->referral = request->invitation->referral;
    }
    if (request->sidebar) {
        pending->sidebar = *request->sidebar;
        pending->request.sidebar = &pending->sidebar;
        json_incref((json_t *)pending->sidebar.options);
    }
    pending->decision = *decision;
    pending->since = loop_time(loop);
    if (copy_texts(pending) || loop_timer_start(loop, &pending->expiry, decision->waiting.expires,
                                                pending_expire, pending)) {
        release(pending);
        return NULL;
    }
    return pending;
}

static bool is_too_much(const struct conference *conference)
{
    return conference->pending_count >= PENDING_OF_CONFERENCE ||
           HASH_COUNT(conference->focus->pending) >= PENDING_MAX;
}

static int fail(struct decision *decision, int code, const char *reason, int error)
{
    decision->verdict = DECISION_REJECT;
    decision->code = code;
    (void)snprintf(decision->reason, sizeof decision->reason, "%s", reason);
    return error;
}

int pending_add(const struct request *request, struct decision *decision)
{
    struct conference *conference = request->conference;
    struct focus *focus = conference->focus;
    struct pending *pending;

    if (conference->ended || focus->shutting_down)
        return fail(decision, 480, "The conference has ended", EPERM);
    if (is_too_much(conference))
        return fail(decision, 503, "Too many requests wait for a decision", EPERM);
    pending = make(request, decision);
    if (!pending)
        return fail(decision, 503, "Out of memory", EPERM);
    pending->id = decision->pending = id_next();
    HASH_ADD(hh, focus->pending, id, sizeof pending->id, pending);
    DL_APPEND(conference->pending, pending);
    conference->pending_count++;
    log_write(LOG_LEVEL_INFO, conference->name, request->call,
              "%s by %s waits for a decision of %s (%llu, by %s)", verb_name(request->verb),
              asker_of(request), decision->waiting.decided_by[0], (unsigned long long)pending->id,
              decision->by);
    events_post(focus, &(struct conference_event){
                           .kind = EVENT_PENDING,
                           .conference = conference->id,
                           .pending = pending->id,
                       });
    pending_announce(pending);
    return EINPROGRESS;
}

void pending_free(struct pending *pending)
{
    HASH_DELETE(hh, pending->request.conference->focus->pending, pending);
    release(pending);
}

/* ---- the end of waiting --------------------------------------------------------------------- */

/* It is as good as over: nothing befalls it from elsewhere any more. */
static void take_out(struct pending *pending)
{
    struct conference *conference = pending->request.conference;

    pending->is_over = true;
    loop_timer_stop(&pending->expiry);
    DL_DELETE(conference->pending, pending);
    conference->pending_count--;
}

/* What has become of it, which was taken out, is told. */
static void finish(struct pending *pending, const struct decision *result)
{
    struct conference *conference = pending->request.conference;
    struct conference_event event = {
        .kind = EVENT_DECIDED,
        .conference = conference->id,
        .participant = result->participant,
        .pending = pending->id,
        .on = result->verdict == DECISION_ACCEPT,
        .code = result->code,
    };

    (void)snprintf(event.reason, sizeof event.reason, "%s", result->reason);
    if (pending->brings_creator)
        conference_set_creator(conference, result->participant);
    log_write(LOG_LEVEL_INFO, conference->name, pending->request.call,
              "%s by %s (%llu) is %s%s%s: %d %s", verb_name(pending->request.verb),
              asker_of(&pending->request), (unsigned long long)pending->id,
              event.on ? "approved" : "not done", *pending->decided_by ? " by " : "",
              pending->decided_by, result->code, result->reason);
    events_post_decided(pending, &event);
}

/* Whoever asked by REFER hears the last word; a code of ours that means an end is none to them. */
static void tell_referrer(struct pending *pending, const struct decision *result)
{
    const struct signalling *signalling = pending->request.conference->focus->signalling;
    bool is_done = result->verdict == DECISION_ACCEPT;

    if (pending->referral)
        signalling->report(pending->referral,
                           is_done              ? 200
                           : result->code < 300 ? 487
                                                : result->code,
                           is_done ? NULL : result->reason);
    pending->referral = NULL;
}

/* Whoever asked may ask for more when it hears this: it hears it last. */
static void tell_asker(struct pending *pending, const struct decision *result)
{
    struct asker asker = pending->asker;

    pending->asker.decided = NULL;
    if (asker.decided)
        asker.decided(asker.arg, result);
}

/* Nothing comes of it. Who calls looks after the conference, which may be over by that. */
static void refuse_alone(struct pending *pending, int code, const char *reason)
{
    struct conference *conference = pending->request.conference;
    struct decision result = {.verdict = DECISION_REJECT, .code = code};

    (void)snprintf(result.reason, sizeof result.reason, "%s", reason);
    take_out(pending);
    if (pending->caller)
        waiting_refuse(pending, &result);
    tell_referrer(pending, &result);
    if (pending->tells_uncalled) {
        result.params = pending->decision.params;
        participant_tell_uncalled(conference, &pending->invitation, &result);
    }
    finish(pending, &result);
    tell_asker(pending, &result);
}

static void refuse(struct pending *pending, int code, const char *reason)
{
    struct conference *conference = pending->request.conference;

    refuse_alone(pending, code, reason);
    conference_end_if_over(conference);
}

static void pending_expire(void *arg)
{
    static const char reason[] = "Nobody has decided in time";

    incident_moderated(arg, 408, reason, NULL);
    refuse(arg, 408, reason);
}

void pending_withdraw(struct pending *pending, int code, const char *reason)
{
    pending->caller = NULL;
    pending->asker.decided = NULL;
    refuse(pending, code, reason);
}

void pending_end_all(struct conference *conference, int code, const char *reason)
{
    while (conference->pending)
        refuse_alone(conference->pending, code, reason);
}

void pending_watch(struct pending *pending,
                   void (*decided)(void *arg, const struct decision *result), void *arg)
{
    pending->asker = (struct asker){.decided = decided, .arg = arg};
}

void pending_cancel(struct focus *focus, uint64_t id)
{
    struct pending *pending = focus_pending(focus, id);

    if (pending && !pending->is_over)
        pending_withdraw(pending, 487, "Withdrawn");
}

/* NULL: nothing is. The call that a join names (RFC 3911) only says which conference is meant. */
static struct pending *find_about(const struct conference *conference, uint64_t participant)
{
    struct pending *pending;

    DL_FOREACH(conference->pending, pending)
    {
        if (pending->request.target == participant && pending->request.verb != VERB_JOIN)
            break;
    }
    return pending;
}

/* Who hears of it may withdraw the rest, but the conference ends behind its last participant. */
static void target_left(struct conference *conference, const struct participant *participant)
{
    bool was_settling = conference->is_settling;
    struct pending *pending;

    conference->is_settling = true;
    while ((pending = find_about(conference, participant->id))) {
        if (participant->successor)
            pending->request.target = participant->successor->id;
        else
            refuse_alone(pending, 480, "Who it is about has left");
    }
    conference->is_settling = was_settling;
}

void pending_target_left(const struct participant *participant)
{
    struct conference *conference = participant->conference, *sidebar;

    target_left(conference, participant);
    /* Whoever is to come into a sidebar is a participant of its parent. */
    DL_FOREACH2(conference->sidebars, sidebar, next_sidebar)
    {
        target_left(sidebar, participant);
    }
}

/* ---- deciding ------------------------------------------------------------------------------- */

/* What would fail now, and may go well later. */
static bool is_impossible(const struct pending *pending, struct decision *decision)
{
    const struct conference *conference = pending->request.conference;
    enum verb verb = pending->request.verb;

    if ((verb == VERB_JOIN || verb == VERB_INVITE) && conference->capacity &&
        conference->member_count >= conference->capacity) {
        (void)fail(decision, 486, "Conference is full", 0);
        return true;
    }
    return false;
}

/* As if the policy had accepted it now. */
static int carry_out(struct pending *pending, struct decision *result)
{
    const struct request *request = &pending->request;

    if (pending->caller)
        return waiting_enter(pending, result);
    if (pending->asker.decided) /* does it by itself, when it hears of it */
        return 0;
    return submit_accepted(request->conference->focus, request, result);
}

/* What was approved may take away whom it is about, and its conference with them: that does not
 * end before this has been told. */
static int carry_out_held(struct pending *pending, struct decision *result)
{
    struct conference *conference = pending->request.conference;
    int error;

    take_out(pending);
    conference->is_settling = true;
    error = carry_out(pending, result);
    conference->is_settling = false;
    return error;
}

/* This is told before the end of the conference, behind which nothing is told of it. */
static int approve_end(struct pending *pending, struct decision *result)
{
    const struct request *request = &pending->request;

    result->code = 200;
    result->reason[0] = '\0';
    take_out(pending);
    finish(pending, result);
    return submit_accepted(request->conference->focus, request, result);
}

/* An invite's effect tells the referrer by itself, unless it fails at once. */
static void settle_referral(struct pending *pending, const struct decision *result, int error)
{
    if (pending->request.verb == VERB_INVITE && (!error || error == EALREADY))
        pending->referral = NULL;
    else
        tell_referrer(pending, result);
}

static int approve(struct pending *pending, const struct request *request,
                   struct decision *decision)
{
    struct conference *conference = pending->request.conference;
    struct decision result = pending->decision;
    int error;

    if (is_impossible(pending, decision))
        return ECANCELED;
    result.verdict = DECISION_ACCEPT;
    if (request->instead)
        result.params = *request->instead;
    (void)snprintf(result.by, sizeof result.by, "%s", decision->by);
    result.generation = decision->generation;
    cause_moderate(&result.cause, decision);
    if (pending->request.verb == VERB_END)
        return approve_end(pending, &result);
    error = carry_out_held(pending, &result);
    if (error && error != EALREADY) {
        result.verdict = DECISION_REJECT;
        if (error == ENOENT)
            (void)fail(&result, 480, "It can no longer be done", 0);
        if (pending->tells_uncalled)
            participant_tell_uncalled(conference, &pending->invitation, &result);
    } else {
        result.code = 200;
        result.reason[0] = '\0';
    }
    settle_referral(pending, &result, error);
    finish(pending, &result);
    tell_asker(pending, &result);
    conference_end_if_over(conference);
    decision->participant = result.participant;
    if (result.verdict == DECISION_ACCEPT)
        return 0;
    decision->code = result.code;
    (void)snprintf(decision->reason, sizeof decision->reason, "%s", result.reason);
    return ECANCELED;
}

int pending_decide(struct pending *pending, const struct request *request,
                   struct decision *decision)
{
    const struct request_params *params = &decision->params;
    const char *reason = *params->reason ? params->reason : "Declined";
    int code = params->code ? params->code : 603;
    const char *uri = actor_is_secret(pending->request.conference->focus, &request->actor)
                          ? ""
                          : request->actor.uri;

    (void)snprintf(pending->decided_by, sizeof pending->decided_by, "%s", uri);
    if (params->approved)
        return approve(pending, request, decision);
    incident_moderated(pending, code, reason, decision);
    refuse(pending, code, reason);
    return 0;
}

int pending_submit(struct focus *focus, const struct actor *actor, uint64_t id,
                   const struct request *wish, struct decision *decision)
{
    const struct pending *pending = focus_pending(focus, id);
    struct request request = *wish;

    if (!pending)
        return ENOENT;
    request.verb = VERB_DECIDE;
    request.actor = *actor;
    request.target = id;
    request.conference = pending->request.conference;
    request.conference_name = request.conference->name;
    return focus_submit(focus, &request, decision);
}

/* ---- reading -------------------------------------------------------------------------------- */

struct pending *focus_pending(struct focus *focus, uint64_t id)
{
    struct pending *pending;

    HASH_FIND(hh, focus->pending, &id, sizeof id, pending);
    return pending;
}

struct pending *conference_next_pending(const struct conference *conference,
                                        const struct pending *after)
{
    return after ? after->next : conference->pending;
}

bool pending_is_over(const struct pending *pending)
{
    return pending->is_over;
}

uint64_t pending_id(const struct pending *pending)
{
    return pending->id;
}

const struct request *pending_request(const struct pending *pending)
{
    return &pending->request;
}

const struct decision *pending_decision(const struct pending *pending)
{
    return &pending->decision;
}

time_t pending_since(const struct pending *pending)
{
    return pending->since;
}

time_t pending_expires_at(const struct pending *pending)
{
    return pending->since + pending->decision.waiting.expires / 1000;
}

const struct call_info *pending_call(const struct pending *pending)
{
    return pending->caller ? visitor_call(pending->caller) : NULL;
}

const char *pending_decided_by(const struct pending *pending)
{
    return pending->decided_by;
}
