/*
 * Several wishes of one request: mass invitation and mass ejection (RFC 4353 §2), by a list of
 * recipients, by Confer-To.
 *
 * All are decided before the first is carried out: when one may not be, none is (RFC 5363 §5.2).
 */
#include "focus/wishes.h"
#include "focus/conference.h"
#include "focus/participant.h"
#include "focus/pending.h"
#include "focus/pending_parts.h"
#include "focus/private.h"

#include "core/log.h"

#include <errno.h>
#include <stdlib.h>

struct wish {
    enum verb verb;
    uint64_t target;                   /* participant id; 0 for an invite */
    const struct recipient *recipient; /* who it is about */
    struct request_params params;
    struct decision decision;
};

struct wishes {
    struct request common; /* what all have in common: conference, actor */
    struct invitation invitation;
    unsigned count, room;
    struct wish *each;
};

/* ---- what is wished ------------------------------------------------------------------------- */

static struct wish *add(struct wishes *wishes, enum verb verb, const struct recipient *recipient)
{
    if (wishes->count == wishes->room) {
        unsigned room = wishes->room ? 2 * wishes->room : 4;
        struct wish *each = realloc(wishes->each, room * sizeof *each);
        if (!each)
            return NULL;
        wishes->each = each;
        wishes->room = room;
    }
    wishes->each[wishes->count] = (struct wish){.verb = verb, .recipient = recipient};
    return &wishes->each[wishes->count++];
}

static int add_invite(struct wishes *wishes, const struct recipient *recipient)
{
    struct wish *wish = add(wishes, VERB_INVITE, recipient);

    if (!wish)
        return ENOMEM;
    /* Who must not be shown to the others as a recipient (RFC 5364 §4) is not shown to them as a
     * participant; when nothing is said about it, there is nothing to hide. */
    wish->params = (struct request_params){
        .role = "participant",
        .anonymous = recipient->is_anonymous || recipient->copy == COPY_BCC,
        .held = recipient->action == ACTION_HOLD,
    };
    conference_wish_entry(wishes->common.conference, &wish->params);
    return 0;
}

/* One for each endpoint of that URI. ENOENT: there is none. */
static int add_for_endpoints(struct wishes *wishes, enum verb verb,
                             const struct recipient *recipient)
{
    const struct participant *participant = NULL;
    int error = ENOENT;

    while ((participant = conference_next_participant(wishes->common.conference, participant))) {
        if (participant_is_named(participant, recipient->uri)) {
            struct wish *wish = add(wishes, verb, recipient);
            if (!wish)
                return ENOMEM;
            wish->target = participant->id;
            wish->params.held = recipient->action == ACTION_HOLD;
            error = 0;
        }
    }
    return error;
}

/* ENOENT: nobody of that URI is in. */
static int add_recipient(struct wishes *wishes, const struct recipient *recipient)
{
    int error;

    switch (recipient->action) {
    case ACTION_REMOVE:
        return add_for_endpoints(wishes, VERB_REMOVE, recipient);
    case ACTION_RESUME:
        return add_for_endpoints(wishes, VERB_HOLD, recipient);
    case ACTION_HOLD: /* who is not in comes in on hold (figure 5.1, F12) */
        error = add_for_endpoints(wishes, VERB_HOLD, recipient);
        return error == ENOENT ? add_invite(wishes, recipient) : error;
    default:
        return add_invite(wishes, recipient);
    }
}

/* ---- decision and effect -------------------------------------------------------------------- */

static void fill_request(const struct wishes *wishes, const struct wish *wish,
                         struct request *request, struct invitation *invitation)
{
    *invitation = wishes->invitation;
    invitation->uri = wish->recipient->uri;
    invitation->name = wish->recipient->name;
    *request = wishes->common;
    request->verb = wish->verb;
    request->target = wish->target;
    request->invitation = wish->verb == VERB_INVITE ? invitation : NULL;
    request->params = wish->params;
}

static int decide_one(const struct wishes *wishes, struct wish *wish)
{
    const struct conference *conference = wishes->common.conference;
    struct invitation invitation;
    struct request request;

    fill_request(wishes, wish, &request, &invitation);
    decide(conference->focus, &request, &wish->decision);
    if (wish->decision.verdict != DECISION_REJECT)
        return 0;
    log_write(LOG_LEVEL_INFO, conference->name, request.call, "%s %s refused: %d %s (by %s)",
              verb_name(wish->verb), wish->recipient->uri, wish->decision.code,
              wish->decision.reason, wish->decision.by);
    return EPERM;
}

void wish_refuse_unknown(const struct request *request, struct decision *decision)
{
    *decision = (struct decision){.verdict = DECISION_REJECT, .code = 404, .by = "default"};
    if (verb_default(request) != DECISION_ACCEPT)
        decision->code = request->actor.authenticated ? 403 : 401;
    else
        (void)snprintf(decision->reason, sizeof decision->reason, "Nobody of that URI is in");
}

static int decide_all(struct wishes *wishes, const struct recipients *list,
                      struct decision *decision)
{
    struct request request = wishes->common;
    int error;

    for (unsigned i = 0; i < list->count; i++) {
        error = add_recipient(wishes, &list->items[i]);
        if (error && error != ENOENT) /* who has gone already is no harm to the others */
            return error;
    }
    if (wishes->count == 0) {
        request.verb = list->items[0].action == ACTION_REMOVE ? VERB_REMOVE : VERB_HOLD;
        wish_refuse_unknown(&request, decision);
        return EPERM;
    }
    for (unsigned i = 0; i < wishes->count; i++) {
        if (decide_one(wishes, &wishes->each[i])) {
            *decision = wishes->each[i].decision;
            return EPERM;
        }
    }
    return 0;
}

int wishes_decide(const struct request *common, const struct recipients *list,
                  struct wishes **wishesp, struct decision *decision)
{
    struct wishes *wishes = calloc(1, sizeof *wishes);
    int error;

    if (!wishes)
        return ENOMEM;
    wishes->common = *common;
    if (common->invitation)
        wishes->invitation = *common->invitation;
    else if (!actor_is_secret(common->conference->focus, &common->actor))
        wishes->invitation.referrer = common->actor.uri;
    error = decide_all(wishes, list, decision);
    if (error)
        wishes_free(wishes);
    else
        *wishesp = wishes;
    return error;
}

void wishes_carry_out(struct wishes *wishes)
{
    struct conference *conference = wishes ? wishes->common.conference : NULL;

    for (unsigned i = 0; wishes && i < wishes->count; i++) {
        struct wish *wish = &wishes->each[i];
        struct invitation invitation;
        struct request request;
        int error;
        fill_request(wishes, wish, &request, &invitation);
        error = submit_decided(conference->focus, &request, &wish->decision);
        /* Whoever wished for it learns by the conference package how it goes, and also that
         * somebody could not even be called. */
        if (error == EINPROGRESS)
            focus_pending(conference->focus, wish->decision.pending)->tells_uncalled =
                wish->verb == VERB_INVITE;
        else if (wish->verb == VERB_INVITE && (error == ECANCELED || error == EPERM))
            participant_tell_uncalled(conference, &invitation, &wish->decision);
    }
    wishes_free(wishes);
}

void wishes_free(struct wishes *wishes)
{
    if (wishes)
        free(wishes->each);
    free(wishes);
}
