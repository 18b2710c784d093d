/* Announcements: to all, to a bus of the mix, or to one participant (ear.c). Those to the same
 * follow each other; while somebody speaks they are softer. */
#include "focus/announce.h"
#include "focus/arrangement.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/sound.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

enum { ANNOUNCEMENT_FADE = 10 }; /* ms */

/* ---- telling -------------------------------------------------------------------------------- */

/* Of a list its first. */
static void tell(const struct playback *playback, const char *reason)
{
    const struct participant *participant =
        focus_participant(playback->conference->focus, playback->ear);
    struct conference_event event = {
        .kind = EVENT_PLAYED,
        .conference = participant ? participant->conference->id : playback->conference->id,
        .participant = playback->ear,
    };

    (void)snprintf(event.reason, sizeof event.reason, "%s", reason);
    (void)snprintf(event.file, sizeof event.file, "%.*s",
                   (int)strcspn(playback->config.file, (char[]){PLAY_NEXT, '\0'}),
                   playback->config.file);
    events_post(playback->conference->focus, &event);
}

void announcement_played(const struct playback *playback, const char *problem)
{
    if (problem)
        log_write(LOG_LEVEL_ERROR, playback->conference->name, NULL, "%s", problem);
    if (playback->is_silent)
        return;
    if (playback->ear)
        ear_played(playback);
    tell(playback, problem ? problem : playback->stopped ? playback->stopped : "");
    conference_update_music(playback->conference);
    if (playback->is_farewell)
        conference_end_farewell(playback->conference);
}

/* ---- playing -------------------------------------------------------------------------------- */

int announce(const struct playback *what, unsigned bus, const struct request_params *params)
{
    struct playback audience = *what;
    struct play_config config = {
        .file = params->file,
        .bus = bus,
        .gain = params->gain,
        .fade = ANNOUNCEMENT_FADE,
        .loop = params->loop,
    };
    int error, code;

    audience.bus = bus;
    audience.duck = params->duck;
    if (params->interrupt || !*params->file)
        playbacks_stop(&audience, *params->file ? "interrupted" : "stopped");
    if (!*params->file)
        return 0;
    error = playback_queue(&audience, &config);
    if (error == ENOBUFS) {
        log_write(LOG_LEVEL_WARN, what->conference->name, NULL,
                  "%s is not played: too many announcements wait already", params->file);
        return error;
    }
    conference_update_music(what->conference);
    if (error) {
        audience.config = config;
        announcement_played(&audience, focus_failure(error, &code));
    }
    return 0;
}

/* BUS_NONE: there is none of that name. */
static unsigned bus_of(const struct conference *conference, const char *name)
{
    if (*name)
        return arrangement_find_bus(conference, name);
    return conference->parent ? conference->bus : MIX_ANNOUNCE;
}

/* `what` is to a conference. */
static int announce_to_bus(const struct playback *what, const struct request_params *params)
{
    struct conference *conference = what->conference;
    unsigned bus = bus_of(conference, params->bus);

    if (!conference->active)
        return *params->file ? ENOTCONN : 0;
    if (bus == BUS_NONE)
        return ENXIO;
    if (*params->file)
        log_write(LOG_LEVEL_INFO, conference->name, NULL, "plays %s%s%s", params->file,
                  *params->bus ? " to the bus " : "", params->bus);
    if (bus == MIX_ANNOUNCE && *params->file && !conference->has_announced) {
        conference->has_announced = true;
        (void)conference_route(conference); /* whom it fails for hears it after the next change */
    }
    return announce(what, bus, params);
}

int conference_announce(struct conference *conference, const struct request_params *params)
{
    return announce_to_bus(&(struct playback){.conference = conference}, params);
}

void conference_bid_farewell(struct conference *conference, const char *files)
{
    struct request_params params = {.interrupt = true};

    (void)snprintf(params.file, sizeof params.file, "%s", files);
    (void)conference_route(conference); /* in its sidebars, too, it is to be heard */
    if (announce_to_bus(&(struct playback){.conference = conference, .is_farewell = true}, &params))
        conference_end_farewell(conference);
}

/* ---- under speech --------------------------------------------------------------------------- */

bool announcements_are_ducked(const struct conference *conference)
{
    const struct participant *participant;

    if (!conference)
        return false;
    DL_FOREACH(conference->members, participant)
    {
        if (participant->joined && participant->speaking && participant_is_heard(participant))
            return true;
    }
    return false;
}

void announcements_after(struct focus *focus, const struct conference_event *event)
{
    struct conference *conference = focus_conference(focus, event->conference);
    struct playback *playback;
    bool is_ducked;

    if (!conference || !conference->playbacks ||
        !(event->kind == EVENT_SPEAKING || event->kind == EVENT_MUTED ||
          event->kind == EVENT_HELD || event->kind == EVENT_PERMITTED || event->kind == EVENT_LEFT))
        return;
    is_ducked = announcements_are_ducked(conference);
    DL_FOREACH(conference->playbacks, playback)
    {
        if (!playback->is_hold_music)
            playback_duck(playback, is_ducked);
    }
}

/* Who spoke there spoke to another conference, or to nobody. */
void announcements_leave_bus(struct conference *conference, unsigned bus)
{
    struct playback *playback, *next;

    DL_FOREACH_SAFE(conference->playbacks, playback, next)
    {
        if (playback->bus == bus)
            playback_stop(playback, "stopped");
    }
}
