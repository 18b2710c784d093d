/* Calling somebody to bring them in (RFC 4579 §5.2): the effect of an accepted invite. */
#include "focus/admit.h"
#include "focus/arrangement.h"
#include "focus/cascade.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/private.h"
#include "focus/question.h"
#include "focus/sidebar.h"
#include "focus/wishes.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int fail(struct conference *conference, const struct request *request,
                struct decision *decision, int code, const char *reason)
{
    decision->code = code;
    (void)snprintf(decision->reason, sizeof decision->reason, "%s", reason);
    log_write(LOG_LEVEL_INFO, conference->name, request->call, "%s is not called: %d %s",
              request->invitation->uri, code, reason);
    return ECANCELED;
}

static bool is_same_user(const struct caller *one, const struct caller *other)
{
    return strcmp(one->user, other->user) == 0 && strcasecmp(one->uri, other->uri) == 0;
}

/* "Already in" must not tell a caller of somebody whom the roster does not name. */
static bool may_be_told_of(const struct actor *actor, const struct participant *participant)
{
    return actor->kind != ACTOR_CALLER || !(participant->anonymous || participant->hidden);
}

/* NULL: not in, nor on the way in. */
static struct participant *find_user(const struct conference *conference,
                                     const struct caller *caller, const struct actor *actor)
{
    struct participant *participant = NULL;

    while ((participant = conference_next_participant(conference, participant)))
        if (is_same_user(&participant->info.caller, caller) && may_be_told_of(actor, participant))
            return participant;
    return NULL;
}

static struct outgoing_call describe(const struct conference *conference,
                                     const struct request *request)
{
    return (struct outgoing_call){
        .target = request->invitation->uri,
        .device = request->invitation->device,
        .is_proven = request->invitation->is_proven,
        .name = request->invitation->name ? request->invitation->name : "",
        .conference = conference->name,
        .title = conference->title,
        .referrer = request->invitation->referrer,
        .referred_by = request->invitation->referred_by,
        .replaces = request->invitation->replaces,
    };
}

/* Why signalling will not do it. */
static int fail_by(struct conference *conference, const struct request *request,
                   struct decision *decision, int error)
{
    switch (error) {
    case 0:
        return 0;
    case EAGAIN:
        return fail(conference, request, decision, 503, "Too many are being asked already");
    case EINVAL:
        return fail(conference, request, decision, 400, "Not a SIP URI that can be called");
    case ENOENT:
        return fail(conference, request, decision, 480, "No phone is registered under this name");
    case ELOOP:
        return fail(conference, request, decision, 482, "That is this server itself");
    case EAFNOSUPPORT:
        return fail(conference, request, decision, 503, "No listener reaches such an address");
    default:
        return fail(conference, request, decision, 503, "Out of memory");
    }
}

static int make_call(struct conference *conference, const struct request *request,
                     struct decision *decision, struct call **callp)
{
    const struct signalling *signalling = conference->focus->signalling;
    const struct outgoing_call outgoing = describe(conference, request);

    return fail_by(conference, request, decision,
                   signalling->call(signalling->ctx, &outgoing, callp));
}

/* What speaks against calling them, before anything is sent. */
static int check(struct conference *conference, const struct request *request,
                 struct decision *decision, const struct caller *caller)
{
    struct focus *focus = conference->focus;
    /* A call that takes the place of another one of theirs is wanted for itself. */
    const char *replaces = request->invitation->replaces;
    struct participant *other =
        replaces && *replaces ? NULL : find_user(conference, caller, &request->actor);

    if (other) {
        decision->participant = other->id;
        (void)fail(conference, request, decision, 486, "already in");
        referrer_add_to(other, request->invitation->referral);
        if (other->info.is_focus)
            cascade_verify(conference);
        return EALREADY;
    }
    /* One conference within another: each would hear its own echo. */
    if (*focus->domain && strcasecmp(caller->host, focus->domain) == 0 &&
        focus_conference_by_name(focus, caller->user))
        return fail(conference, request, decision, 482, "That is a conference of this server");
    if (conference->capacity && conference->member_count >= conference->capacity)
        return fail(conference, request, decision, 486, "Conference is full");
    return 0;
}

static void ring(struct participant *participant, const struct invitation *invitation)
{
    struct conference *conference = participant->conference;
    struct focus *focus = conference->focus;
    struct answer offer;

    participant->called = true;
    conference->called_count++;
    question_wait(participant, invitation->timeout ? invitation->timeout : focus->answer_timeout);
    events_post(focus, &(struct conference_event){
                           .kind = EVENT_DIALING,
                           .conference = conference->id,
                           .participant = participant->id,
                       });
    participant_answer(participant, &offer);
    /* What goes wrong with it is told as the call's end. */
    (void)focus->signalling->invite(participant->call, &offer);
}

/* Whoever is asked comes in as any caller does: a policy that lets them be asked has not yet let
 * them in. */
static int ask(struct conference *conference, const struct request *request,
               struct decision *decision)
{
    struct focus *focus = conference->focus;
    const struct invitation *invitation = request->invitation;
    const struct outgoing_refer refer = {
        .call = describe(conference, request),
        .timeout = invitation->timeout ? invitation->timeout : focus->answer_timeout,
        .referral = invitation->referral,
    };
    struct participant *other = NULL;

    while ((other = conference_next_participant(conference, other))) {
        if (participant_is_named(other, invitation->uri) &&
            may_be_told_of(&request->actor, other)) {
            decision->participant = other->id;
            (void)fail(conference, request, decision, 486, "already in");
            referrer_add_to(other, invitation->referral);
            return EALREADY;
        }
    }
    return fail_by(conference, request, decision,
                   focus->signalling->refer(focus->signalling->ctx, &refer));
}

/* Nobody in the parent gets a second call for its sidebar (framework 5.6). */
static int ask_aside(struct conference *sidebar, struct participant *main,
                     const struct request *request, struct decision *decision)
{
    const struct request_params *decided = &decision->params;
    struct request_params params = *decided;

    sidebar_wish_entry(sidebar, main, &params);
    if (*decided->file)
        (void)snprintf(params.file, sizeof params.file, "%s", decided->file);
    params.muted = decided->muted;
    params.listen_only = decided->listen_only;
    params.hidden |= decided->hidden;
    params.anonymous |= decided->anonymous;
    return aside_take(sidebar, main, &params, request, decision);
}

/* With the question that is put to who answers, if there is one. */
static int make_participant(struct conference *conference, struct call *call,
                            const struct request_params *params, struct participant **participantp)
{
    char *question = *params->file ? strdup(params->file) : NULL;
    int error = *params->file && !question ? ENOMEM : conference_activate(conference);

    if (!error)
        error = participant_make(conference, call, NULL, params, participantp);
    if (error)
        free(question);
    else
        (*participantp)->question = question;
    return error;
}

int invite(struct conference *conference, const struct request *request, struct decision *decision)
{
    struct focus *focus = conference->focus;
    const struct signalling *signalling = focus->signalling;
    struct participant *participant;
    struct call *call = NULL;
    const char *reason;
    int error, code;

    participant = aside_find(conference, request->invitation->uri);
    if (participant)
        return ask_aside(conference, participant, request, decision);
    reason = focus_is_full(focus, conference->name);
    if (reason)
        return fail(conference, request, decision, 503, reason);
    if (request->invitation->by_refer)
        return ask(conference, request, decision);
    error = make_call(conference, request, decision, &call);
    if (error)
        return error;
    error = check(conference, request, decision, &signalling->info(call)->caller);
    if (error)
        goto out;
    error = make_participant(conference, call, &decision->params, &participant);
    if (error) {
        code = media_failure(conference->name, signalling->info(call)->id, error, &reason);
        error = fail(conference, request, decision, code, reason);
        goto out;
    }
    decision->participant = participant->id;
    cause_note(&participant->causes[CAUSE_ENTRY], decision);
    participant->brought_by = actor_name(focus, &request->actor);
    if (request->invitation->referral)
        referrer_add(participant, request->invitation->referral);
    log_write(LOG_LEVEL_INFO, conference->name, participant->info.id, "%s is invited (by %s)",
              participant->info.caller.uri, decision->by);
    ring(participant, request->invitation);
    return 0;
out:
    signalling->end(call, decision->code, decision->reason);
    conference_end_if_over(conference);
    return error;
}
