#include "focus/admit.h"
#include "focus/arrangement.h"
#include "focus/cascade.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/pending_parts.h"
#include "focus/private.h"
#include "focus/visitor_parts.h"
#include "focus/wishes.h"

#include "core/log.h"
#include "core/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

static const char overloaded[] = "Server is overloaded";

void refuse_call(struct focus *focus, struct call *call, int code, const char *reason,
                 unsigned retry_after)
{
    const struct call_info *info = focus->signalling->info(call);

    log_write(LOG_LEVEL_INFO, info->requested_user, info->id, "%s refused: %d %s", info->caller.uri,
              code, reason);
    focus->signalling->reject(call, code, reason, retry_after);
}

void refuse_call_by(struct focus *focus, struct call *call, const struct decision *decision)
{
    const struct call_info *info = focus->signalling->info(call);

    log_write(LOG_LEVEL_INFO, info->requested_user, info->id, "%s refused: %d %s (by %s)",
              info->caller.uri, decision->code, decision->reason, decision->by);
    focus->signalling->reject(call, decision->code, *decision->reason ? decision->reason : NULL, 0);
}

/* Who calls an address instead of a name means whatever is there. */
static bool is_address(const char *host)
{
    struct in6_addr address;

    return *host == '[' || inet_pton(AF_INET, host, &address) == 1 ||
           inet_pton(AF_INET6, host, &address) == 1;
}

static bool is_ours(const struct focus *focus, const char *host)
{
    return !*focus->domain || strcasecmp(focus->domain, host) == 0 || is_address(host);
}

bool focus_may_serve(const struct focus *focus, const char *user, const char *host)
{
    return text_is_conference_name(user) && is_ours(focus, host);
}

const char *focus_is_full(struct focus *focus, const char *user)
{
    const struct mixing *mixing = focus->mixing;
    const struct conference *conference = focus_conference_by_name(focus, user);

    if (focus->shutting_down)
        return "Server is stopping";
    if (focus->max_calls && focus->calls >= focus->max_calls)
        return "Server is full";
    if (mixing->is_overloaded(mixing->ctx, conference ? conference->mix : NULL))
        return overloaded;
    return NULL;
}

/* RFC 4579 appendix A: a name that is nobody's may become a conference. NULL when the call could
 * not go on, and has been answered. */
static struct conference *find_or_create(struct focus *focus, struct call *call)
{
    const struct call_info *info = focus->signalling->info(call);
    const char *name = info->requested_user;
    struct conference *conference;
    struct request request = {
        .verb = VERB_CREATE,
        .conference_name = name,
        .is_name_given = true,
        .call = info->id,
        .params = {.life = focus->life},
    };
    struct decision decision;
    const char *reason;
    int code = gone_code(focus, name, &reason);

    if (code == 410 || !focus_may_serve(focus, name, info->requested_host)) {
        refuse_call(focus, call, code, reason, 0);
        return NULL;
    }
    conference = focus_conference_by_name(focus, name);
    if (conference)
        return conference;
    actor_of_call(&request.actor, info, 0);
    music_tell(&focus->sound.music, &request.params);
    decide(focus, &request, &decision);
    if (decision.verdict != DECISION_ACCEPT) {
        refuse_call_by(focus, call, &decision);
        return NULL;
    }
    if (conference_make(focus,
                        &(struct conference_config){
                            .name = name,
                            .title = decision.params.title,
                            .policy = decision.params.policy,
                            .life = decision.params.life,
                            .hides_focus = decision.params.hide_focus,
                            .attendant = decision.params.attendant,
                            .language = decision.params.language,
                        },
                        &conference) == 0) {
        /* Without memory for it, it just outlives its creator, and has the usual music. */
        (void)maker_note(conference, info, NULL);
        (void)music_give(&conference->music, conference, &decision.params);
        cause_note(&conference->made_cause, &decision);
        return conference;
    }
    refuse_call(focus, call, 503, "Out of memory", RETRY_AFTER);
    return NULL;
}

int media_failure(const char *conference, const char *call, int error, const char **reasonp)
{
    if (error == EAFNOSUPPORT) {
        *reasonp = "No media address of this family";
        return 488;
    }
    log_write(LOG_LEVEL_ERROR, conference, call,
              error == EADDRINUSE ? "no free RTP port: widen rtp.ports (%s)"
                                  : "cannot open a media leg: %s",
              strerror(error));
    *reasonp = "No media port is free";
    return 503;
}

/* Without asking anybody. */
static void turn_away(struct focus *focus, struct conference *conference, struct call *call,
                      int code, const char *reason)
{
    incident_turned_away(conference, focus->signalling->info(call), code, reason);
    refuse_call(focus, call, code, reason, code == 503 ? RETRY_AFTER : 0);
}

static void refuse_for_media(struct conference *conference, struct call *call, int error)
{
    const struct call_info *info = conference->focus->signalling->info(call);
    const char *reason;
    int code = media_failure(info->requested_user, info->id, error, &reason);

    turn_away(conference->focus, conference, call, code, reason);
}

bool bring_in(struct conference *conference, struct call *call, const struct decision *decision,
              struct participant *predecessor)
{
    struct focus *focus = conference->focus;
    struct participant *participant;
    struct answer answer;
    int error;

    error = conference_activate(conference);
    if (!error)
        error = participant_make(conference, call, NULL, &decision->params, &participant);
    if (error) {
        refuse_for_media(conference, call, error);
        return false;
    }
    cause_note(&participant->causes[CAUSE_ENTRY], decision);
    maker_arrives(participant);
    if (predecessor)
        replace_link(participant, predecessor);
    participant_answer(participant, &answer);
    answer.rings = !predecessor;
    error = focus->signalling->answer(call, &answer);
    if (error) {
        participant_leave(participant, FAILED, 500, "could not be answered");
        focus->signalling->reject(call, 500, NULL, 0);
    }
    return error == 0;
}

int decide_others(const struct request *join, const struct call_info *info,
                  const struct decision *decision, struct wishes **wishesp,
                  struct decision *refusal)
{
    struct request common = {
        .actor = join->actor,
        .conference = join->conference,
        .conference_name = join->conference_name,
        .call = info->id,
    };
    int error;

    *wishesp = NULL;
    if (!info->recipients)
        return 0;
    /* Who is shown without a name, or not at all, is not named by whom it brings in. */
    common.actor.anonymous |= decision->params.anonymous || decision->params.hidden;
    error = wishes_decide(&common, info->recipients, wishesp, refusal);
    if (error && error != EPERM) {
        *refusal = (struct decision){.code = 503, .by = "default"};
        (void)snprintf(refusal->reason, sizeof refusal->reason, "Out of memory");
    }
    return error;
}

static void bring_in_with_others(struct conference *conference, struct call *call,
                                 const struct request *join, const struct decision *decision)
{
    struct focus *focus = conference->focus;
    struct wishes *wishes;
    struct decision refusal;

    if (decide_others(join, focus->signalling->info(call), decision, &wishes, &refusal))
        refuse_call_by(focus, call, &refusal);
    else if (bring_in(conference, call, decision, NULL))
        wishes_carry_out(wishes);
    else
        wishes_free(wishes);
}

void decide_join(struct request *request, const struct call_info *info, struct decision *decision)
{
    const struct conference *conference = request->conference;

    request->verb = VERB_JOIN;
    request->conference_name = conference->name;
    request->call = info->id;
    request->params.anonymous |= info->caller.anonymous;
    actor_of_call(&request->actor, info, 0);
    decide(conference->focus, request, decision);
    /* Who asks for privacy gets it, whatever a policy thinks (RFC 3323 §4). */
    decision->params.anonymous |= info->caller.anonymous;
    if (decision->verdict != DECISION_ACCEPT || !conference->capacity ||
        conference->member_count < conference->capacity)
        return;
    decision->verdict = DECISION_REJECT;
    decision->code = 486;
    (void)snprintf(decision->reason, sizeof decision->reason, "Conference is full");
    (void)snprintf(decision->by, sizeof decision->by, "default");
    decision_failed(conference->focus, request, decision);
    incident_refused(request, decision);
}

/* `target`: whose call was named; NULL: nobody's. */
static void join(struct conference *conference, struct call *call, const struct participant *target)
{
    struct focus *focus = conference->focus;
    const struct call_info *info = focus->signalling->info(call);
    struct request request = {
        .conference = conference,
        .target = target ? target->id : 0,
        .by_dialog = target && strcmp(conference->name, info->requested_user) != 0,
        .params = {.role = "participant"},
    };
    const char *objection = cascade_objection(conference, info, NULL);
    struct decision decision;

    if (objection) {
        cascade_verify(conference);
        turn_away(focus, conference, call, 482, objection);
        return;
    }
    conference_wish_entry(conference, &request.params);
    decide_join(&request, info, &decision);
    if (decision.verdict == DECISION_ACCEPT)
        bring_in_with_others(conference, call, &request, &decision);
    else if (decision.verdict == DECISION_PENDING)
        waiting_begin(call, &request, &decision);
    else
        refuse_call_by(focus, call, &decision);
}

void admit_to(struct conference *conference, struct call *call)
{
    join(conference, call, NULL);
}

/* Join (RFC 3911 §4): into the conference of the call that was named. A dialog that is not there is
 * passed over when the call is to a conference anyway. */
static void join_named(struct focus *focus, struct call *call, const struct named_dialog *named)
{
    const struct call_info *info = focus->signalling->info(call);
    void *user = named->call ? focus->signalling->user(named->call) : NULL;
    const struct participant *target = participant_of(user);
    struct conference *conference = target ? target->conference : NULL;

    if (user == CALL_HAS_LEFT) {
        refuse_call(focus, call, 603, "Decline", 0);
        return;
    }
    if (!named->call && focus_may_serve(focus, info->requested_user, info->requested_host))
        conference = focus_conference_by_name(focus, info->requested_user);
    if (!conference || conference->factory) {
        refuse_call(focus, call, 481, "Call/Transaction Does Not Exist", 0);
        return;
    }
    join(conference, call, target);
    conference_end_if_over(conference); /* it may have begun for one who could not come in */
}

void admit(struct focus *focus, struct call *call)
{
    const struct named_dialog *named = focus->signalling->info(call)->names;
    const char *user = focus->signalling->info(call)->requested_user;
    struct conference *conference;
    const char *full;

    events_catch_up(focus);
    if (named && named->is_replaced) {
        replace(focus, call, named);
        return;
    }
    full = focus_is_full(focus, user);
    if (full) {
        focus->overload.turned_away += full == overloaded;
        turn_away(focus, focus_conference_by_name(focus, user), call, 503, full);
        return;
    }
    if (named) {
        join_named(focus, call, named);
        return;
    }
    if (visitor_admit(focus, call))
        return;
    conference = find_or_create(focus, call);
    if (!conference)
        return;
    if (conference->factory) {
        factory_admit(conference, call);
        return;
    }
    admit_to(conference, call);
    conference_end_if_over(conference); /* it may have been made for one who was refused */
}
