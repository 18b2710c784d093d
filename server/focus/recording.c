/* What is recorded: of a conference all that is said, of a visitor what it says. */
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/private.h"
#include "focus/sound.h"
#include "focus/visitor.h"
#include "focus/visitor_parts.h"

#include "core/id.h"
#include "core/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* ENOTSUP: no such kind of file; EBUSY: somebody else writes it; otherwise as mixing's record. */
static int begin(struct focus *focus, struct mix *mix, struct recording *made,
                 struct record_config *config)
{
    struct recording *recording;
    int error;

    DL_FOREACH(focus->recordings, recording)
    {
        if (strcmp(recording->file, made->file) == 0)
            return EBUSY;
    }
    recording = malloc(sizeof *recording);
    if (!recording)
        return ENOMEM;
    *recording = *made;
    recording->focus = focus;
    recording->id = id_next();
    config->file = recording->file;
    config->user = recording;
    error = focus->mixing->record(mix, config, &recording->recorder);
    if (error) {
        free(recording);
        return error == EINVAL ? ENOTSUP : error;
    }
    DL_APPEND(focus->recordings, recording);
    made->id = recording->id;
    return 0;
}

/* NULL: it is over. */
static struct recording *find(const struct focus *focus, uint64_t id)
{
    struct recording *recording;

    DL_FOREACH(focus->recordings, recording)
    {
        if (recording->id == id)
            return recording;
    }
    return NULL;
}

static void stop(struct focus *focus, uint64_t id)
{
    struct recording *recording = find(focus, id);

    if (recording)
        focus->mixing->record_stop(recording->recorder);
}

void recordings_forget(struct focus *focus)
{
    struct recording *recording, *next;

    DL_FOREACH_SAFE(focus->recordings, recording, next)
    {
        free(recording);
    }
    focus->recordings = NULL;
}

/* ---- a conference --------------------------------------------------------------------------- */

static void tell(const struct conference *conference, const struct recording *recording, bool on,
                 const struct recorded *recorded)
{
    struct conference_event event = {
        .kind = EVENT_RECORDED, .conference = conference->id, .on = on};

    (void)snprintf(event.file, sizeof event.file, "%s", recording->file);
    if (recorded) {
        event.duration = recorded->duration;
        (void)snprintf(event.reason, sizeof event.reason, "%s",
                       recorded->problem ? recorded->problem : "");
    }
    events_post(conference->focus, &event);
}

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

static int record(struct conference *conference, const char *file)
{
    struct record_config config = {.buses = buses_of(conference)};
    struct recording made = {.conference = conference->id};
    int error;

    if (!conference->active)
        return ENOTCONN;
    if (find(conference->focus, conference->recording))
        return EALREADY;
    (void)snprintf(made.file, sizeof made.file, "%s", file);
    error = tap(conference, true);
    if (!error)
        error = begin(conference->focus, conference->mix, &made, &config);
    if (error) {
        (void)tap(conference, false); /* who still speaks there is heard by nobody */
        return error;
    }
    conference->recording = made.id;
    log_write(LOG_LEVEL_INFO, conference->name, NULL, "records %s", file);
    tell(conference, &made, true, NULL);
    return 0;
}

int conference_record(struct conference *conference, const char *file)
{
    if (*file)
        return strchr(file, PLAY_NEXT) ? ENOTSUP : record(conference, file);
    stop(conference->focus, conference->recording);
    return 0;
}

const char *conference_recording(const struct conference *conference)
{
    const struct recording *recording = find(conference->focus, conference->recording);

    return recording ? recording->file : "";
}

void conference_end_recording(struct conference *conference)
{
    stop(conference->focus, conference->recording);
    conference->recording = 0;
    conference->is_tapped = false;
}

/* ---- a visitor ------------------------------------------------------------------------------ */

int visitor_record(struct visitor *visitor, const char *file, unsigned most, unsigned silence,
                   uint64_t *recordingp)
{
    struct recording made = {.visitor = visitor->id};
    struct leg *leg = visitor->participant ? visitor->participant->leg : visitor->leg;
    struct record_config config = {.leg = leg, .most = most, .silence = silence};
    int error;

    if (!visitor_has_audio(visitor))
        return ENOTCONN;
    (void)snprintf(made.file, sizeof made.file, "%s", file);
    error = begin(visitor->focus, visitor->mix, &made, &config);
    if (!error)
        *recordingp = made.id;
    return error;
}

void visitor_record_stop(struct visitor *visitor, uint64_t recording)
{
    stop(visitor->focus, recording);
}

static void visitor_recorded(const struct visitor *visitor, const struct recording *recording,
                             const struct recorded *recorded)
{
    struct conference_event event = {
        .kind = EVENT_RECORDED,
        .visitor = visitor->id,
        .playback = recording->id,
        .duration = recorded->duration,
    };

    (void)snprintf(event.reason, sizeof event.reason, "%s",
                   recorded->problem ? recorded->problem : "");
    (void)snprintf(event.file, sizeof event.file, "%s", recording->file);
    events_post(visitor->focus, &event);
}

/* ---- the end -------------------------------------------------------------------------------- */

static void log_end(const struct conference *conference, const struct recording *recording,
                    const struct recorded *recorded)
{
    const char *name = conference ? conference->name : NULL;
    double seconds = recorded->duration / 1000.0;

    if (recorded->problem)
        log_write(LOG_LEVEL_ERROR, name, NULL, "recording %s ends after %.1f s: %s",
                  recording->file, seconds, recorded->problem);
    else
        log_write(LOG_LEVEL_INFO, name, NULL, "has recorded %s, %.1f s", recording->file, seconds);
    if (recorded->lost > 0)
        log_write(LOG_LEVEL_WARN, name, NULL,
                  "recording %s: the disk was too slow, %u ms are silence instead", recording->file,
                  recorded->lost);
}

void recording_on_recorded(void *user, const struct recorded *recorded, void *arg)
{
    struct focus *focus = arg;
    struct recording *recording = user;
    struct conference *conference = focus_conference(focus, recording->conference);
    const struct visitor *visitor = focus_visitor(focus, recording->visitor);

    DL_DELETE(focus->recordings, recording);
    log_end(conference, recording, recorded);
    if (conference)
        tell(conference, recording, false, recorded);
    if (conference && conference->recording == recording->id) {
        conference->recording = 0;
        (void)tap(conference, false);
    }
    if (visitor)
        visitor_recorded(visitor, recording, recorded);
    free(recording);
}
