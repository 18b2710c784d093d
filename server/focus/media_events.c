/* What the mixer tells about legs; `user` is the participant. */
#include "focus/private.h"

#include "core/log.h"

static void on_speaking(void *user, bool speaking, void *arg)
{
    struct focus *focus = arg;
    struct participant *participant = user;

    participant->speaking = speaking;
    if (!participant->joined || participant->speaking_queued)
        return;
    participant->speaking_queued = true;
    events_post(focus, &(struct conference_event){
                           .kind = EVENT_SPEAKING,
                           .conference = participant->conference->id,
                           .participant = participant->id,
                       });
}

static void on_digit(void *user, char digit, unsigned duration, void *arg)
{
    struct focus *focus = arg;
    struct participant *participant = user;

    if (!participant->joined)
        return;
    events_post(focus, &(struct conference_event){
                           .kind = EVENT_DIGIT,
                           .conference = participant->conference->id,
                           .participant = participant->id,
                           .digit = digit,
                           .duration = duration,
                       });
}

static void on_timeout(void *user, unsigned silent_ms, void *arg)
{
    struct focus *focus = arg;
    struct participant *participant = user;
    struct conference *conference = participant->conference;
    struct request request = {
        .verb = VERB_TIMEOUT,
        .conference = conference,
        .conference_name = conference->name,
        .target = participant->id,
        .call = participant->info.id,
    };
    struct decision decision;

    log_write(LOG_LEVEL_INFO, conference->name, participant->info.id,
              "%s has sent no media for %u s", participant->info.caller.uri, silent_ms / 1000);
    actor_of_server(&request.actor);
    (void)focus_submit(focus, &request, &decision);
}

const struct mixing_events *focus_mixing_events(void)
{
    static const struct mixing_events events = {
        .on_speaking = on_speaking,
        .on_digit = on_digit,
        .on_timeout = on_timeout,
        .on_played = sound_on_played,
    };
    return &events;
}
