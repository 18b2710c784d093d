/* What is played to one participant alone: on a bus of the mix that nobody else hears. */
#include "focus/announce.h"
#include "focus/arrangement.h"
#include "focus/conference.h"
#include "focus/participant.h"
#include "focus/visitor_parts.h"

#include "core/log.h"

#include <utlist.h>

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

/* The bus that it alone hears. ENOSR. */
static int take_bus(struct participant *participant)
{
    unsigned bus;
    int error;

    if (participant->ear_bus != MIX_MAIN)
        return 0;
    error = conference_take_bus(owner_of(participant), &bus);
    if (error)
        return error;
    participant->ear_bus = bus;
    error = participant_route(participant);
    if (error)
        drop_bus(participant);
    return error;
}

int participant_play(struct participant *participant, const struct request_params *params)
{
    struct participant *ear = participant->main ? participant->main : participant;
    const struct playback audience = {.conference = owner_of(ear), .ear = ear->id};
    int error;

    if (!*params->file)
        return announce(&audience, ear->ear_bus, params);
    error = take_bus(ear);
    if (error)
        return error;
    log_write(LOG_LEVEL_INFO, ear->conference->name, ear->info.id, "plays %s to %s", params->file,
              ear->info.caller.uri);
    ear->ear_plays++;
    error = announce(&audience, ear->ear_bus, params);
    if (error)
        ear->ear_plays--;
    return error;
}

bool participant_is_played_to(const struct participant *participant)
{
    return (participant->main ? participant->main : participant)->ear_plays > 0;
}

bool ear_is_away(const struct playback *playback)
{
    const struct participant *participant =
        playback->ear ? focus_participant(playback->conference->focus, playback->ear) : NULL;

    return participant && participant->visitor && participant->visitor->is_out;
}

void ear_return(const struct participant *participant)
{
    if (participant->ear_plays > 0)
        playbacks_begin_next(&(struct playback){.conference = owner_of(participant),
                                                .ear = participant->id,
                                                .bus = participant->ear_bus});
}

void ear_played(const struct playback *playback)
{
    struct participant *participant = focus_participant(playback->conference->focus, playback->ear);

    if (!participant || --participant->ear_plays > 0)
        return;
    drop_bus(participant);
    (void)participant_route(participant); /* nobody else speaks there */
}

void ear_leave(struct participant *participant)
{
    struct conference *owner = owner_of(participant);
    struct playback *playback, *next;

    DL_FOREACH_SAFE(owner->playbacks, playback, next)
    {
        if (playback->ear != participant->id)
            continue;
        playback->is_silent = true;
        playback_stop(playback, "stopped");
    }
    drop_bus(participant);
}
