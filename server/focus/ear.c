/* What is played to one participant alone: on a bus of the mix that nobody else hears. */
#include "focus/arrangement.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/sound.h"

#include "core/log.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

enum { EAR_FADE = 10 }; /* ms */

/* Whose mix the participant's leg is in. */
static struct conference *owner_of(const struct participant *participant)
{
    struct conference *conference = participant->conference;

    return conference->parent ? conference->parent : conference;
}

static void drop_bus(struct participant *participant)
{
    if (participant->ear_bus != MIX_MAIN)
        conference_give_bus(owner_of(participant), participant->ear_bus, MIX_RAMP);
    participant->ear_bus = MIX_MAIN;
    participant->ear_plays = 0;
}

static void tell(const struct participant *participant, const char *reason)
{
    struct conference_event event = {
        .kind = EVENT_PLAYED,
        .conference = participant->conference->id,
        .participant = participant->id,
    };

    (void)snprintf(event.reason, sizeof event.reason, "%s", reason);
    events_post(participant->conference->focus, &event);
}

static void stop(const struct participant *participant, bool is_silent)
{
    struct conference *owner = owner_of(participant);
    struct playback *playback;

    DL_FOREACH(owner->playbacks, playback)
    {
        if (playback->ear != participant->id)
            continue;
        playback->is_silent |= is_silent;
        playback_stop(playback, owner->focus);
    }
}

static int begin(struct participant *participant, const struct request_params *params)
{
    struct conference *owner = owner_of(participant);
    struct play_config config = {
        .file = params->file, .gain = params->gain, .fade = EAR_FADE, .loop = params->loop};
    int error =
        participant->ear_bus == MIX_MAIN ? conference_take_bus(owner, &participant->ear_bus) : 0;

    if (error) {
        participant->ear_bus = MIX_MAIN;
        return error;
    }
    config.bus = participant->ear_bus;
    error = participant_route(participant);
    if (!error)
        error = playback_begin(&(struct playback){.conference = owner, .ear = participant->id},
                               &config);
    return error;
}

void participant_play(struct participant *participant, const struct request_params *params)
{
    struct participant *ear = participant->main ? participant->main : participant;
    int error;

    stop(ear, false);
    if (!*params->file)
        return;
    log_write(LOG_LEVEL_INFO, ear->conference->name, ear->info.id, "plays %s to %s", params->file,
              ear->info.caller.uri);
    error = begin(ear, params);
    if (!error) {
        ear->ear_plays++;
        return;
    }
    if (ear->ear_plays == 0)
        drop_bus(ear);
    tell(ear, strerror(error));
}

bool participant_is_played_to(const struct participant *participant)
{
    return (participant->main ? participant->main : participant)->ear_plays > 0;
}

void ear_played(const struct playback *playback, const char *problem)
{
    struct participant *participant = focus_participant(playback->conference->focus, playback->ear);

    if (problem)
        log_write(LOG_LEVEL_ERROR, playback->conference->name, NULL, "%s", problem);
    if (playback->is_silent || !participant)
        return;
    if (--participant->ear_plays == 0) {
        drop_bus(participant);
        (void)participant_route(participant); /* nobody else speaks there */
    }
    tell(participant, problem ? problem : playback->is_stopped ? "stopped" : "");
}

void ear_leave(struct participant *participant)
{
    stop(participant, true);
    drop_bus(participant);
}
