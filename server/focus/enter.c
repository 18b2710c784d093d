/* A visitor goes from its application into a conference (RFC 4579 §5.3). */
#include "focus/private.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>

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

/* The visitor is no more. */
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
    decide_join(&request, info, decision);
    if (decision->verdict != DECISION_ACCEPT) {
        log_write(LOG_LEVEL_INFO, conference->name, info->id, "%s refused: %d %s (by %s)",
                  info->caller.uri, decision->code, decision->reason, decision->by);
        return EPERM;
    }
    return visitor_go_in(visitor, conference, NULL, decision) ? ECANCELED : 0;
}
