/* What is recorded of a conference: all that is said, and each participant on a track. */
#include "focus/take.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/private.h"
#include "focus/visitor_parts.h"

#include "core/log.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum {
    LATE_MS = 20, /* until a leg that comes from another mix is looked at again */
    WHOSE = 24,   /* bytes of a user's name in that of a track */
};

const char *take_conference_name(const struct take *take)
{
    const struct conference *conference = focus_conference(take->focus, take->conference);

    return conference ? conference->name : "";
}

uint64_t take_position(const struct take *take, uint64_t when)
{
    return (take->is_paused ? take->paused_at : when) - take->begin - take->paused;
}

static uint64_t clock_of(const struct take *take)
{
    return take->focus->mixing->record_clock(take->focus->mixing->ctx);
}

/* At once, but not before all its files have begun, paused, or gone on. */
static uint64_t begin_of(const struct take *take)
{
    uint64_t now = clock_of(take);

    return now > take->turned ? now : take->turned;
}

static void take_free(struct take *take)
{
    loop_timer_stop(&take->late);
    loop_timer_stop(&take->untold);
    json_decref(take->note);
    free(take);
}

void take_forget(struct take *take, json_t *entry)
{
    note_problem(take, entry, "the server has not waited for the disk");
    if (--take->open > 0)
        return;
    note_end(take);
    take_free(take);
}

static void tell(const struct take *take, bool on, const char *file, const char *problem)
{
    struct conference_event event = {
        .kind = EVENT_RECORDED,
        .conference = take->conference,
        .on = on,
        .is_paused = take->is_paused && take->main,
        .duration = take->duration,
    };

    (void)snprintf(event.file, sizeof event.file, "%.*s", RECORD_FILE - 1, file);
    (void)snprintf(event.reason, sizeof event.reason, "%s", problem);
    if (focus_conference(take->focus, take->conference))
        events_post(take->focus, &event);
}

/* ---- tracks --------------------------------------------------------------------------------- */

/* "board/monday-1-alice.flac" of "board/monday.flac". */
static void name_track(const struct take *take, const struct participant *participant,
                       char file[TRACK_FILE])
{
    const char *ending = strrchr(take->file, '.');
    char whose[WHOSE + 1];

    (void)snprintf(whose, sizeof whose, "%s",
                   participant->anonymous ? "anonymous" : participant->info.caller.user);
    for (char *at = whose; *at; at++) {
        if (!isalnum((unsigned char)*at) && !strchr("_-", *at))
            *at = '_';
    }
    (void)snprintf(file, TRACK_FILE, "%.*s-%u-%s%s", (int)(ending - take->file), take->file,
                   take->tracks, whose, ending);
}

static int begin_track(struct take *take, struct participant *participant)
{
    struct conference *conference = participant->conference;
    struct recording what = {.take = take}, *recording;
    struct record_config config = {
        .leg = participant_own(participant)->leg,
        .buses = UINT64_C(1) << take->bus,
        .begin = begin_of(take),
    };
    int error;

    take->tracks++;
    name_track(take, participant, what.file);
    error = recording_open(take->focus, conference->mix, &what, &config, &recording);
    if (error) {
        take->tracks--;
        return error;
    }
    take->open++;
    participant->track = recording->id;
    if (take->is_paused)
        (void)take->focus->mixing->record_turn(recording->recorder, config.begin);
    recording->entry =
        note_track(take, participant, recording->file, take_position(take, config.begin));
    return 0;
}

static void on_late(void *arg);

static bool lacks_track(struct participant *participant)
{
    const struct visitor *visitor = participant_own(participant)->visitor;

    return participant->joined && !participant->track && !(visitor && visitor->is_out);
}

/* Whoever is in has a track, or has soon. */
static void follow(struct take *take)
{
    struct conference *conference = focus_conference(take->focus, take->conference);
    struct participant *participant;
    int error, code;

    DL_FOREACH(conference->members, participant)
    {
        error = lacks_track(participant) ? begin_track(take, participant) : 0;
        if (error == EINPROGRESS)
            error = loop_timer_start(take->focus->loop, &take->late, LATE_MS, on_late, take);
        if (error)
            log_write(LOG_LEVEL_ERROR, conference->name, participant->info.id,
                      "%s is not on a track of its own in %s: %s", participant->info.caller.uri,
                      take->file, focus_failure(error, &code));
    }
}

static void on_late(void *arg)
{
    follow(arg);
}

void take_join(struct participant *participant)
{
    struct take *take = participant->conference->take;

    if (take && take->has_tracks)
        follow(take);
    if (participant->aside)
        take_join(participant->aside);
}

void take_leave(struct participant *participant)
{
    recording_close(recording_find(participant->conference->focus, participant->track));
    participant->track = 0;
    if (participant->aside)
        take_leave(participant->aside);
}

/* ---- a conference --------------------------------------------------------------------------- */

/* What is told to all is part of it; music for who waits is not. Sidebars, which have no plan of
 * their own, are one bus. */
static uint64_t buses_of(const struct conference *conference)
{
    if (conference->parent)
        return UINT64_C(1) << conference->bus;
    return UINT64_C(1) << MIX_RECORD | UINT64_C(1) << MIX_ANNOUNCE;
}

/* All speak to the recording as well, or no longer. ENOMEM: some do not. */
static int tap(struct conference *conference, bool is_tapped)
{
    if (conference->parent || conference->is_tapped == is_tapped)
        return 0;
    conference->is_tapped = is_tapped;
    return conference_route(conference);
}

static int begin_main(struct conference *conference, struct take *take)
{
    struct record_config config = {.buses = buses_of(conference), .begin = take->begin};
    struct recording what = {.take = take};
    int error = tap(conference, true);

    (void)snprintf(what.file, sizeof what.file, "%s", take->file);
    if (!error)
        error = recording_open(take->focus, conference->mix, &what, &config, &take->main);
    if (error)
        (void)tap(conference, false); /* who still speaks there is heard by nobody */
    else
        take->open = 1;
    return error;
}

static int begin(struct conference *conference, const struct decision *decision)
{
    struct participant *participant;
    struct take *take;
    int error;

    if (!conference->active)
        return ENOTCONN;
    if (strlen(decision->params.file) >= sizeof take->file)
        return ENAMETOOLONG;
    if (!strchr(file_base(decision->params.file), '.') || strchr(decision->params.file, PLAY_NEXT))
        return ENOTSUP;
    take = calloc(1, sizeof *take);
    if (!take)
        return ENOMEM;
    take->focus = conference->focus;
    take->conference = conference->id;
    take->has_tracks = decision->params.tracks;
    take->bus = conference->parent ? conference->bus : MIX_RECORD;
    take->begin = take->turned = clock_of(take) + RECORD_AHEAD;
    (void)snprintf(take->file, sizeof take->file, "%.*s", RECORD_FILE - 1, decision->params.file);
    error = note_begin(take, conference, decision);
    if (!error)
        error = begin_main(conference, take);
    if (error) {
        take_free(take);
        return error;
    }
    conference->take = take;
    log_write(LOG_LEVEL_INFO, conference->name, NULL, "records %s%s", take->file,
              take->has_tracks ? ", each on a track of its own, too" : "");
    DL_FOREACH(conference->members, participant)
    {
        participant->track = 0;
    }
    if (take->has_tracks)
        follow(take);
    tell(take, true, take->file, "");
    return 0;
}

/* From one moment on in all its files. */
static int set_pause(struct take *take, bool is_paused)
{
    const struct mixing *mixing = take->focus->mixing;
    uint64_t when = clock_of(take) + RECORD_AHEAD;
    struct recording *recording;

    if (take->is_paused == is_paused)
        return 0;
    if (mixing->record_turn(take->main->recorder, when))
        return EOVERFLOW;
    DL_FOREACH(take->focus->recordings, recording)
    {
        if (recording->take == take && recording != take->main &&
            mixing->record_turn(recording->recorder, when))
            recording_close(recording); /* rather than what is not to be in it */
    }
    take->duration = (unsigned)take_position(take, when);
    if (is_paused)
        take->paused_at = when;
    else
        take->paused += when - take->paused_at;
    take->is_paused = is_paused;
    take->turned = when;
    note_pause(take, take->duration);
    log_write(LOG_LEVEL_INFO, take_conference_name(take), NULL, "recording %s %s", take->file,
              is_paused ? "pauses" : "goes on");
    tell(take, !is_paused, take->file, "");
    return 0;
}

static void stop(struct take *take)
{
    struct recording *recording;

    loop_timer_stop(&take->late);
    DL_FOREACH(take->focus->recordings, recording)
    {
        if (recording->take == take)
            recording_close(recording);
    }
}

int conference_record(struct conference *conference, const struct decision *decision)
{
    const struct request_params *params = &decision->params;
    struct take *take = conference->take;
    int error;

    if (!*params->file) {
        if (take)
            stop(take);
        return 0;
    }
    if (take && strcmp(take->file, params->file) == 0 && (params->paused || take->is_paused))
        return set_pause(take, params->paused);
    if (take)
        return EALREADY;
    error = begin(conference, decision);
    if (!error && params->paused) {
        error = set_pause(conference->take, true);
        if (error)
            stop(conference->take); /* rather than what is not to be in it */
    }
    return error;
}

const char *conference_recording(const struct conference *conference)
{
    return conference->take ? conference->take->file : "";
}

bool conference_recording_is_paused(const struct conference *conference)
{
    return conference->take && conference->take->is_paused;
}

void conference_end_recording(struct conference *conference)
{
    if (conference->take)
        stop(conference->take);
    conference->take = NULL;
    conference->is_tapped = false;
}

/* ---- the end -------------------------------------------------------------------------------- */

static void main_ended(struct take *take, const struct recorded *recorded)
{
    struct conference *conference = focus_conference(take->focus, take->conference);

    take->main = NULL;
    take->duration = recorded->duration;
    (void)snprintf(take->problem, sizeof take->problem, "%s",
                   recorded->problem ? recorded->problem : "");
    note_main_end(take, recorded);
    stop(take); /* it may have ended by itself */
    if (conference && conference->take == take) {
        conference->take = NULL;
        (void)tap(conference, false);
    }
}

/* The others go on without it: whoever it was of is in the mix all the same. */
static void track_ended(struct take *take, const struct recording *recording,
                        const struct recorded *recorded)
{
    note_track_end(take, recording->entry, recorded);
    if (recorded->problem && take->main)
        tell(take, !take->is_paused, recording->file, recorded->problem);
}

/* What is told, and in the note, is when all files are whole. */
void take_file_ended(struct take *take, const struct recording *recording,
                     const struct recorded *recorded)
{
    if (recording == take->main)
        main_ended(take, recorded);
    else
        track_ended(take, recording, recorded);
    if (--take->open > 0)
        return;
    note_end(take);
    tell(take, false, take->file, take->problem);
    take_free(take);
}
