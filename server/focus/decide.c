#include "focus/conference.h"
#include "focus/participant.h"
#include "focus/pending_parts.h"
#include "focus/private.h"

#include "core/log.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    enum verb_right right;
} verbs[VERB_COUNT] = {
#define X(verb, hook, right) [verb] = {hook, right},
    REQUEST_VERBS(X)
#undef X
};

const char *verb_name(enum verb verb)
{
    return verb < VERB_COUNT ? verbs[verb].name : "?";
}

const char *verb_right_name(enum verb verb)
{
    static const char *const names[] = {
        [RIGHT_NOBODY] = "nobody", [RIGHT_SAME] = "same",     [RIGHT_KNOWN] = "known",
        [RIGHT_INSIDE] = "inside", [RIGHT_CHOSEN] = "chosen", [RIGHT_ANYBODY] = "anybody",
    };

    return names[verbs[verb].right];
}

bool verb_can_wait(enum verb verb)
{
    return verb != VERB_CREATE && verb != VERB_TIMEOUT && verb != VERB_DECIDE;
}

static bool is_stranger(const struct actor *actor)
{
    return actor->kind == ACTOR_CALLER && !actor->authenticated;
}

/* The dialogs of others are what calls can be taken over by (RFC 3891), and names that callers make
 * up collide (RFC 4579 appendix A): only a policy allows either. */
static enum verb_right right_of(const struct request *request)
{
    bool is_for_dialogs =
        request->verb == VERB_SUBSCRIBE && strcmp(request->package, "dialog") == 0;

    /* Those in a sidebar want to be among themselves: who may dial in, its policy says. */
    bool is_into_sidebar =
        request->verb == VERB_JOIN && request->conference->parent && !request->actor.participant;

    if (is_for_dialogs || is_into_sidebar || request->is_name_given)
        return RIGHT_NOBODY;
    /* Who knows the tags of somebody's call has proven nothing (RFC 3911 §7). */
    return request->by_dialog ? RIGHT_KNOWN : verbs[request->verb].right;
}

static const struct participant *target_of(const struct request *request)
{
    return focus_participant(request->conference->focus, request->target);
}

/* RFC 3891 §3: has proven to be who is in; of whom we call nothing is known but the name that was
 * called, which is then the one to prove. */
static bool is_target(const struct request *request)
{
    const struct participant *target = target_of(request);
    const struct actor *actor = &request->actor;
    const struct call_info *info = &target->info;

    if (actor->kind != ACTOR_CALLER)
        return true;
    return actor->authenticated && (info->caller.authenticated || info->is_outgoing) &&
           strcmp(info->caller.user, actor->user) == 0 &&
           strcasecmp(info->caller.host, actor->host) == 0;
}

/* Whether a password could turn a refusal of the default's into its consent. */
static bool is_password_of_use(const struct request *request)
{
    const struct call_info *info;

    if (right_of(request) != RIGHT_SAME)
        return right_of(request) != RIGHT_NOBODY;
    info = &target_of(request)->info;
    return info->caller.authenticated || info->is_outgoing;
}

/* What everybody who is known may do to a conference is its owner's alone when it has one. */
static bool is_owned_by_other(const struct request *request)
{
    return request->conference && request->conference->is_owned &&
           request->actor.kind == ACTOR_CALLER && right_of(request) == RIGHT_KNOWN &&
           !maker_asks(request->conference, &request->actor);
}

enum verdict verb_default(const struct request *request)
{
    const struct actor *actor = &request->actor;

    if (is_owned_by_other(request))
        return DECISION_REJECT;
    switch (right_of(request)) {
    case RIGHT_ANYBODY:
        return DECISION_ACCEPT;
    case RIGHT_INSIDE:
        return actor->participant || !is_stranger(actor) ? DECISION_ACCEPT : DECISION_REJECT;
    case RIGHT_SAME:
        return is_target(request) ? DECISION_ACCEPT : DECISION_REJECT;
    case RIGHT_KNOWN:
        return is_stranger(actor) ? DECISION_REJECT : DECISION_ACCEPT;
    case RIGHT_CHOSEN:
        return pending_may_be_decided_by(focus_pending(request->conference->focus, request->target),
                                         actor)
                   ? DECISION_ACCEPT
                   : DECISION_REJECT;
    case RIGHT_NOBODY:
        break;
    }
    return DECISION_REJECT;
}

/* Whoever may lock may also have others called: the server and its scripts. */
static bool is_for_newcomer(const struct request *request)
{
    return (request->verb == VERB_JOIN && !request->actor.participant) ||
           ((request->verb == VERB_INVITE || request->verb == VERB_SIDEBAR) &&
            request->actor.kind == ACTOR_CALLER && request->actor.authenticated);
}

/* Unmuting who may not speak changes nothing that anybody hears. */
static bool is_vain(const struct request *request)
{
    return request->verb == VERB_MUTE && !request->params.muted && target_of(request)->listen_only;
}

const char *view_name(enum view view)
{
    static const char *const names[VIEW_COUNT] = {
#define X(name, text) [(name)] = (text),
        VIEWS(X)
#undef X
    };
    return view < VIEW_COUNT ? names[view] : "?";
}

const char *proof_name(enum proof proof)
{
    static const char *const names[] = {
        [PROOF_NONE] = "none",
        [PROOF_PASSWORD] = "password",
        [PROOF_PEER] = "peer",
        [PROOF_REGISTRATION] = "registration",
    };
    return names[proof];
}

/* What is decided when no policy has an opinion. A policy that accepts explicitly overrules a
 * lock: that is how a moderator gets into a locked conference. */
static void decide_default(const struct request *request, struct decision *decision)
{
    memset(decision, 0, sizeof *decision);
    decision->params = request->params;
    decision->verdict = verb_default(request);
    (void)snprintf(decision->by, sizeof decision->by, "default");
    if (request->is_name_given) {
        decision->code = 404;
        (void)snprintf(decision->reason, sizeof decision->reason, "No such conference");
    } else if (is_for_newcomer(request) && conference_is_locked(request->conference)) {
        decision->verdict = DECISION_REJECT;
        decision->code = 403;
        (void)snprintf(decision->reason, sizeof decision->reason, "Conference is locked");
    } else if (is_vain(request)) {
        decision->verdict = DECISION_REJECT;
        decision->code = 403;
        (void)snprintf(decision->reason, sizeof decision->reason, "May only listen");
    } else if (decision->verdict == DECISION_REJECT && is_password_of_use(request)) {
        decision->code = 401; /* who proves to be somebody may do it */
    }
}

static void log_decision(const struct request *request, const struct decision *decision)
{
    const struct cause *cause = &decision->cause;

    if (!log_enabled(LOG_LEVEL_DEBUG))
        return;
    log_write(LOG_LEVEL_DEBUG, request->conference_name, request->call,
              "%s asked by %s: %s (by %s, generation %u)", verb_name(request->verb),
              *cause->who ? cause->who : "Parley or somebody without a name",
              decision->verdict == DECISION_ACCEPT    ? "accepted"
              : decision->verdict == DECISION_PENDING ? "pending"
                                                      : "rejected",
              decision->by, decision->generation);
}

/* Who has proven it already would be asked without end, and a script cannot be asked. */
static void settle_code(const struct request *request, struct decision *decision)
{
    if (decision->code < 300 || decision->code > 699 ||
        (decision->code == 401 && !is_stranger(&request->actor)))
        decision->code = 403;
}

/* While a conference says goodbye. No policy can keep the door open. */
static bool is_too_late(const struct request *request)
{
    return request->conference && *request->conference->farewell &&
           (request->verb == VERB_JOIN || request->verb == VERB_INVITE);
}

static void refuse_too_late(struct decision *decision)
{
    decision->verdict = DECISION_REJECT;
    decision->code = 480;
    (void)snprintf(decision->reason, sizeof decision->reason, "The conference is ending");
}

void focus_ask(const struct request *request, const struct policy *policy,
               struct decision *decision)
{
    decide_default(request, decision);
    if (is_too_late(request))
        refuse_too_late(decision);
    else if (policy)
        policy->decide(policy->ctx, request, decision);
    if (decision->verdict == DECISION_REJECT)
        settle_code(request, decision);
}

void decide(struct focus *focus, const struct request *request, struct decision *decision)
{
    focus_ask(request, focus->policy, decision);
    cause_take(&decision->cause, focus, request);
    if (decision->verdict != DECISION_REJECT)
        cause_keep_secret(decision, request->verb);
    log_decision(request, decision);
    if (focus->journalling)
        focus->journalling->decided(focus->journalling->ctx, request, decision);
    if (decision->verdict == DECISION_REJECT)
        incident_refused(request, decision);
}

void decision_failed(struct focus *focus, const struct request *request,
                     const struct decision *decision)
{
    if (focus->journalling)
        focus->journalling->failed(focus->journalling->ctx, request, decision);
}

void actor_of_caller(struct actor *actor, const struct caller *caller)
{
    *actor = (struct actor){
        .kind = ACTOR_CALLER,
        .uri = caller->uri,
        .user = caller->user,
        .host = caller->host,
        .display_name = caller->display_name,
        .user_agent = caller->user_agent,
        .peer = caller->peer,
        .groups = caller->groups,
        .authenticated = caller->authenticated,
        .proof = caller->proof,
        .anonymous = caller->anonymous,
    };
}

void actor_of_call(struct actor *actor, const struct call_info *info, uint64_t participant)
{
    actor_of_caller(actor, &info->caller);
    actor->referred_by = info->referred_by;
    actor->is_focus = info->is_focus;
    actor->participant = participant;
}

void actor_of_participant(struct actor *actor, const struct participant *participant)
{
    actor_of_call(actor, &participant->info, participant->id);
}

bool actor_is_secret(struct focus *focus, const struct actor *actor)
{
    const struct participant *participant = focus_participant(focus, actor->participant);

    return actor->anonymous || (participant && (participant->anonymous || participant->hidden));
}

char *actor_name(struct focus *focus, const struct actor *actor)
{
    bool is_named = actor->kind == ACTOR_CALLER && actor->uri && !actor_is_secret(focus, actor);

    /* Without memory nobody is named. */
    return is_named ? strdup(actor->uri) : NULL;
}

void actor_of_server(struct actor *actor)
{
    *actor = (struct actor){
        .kind = ACTOR_SERVER,
        .uri = "",
        .user = "",
        .host = "",
        .display_name = "",
        .user_agent = "",
        .peer = "",
        .authenticated = true,
    };
}

void actor_of_operator(struct actor *actor)
{
    actor_of_server(actor);
    actor->position = "command line";
}
