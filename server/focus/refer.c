/* What somebody asks of a conference by REFER (RFC 4579 §5.5, §5.7, §5.11), and how it goes. */
#include "focus/admit.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/pending.h"
#include "focus/pending_parts.h"
#include "focus/private.h"
#include "focus/question.h"
#include "focus/sidebar.h"
#include "focus/wishes.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum {
    EXPIRES_MARGIN = 30, /* s, from the last that a phone may say to the last NOTIFY */
    NAMED_AT_ONCE = 64,  /* endpoints of one URI */
};

/* Who is told whether a participant comes in. */
struct referrer {
    struct referral *referral;
    struct referrer *next;
};

/* ---- how an invitation goes ----------------------------------------------------------------- */

void referrer_add(struct participant *participant, struct referral *referral)
{
    const struct signalling *signalling = participant->conference->focus->signalling;
    struct referrer *referrer = calloc(1, sizeof *referrer);

    if (!referrer) {
        signalling->report(referral, 500, NULL);
        return;
    }
    referrer->referral = referral;
    LL_APPEND(participant->referrers, referrer);
}

/* Who is in already has what was wished for them: that is success. */
void referrer_add_to(struct participant *participant, struct referral *referral)
{
    const struct signalling *signalling = participant->conference->focus->signalling;

    if (referral && participant->called)
        referrer_add(participant, referral);
    else if (referral)
        signalling->report(referral, 200, "Already in the conference");
}

void referrers_tell(struct participant *participant, int code, const char *reason)
{
    const struct signalling *signalling = participant->conference->focus->signalling;
    struct referrer *referrer, *next;

    LL_FOREACH_SAFE(participant->referrers, referrer, next)
    {
        signalling->report(referrer->referral, code, reason);
        if (code >= 200)
            free(referrer);
    }
    if (code >= 200)
        participant->referrers = NULL;
}

/* ---- the request ---------------------------------------------------------------------------- */

static void refuse(struct reference *reference, int code, const char *reason)
{
    reference->code = code;
    (void)snprintf(reference->reason, sizeof reference->reason, "%s", reason);
}

/* Whoever is shown without a name, or not at all, must not be named by whom it brings in, nor to
 * them: phones write Referred-By unasked. */
static void name_referrer(struct focus *focus, const struct reference *reference,
                          const struct actor *actor, struct invitation *invitation)
{
    const struct call_info *from = &reference->from;
    bool is_secret = actor_is_secret(focus, actor);

    invitation->referrer = is_secret            ? ""
                           : *from->referred_by ? from->referred_by
                                                : from->caller.uri;
    invitation->referred_by = is_secret ? "" : reference->referred_by;
}

/* Somebody is to decide first: the REFER is accepted, and its subscription is pending (RFC 3515
 * §2.4.5, §2.4.7). The first of several that wait is the one that is told of. */
static void wait_for(struct focus *focus, struct reference *reference, uint64_t id)
{
    struct pending *pending = focus_pending(focus, id);

    if (reference->is_pending)
        return;
    pending->referral = reference->referral;
    reference->is_pending = true;
    reference->expires += pending->decision.waiting.expires / 1000;
}

/* Who is asked into a sidebar and has itself brought there answers the question. */
static bool is_answer(const struct reference *reference, const struct request *asked)
{
    const struct participant *main = aside_find(asked->conference, reference->uri);
    const struct participant *aside = main ? main->aside : NULL;

    return aside && !aside->joined && aside->conference == asked->conference &&
           aside->id == asked->actor.participant;
}

static void refer_invite(struct focus *focus, struct reference *reference,
                         const struct request *asked)
{
    struct invitation invitation = {
        .uri = reference->uri,
        .name = reference->name,
        .replaces = reference->replaces,
        .by_refer = reference->method == REFERENCE_REFER,
        .referral = reference->referral,
    };
    struct request request = *asked;
    struct decision decision;

    /* Nobody is sent elsewhere in a conference's name. */
    if (invitation.by_refer && *reference->refer_to &&
        strcmp(reference->refer_to, request.conference->name) != 0) {
        refuse(reference, 400, "Refer-To Within Refer-To Is Not This Conference");
        return;
    }
    if (is_answer(reference, asked)) {
        question_accept(focus_participant(focus, asked->actor.participant));
        if (reference->referral)
            focus->signalling->report(reference->referral, 200, NULL);
        return;
    }
    if (!invitation.by_refer && refer_waiting(focus, reference, asked))
        return;
    name_referrer(focus, reference, &asked->actor, &invitation);
    request.verb = VERB_INVITE;
    request.invitation = &invitation;
    (void)snprintf(request.params.role, sizeof request.params.role, "participant");
    conference_wish_entry(request.conference, &request.params);
    switch (focus_submit(focus, &request, &decision)) {
    case 0:
    case EALREADY:
        return;
    case EINPROGRESS:
        wait_for(focus, reference, decision.pending);
        return;
    case ECANCELED:
        if (decision.code == 400) {
            refuse(reference, decision.code, decision.reason);
        } else if (reference->referral) {
            /* A REFER is answered by what speaks against the REFER itself: to a phone a 404 or 480
             * within its call would be that call's end (RFC 5057 §5.1). */
            focus->signalling->report(reference->referral, decision.code, decision.reason);
        }
        return;
    case EPERM:
        refuse(reference, decision.code, decision.reason);
        return;
    default:
        refuse(reference, 404, "");
        return;
    }
}

/* ---- who is in already, or waits ------------------------------------------------------------ */

static void refuse_unknown(struct focus *focus, struct reference *reference,
                           const struct request *request)
{
    struct decision decision;

    wish_refuse_unknown(request, &decision);
    if (decision.code != 404)
        refuse(reference, decision.code, "");
    else if (reference->referral)
        focus->signalling->report(reference->referral, 404, decision.reason);
}

/* What is to be done with all endpoints of the target. */
static void refer_named(struct focus *focus, struct reference *reference, struct request *request)
{
    const struct participant *participant = NULL;
    uint64_t targets[NAMED_AT_ONCE];
    unsigned count = 0, refused = 0;
    struct decision decision;
    int error;

    request->verb = reference->method == REFERENCE_BYE ? VERB_REMOVE : VERB_HOLD;
    request->params.held = reference->method == REFERENCE_HOLD;
    while (count < NAMED_AT_ONCE &&
           (participant = conference_next_participant(request->conference, participant))) {
        if (participant_is_named(participant, reference->uri))
            targets[count++] = participant->id;
    }
    if (count == 0 && reference->method == REFERENCE_BYE &&
        refer_waiting(focus, reference, request))
        return;
    if (count == 0) {
        refuse_unknown(focus, reference, request);
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        request->target = targets[i];
        error = focus_submit(focus, request, &decision);
        refused += error == EPERM;
        if (error == EINPROGRESS)
            wait_for(focus, reference, decision.pending);
        else if (error == EPERM || error == ECANCELED) /* else done, or it has gone by itself */
            refuse(reference, decision.code, decision.reason);
    }
    if (refused == count)
        return;
    if (reference->is_pending)
        reference->code = 202;
    else if (reference->referral && reference->code == 202)
        focus->signalling->report(reference->referral, 200, NULL);
    else if (reference->referral)
        focus->signalling->report(reference->referral, reference->code, reference->reason);
    reference->code = 202;
}

static void refer_many(struct focus *focus, struct reference *reference,
                       const struct request *request)
{
    struct invitation invitation = {0};
    struct request common = *request;
    struct wishes *wishes;
    struct decision decision;
    int error;

    name_referrer(focus, reference, &request->actor, &invitation);
    common.invitation = &invitation;
    error = wishes_decide(&common, reference->recipients, &wishes, &decision);
    if (error == EPERM)
        refuse(reference, decision.code, decision.reason);
    else if (error)
        refuse(reference, 503, "Out of memory");
    else
        wishes_carry_out(wishes);
}

void refer(struct focus *focus, struct reference *reference)
{
    static const char *const what[] = {
        [REFERENCE_INVITE] = "",
        [REFERENCE_BYE] = ", who is to be removed",
        [REFERENCE_HOLD] = ", who is to be put on hold",
        [REFERENCE_RESUME] = ", who is to be taken back from hold",
        [REFERENCE_REFER] = ", who is to be asked in",
    };
    const struct call_info *from = &reference->from;
    struct request request = {.conference_name = from->requested_user, .call = from->id};
    const struct participant *participant;
    const char *reason;
    int code;

    events_catch_up(focus);
    reference->code = 202;
    reference->expires = focus->answer_timeout / 1000 + EXPIRES_MARGIN;
    if (focus->shutting_down) {
        refuse(reference, 503, "Server is stopping");
        return;
    }
    if (focus_may_serve(focus, from->requested_user, from->requested_host))
        request.conference = focus_conference_by_name(focus, from->requested_user);
    if (request.conference && request.conference->hides_focus) {
        refuse(reference, 403, "");
        return;
    }
    if (!request.conference) {
        code = gone_code(focus, from->requested_user, &reason);
        refuse(reference, code, reason);
        return;
    }
    participant = conference_find_caller(request.conference, reference->call, &from->caller);
    actor_of_call(&request.actor, from, participant ? participant->id : 0);
    log_write(LOG_LEVEL_INFO, request.conference_name, from->id, "%s (%s) refers to %s%s",
              from->caller.uri, from->caller.peer, reference->uri,
              reference->recipients ? " and others" : what[reference->method]);
    if (reference->recipients)
        refer_many(focus, reference, &request);
    else if (reference->method == REFERENCE_INVITE || reference->method == REFERENCE_REFER)
        refer_invite(focus, reference, &request);
    else
        refer_named(focus, reference, &request);
}
