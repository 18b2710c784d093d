/* A visitor goes from its application into a conference (RFC 4579 §5.3), out of its mix, and back.
 */
#include "focus/admit.h"
#include "focus/announce.h"
#include "focus/arrangement.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/pending_parts.h"
#include "focus/take.h"
#include "focus/visitor_parts.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { STEP_PAUSE = 20 }; /* ms until a leg that is on its way may be there */

/* Its dialog gets the conference for a focus: by the answer, or when that was given by a re-INVITE.
 */
static int tell_focus(struct participant *participant, bool is_answered)
{
    const struct signalling *signalling = participant->conference->focus->signalling;
    struct answer answer;

    participant_answer(participant, &answer);
    return is_answered ? signalling->update(participant->call, &answer)
                       : signalling->answer(participant->call, &answer);
}

/* Its call and its leg are the participant's, who has its session. */
static void visitor_enter(struct visitor *visitor, struct participant *participant)
{
    participant->direction = visitor->direction;
    participant->has_session = visitor->has_session;
    participant->has_audio = visitor->has_audio;
    participant->is_source = visitor->is_source;
    participant->held_by_phone = participant->held_told = visitor->held_by_phone;
    participant->told_keys = visitor->told_keys;
    visitor->leg = NULL;
    visitor->answered = true; /* if not before, then by the conference */
    visitor->focus->calls--;  /* the participant has been counted */
    if (visitor->waits) {     /* it has no application */
        visitor_free(visitor);
        return;
    }
    participant->visitor = visitor;
    visitor->participant = participant;
    visitor_drop_mix(visitor);
}

static int take_over(struct participant *participant, bool is_answered, bool is_up)
{
    struct focus *focus = participant->conference->focus;
    int error = tell_focus(participant, is_answered);

    maker_arrives(participant);
    if (!error && is_up)
        participant_established(participant);
    if (!error)
        return 0;
    if (is_answered)
        participant_remove(participant, FAILED, 500, "The conference cannot be told");
    else {
        struct call *call = participant->call;

        participant_leave(participant, FAILED, 500, "could not be answered");
        focus->signalling->reject(call, 500, NULL, 0);
    }
    return error;
}

static int fail(struct conference *conference, struct decision *decision, int code,
                const char *reason, int error)
{
    decision->code = code;
    (void)snprintf(decision->reason, sizeof decision->reason, "%s", reason);
    conference_end_if_over(conference);
    return error;
}

int visitor_go_in(struct visitor *visitor, struct conference *conference,
                  struct participant *predecessor, struct decision *decision)
{
    const struct call_info *info = visitor_call(visitor);
    bool is_answered = visitor->answered, is_up = visitor->up;
    struct participant *participant;
    const char *reason;
    int error, code;

    if (predecessor && (predecessor->successor || predecessor->predecessor))
        return fail(conference, decision, 491, "Request Pending", EAGAIN);
    error = conference_activate(conference);
    if (!error)
        error = participant_make(conference, visitor->call, visitor->leg, &decision->params,
                                 &participant);
    if (error) {
        code = media_failure(conference->name, info->id, error, &reason);
        return fail(conference, decision, code, reason, EAGAIN);
    }
    log_write(LOG_LEVEL_INFO, conference->name, info->id, "%s comes from %s %s", info->caller.uri,
              visitor->waits ? "waiting, who had called" : "the application", info->requested_user);
    cause_note(&participant->causes[CAUSE_ENTRY], decision);
    visitor_enter(visitor, participant);
    if (predecessor)
        replace_link(participant, predecessor);
    decision->participant = participant->id;
    error = take_over(participant, is_answered, is_up);
    return error ? fail(conference, decision, 500, "The call cannot be changed", ECANCELED) : 0;
}

int visitor_join(struct visitor *visitor, struct conference *conference,
                 const struct request_params *wish, struct decision *decision)
{
    const struct call_info *info = visitor_call(visitor);
    struct request request = {.conference = conference, .params = *wish};

    if (conference->ended || conference->factory)
        return ENOENT;
    if (visitor->pending)
        return EALREADY;
    decide_join(&request, info, decision);
    if (decision->verdict == DECISION_PENDING)
        return waiting_join(visitor, &request, decision);
    if (decision->verdict != DECISION_ACCEPT) {
        log_write(LOG_LEVEL_INFO, conference->name, info->id, "%s refused: %d %s (by %s)",
                  info->caller.uri, decision->code, decision->reason, decision->by);
        return EPERM;
    }
    return visitor_go_in(visitor, conference, NULL, decision) ? ECANCELED : 0;
}

/* ---- out of the mix and back ---------------------------------------------------------------- */

static int move_out(struct visitor *visitor)
{
    struct participant *participant = visitor->participant;
    int error = participant->joined ? visitor_make_mix(visitor) : EBUSY;

    if (!error)
        error = visitor->focus->mixing->leg_move(participant->leg, visitor->mix, participant);
    if (error) {
        visitor_drop_mix(visitor);
        return error;
    }
    visitor->is_out = true;
    take_leave(participant);
    if (participant_here(participant)->speaking)
        participant_set_speaking(participant_here(participant), false);
    return 0;
}

static int move_back(struct visitor *visitor)
{
    struct participant *participant = visitor->participant;
    int error = visitor->focus->mixing->leg_move(participant->leg, participant->conference->mix,
                                                 participant);

    if (error)
        return error;
    visitor->is_out = false;
    visitor_drop_mix(visitor);
    take_join(participant);
    return 0;
}

static void step_tell(struct visitor *visitor, int error)
{
    struct conference_event event = {
        .kind = EVENT_HELD, .visitor = visitor->id, .on = visitor->is_out};

    if (error)
        (void)snprintf(event.reason, sizeof event.reason, "%s", focus_failure(error, &event.code));
    if (!visitor->is_let_go)
        events_post(visitor->focus, &event);
}

static void step(void *arg)
{
    struct visitor *visitor = arg;
    struct participant *participant = visitor->participant;
    int error = 0;

    if (visitor->wants_out != visitor->is_out)
        error = visitor->wants_out ? move_out(visitor) : move_back(visitor);
    if (error == EBUSY) {
        error =
            loop_timer_start(visitor->focus->loop, &visitor->step_timer, STEP_PAUSE, step, visitor);
        if (!error)
            return;
    }
    step_tell(visitor, error);
    participant_tell_held(participant);
    if (error && visitor->is_let_go)
        participant_remove(participant, FAILED, 500, "Out of memory"); /* and the visitor */
    if (error)
        return;
    if (visitor->is_let_go)
        visitor_free(visitor);
    participant_route_or_remove(participant);
    if (participant->left)
        return;
    ear_return(participant);
    attendant_begin(participant);
}

void visitor_step(struct visitor *visitor, bool out)
{
    visitor->wants_out = out;
    loop_timer_stop(&visitor->step_timer);
    step(visitor);
}

void visitor_take_keys(struct visitor *visitor, const char *keys, bool has_begun)
{
    (void)snprintf(visitor->own_keys, sizeof visitor->own_keys, "%s", keys);
    visitor->has_begun_keys = has_begun;
}

bool visitor_has_own_keys(const struct visitor *visitor)
{
    return visitor->has_begun_keys;
}

struct visitor *visitor_for_key(struct participant *participant, char key)
{
    struct visitor *visitor = participant->visitor;

    if (!visitor)
        return NULL;
    if (strchr(visitor->own_keys, key))
        visitor->has_begun_keys = true;
    return visitor->is_out || visitor->wants_out || visitor->has_begun_keys ? visitor : NULL;
}

void visitor_let_go(struct visitor *visitor)
{
    visitor->is_let_go = true;
    visitor_step(visitor, false);
}

void visitor_left_conference(struct visitor *visitor, int code, const char *reason)
{
    if (!visitor->is_let_go)
        visitor_tell_left(visitor, code, reason);
    visitor_free(visitor);
}

uint64_t visitor_participant(const struct visitor *visitor)
{
    return visitor->participant ? visitor->participant->id : 0;
}

uint64_t visitor_here(const struct visitor *visitor)
{
    return visitor->participant ? participant_here(visitor->participant)->id : 0;
}

uint64_t participant_visitor(const struct participant *participant)
{
    const struct visitor *visitor = (participant->main ? participant->main : participant)->visitor;

    return visitor ? visitor->id : 0;
}

bool visitor_is_out(const struct visitor *visitor)
{
    return visitor->is_out;
}
