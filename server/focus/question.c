#include "focus/question.h"
#include "focus/announce.h"
#include "focus/arrangement.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/private.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>

enum {
    ANSWER_TIME = 20 * 1000, /* ms for who has picked up */
    BUS_PAUSE = 200,         /* ms until there may be a bus for another prompt */
};

/* It does not come, and the conference may have been for nobody else. */
static void refuse(struct participant *asked, int code, const char *reason)
{
    struct conference *conference = asked->conference;

    participant_remove(asked, FAILED, code, reason);
    conference_end_if_over(conference);
}

static void on_no_answer(void *arg)
{
    struct participant *asked = arg;

    refuse(asked, 408, asked->is_confirming ? "Not confirmed" : "No answer");
}

void question_wait(struct participant *participant, unsigned time)
{
    /* Without memory for the timer it rings, or the question stands, until somebody has had enough.
     */
    (void)loop_timer_start(participant->conference->focus->loop, &participant->patience, time,
                           on_no_answer, participant);
}

int question_prompt(struct participant *asked, const char *file)
{
    struct request_params params = {.interrupt = true};
    int error;

    if (!*file)
        return 0;
    (void)snprintf(params.file, sizeof params.file, "%s", file);
    asked->is_prompted = true;
    error = participant_play(asked, &params);
    asked->is_prompted = participant_is_played_to(asked);
    return error;
}

void question_stop(struct participant *asked)
{
    if (asked->is_prompted)
        (void)participant_play(asked, &(struct request_params){.file = ""});
    asked->is_prompted = false;
}

void question_accept(struct participant *asked)
{
    question_stop(asked);
    participant_established(asked);
}

bool question_key(struct participant *participant, char digit)
{
    struct participant *asked = participant->joined ? participant->aside : participant;

    if (!asked || asked->joined || (digit != asked->accept && digit != asked->decline))
        return false;
    if (digit == asked->accept)
        question_accept(asked);
    else
        refuse(asked, 603, "Decline");
    return true;
}

/* ---- who has picked up ---------------------------------------------------------------------- */

/* Many who pick up at once hear it as buses get free, of which a mix has but so many. */
static void ask(void *arg)
{
    struct participant *participant = arg;
    struct loop *loop = participant->conference->focus->loop;
    bool has_time = loop_now(loop) - participant->asked_at < ANSWER_TIME;

    if (question_prompt(participant, participant->question) == ENOSR && has_time &&
        !loop_timer_start(loop, &participant->patience, BUS_PAUSE, ask, participant))
        return;
    question_wait(participant, ANSWER_TIME);
}

void question_answered(struct participant *participant)
{
    struct conference *conference = participant->conference;

    if (participant->is_confirming)
        return;
    participant_learn(participant);
    /* Another focus presses no key. */
    if (!participant->question || !participant->called || participant->info.is_focus) {
        participant_established(participant);
        return;
    }
    participant->is_confirming = true;
    participant->accept = KEY_ACCEPT;
    participant->decline = KEY_DECLINE;
    participant->asked_at = loop_now(conference->focus->loop);
    log_write(LOG_LEVEL_INFO, conference->name, participant->info.id,
              "%s has answered, and is asked whether they come in", participant->info.caller.uri);
    events_post(conference->focus, &(struct conference_event){
                                       .kind = EVENT_ASKED,
                                       .conference = conference->id,
                                       .participant = participant->id,
                                   });
    ask(participant);
}
