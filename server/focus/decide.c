#include "focus/private.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    enum verdict fallback;
} verbs[VERB_COUNT] = {
#define X(verb, hook, verdict) [verb] = {hook, verdict},
    REQUEST_VERBS(X)
#undef X
};

const char *verb_name(enum verb verb)
{
    return verb < VERB_COUNT ? verbs[verb].name : "?";
}

enum verdict verb_default(enum verb verb)
{
    return verb < VERB_COUNT ? verbs[verb].fallback : DECISION_REJECT;
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

/* Participants see each other, and who has proven to be somebody sees them. The dialogs of others
 * are what calls can be taken over by (RFC 3891): only a policy shows them. */
static bool may_subscribe(const struct request *request)
{
    return strcmp(request->package, "conference") == 0 &&
           (request->actor.participant || request->actor.authenticated);
}

/* What is decided when no policy has an opinion. A policy that accepts explicitly overrules a
 * lock: that is how a moderator gets into a locked conference. */
static void decide_default(const struct request *request, struct decision *decision)
{
    memset(decision, 0, sizeof *decision);
    decision->params = request->params;
    decision->verdict = verb_default(request->verb);
    (void)snprintf(decision->by, sizeof decision->by, "default");
    if (request->verb == VERB_CREATE) {
        decision->code = 404;
        (void)snprintf(decision->reason, sizeof decision->reason, "No such conference");
    } else if (request->verb == VERB_JOIN && conference_is_locked(request->conference)) {
        decision->verdict = DECISION_REJECT;
        decision->code = 403;
        (void)snprintf(decision->reason, sizeof decision->reason, "Conference is locked");
    } else if (request->verb == VERB_SUBSCRIBE && may_subscribe(request)) {
        decision->verdict = DECISION_ACCEPT;
    }
}

void decide(struct focus *focus, const struct request *request, struct decision *decision)
{
    decide_default(request, decision);
    if (focus->policy)
        focus->policy->decide(focus->policy->ctx, request, decision);
    if (decision->verdict == DECISION_REJECT && (decision->code < 300 || decision->code > 699))
        decision->code = 403;
}

void actor_of_call(struct actor *actor, const struct call_info *info, uint64_t participant)
{
    *actor = (struct actor){
        .kind = ACTOR_CALLER,
        .uri = info->caller.uri,
        .user = info->caller.user,
        .host = info->caller.host,
        .display_name = info->caller.display_name,
        .user_agent = info->caller.user_agent,
        .peer = info->caller.peer,
        .authenticated = info->caller.authenticated,
        .anonymous = info->caller.anonymous,
        .participant = participant,
    };
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
