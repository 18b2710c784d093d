/* Files that are being written: of a conference (take.c), or of what a visitor says. */
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/private.h"
#include "focus/take.h"
#include "focus/visitor.h"
#include "focus/visitor_parts.h"

#include "core/id.h"
#include "core/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* Their notes would be one file. */
static bool has_same_stem(const char *file, const char *other)
{
    const char *ending = strrchr(file, '.');
    size_t length = ending ? (size_t)(ending - file) : strlen(file);

    return strncmp(file, other, length) == 0 && other[length] == '.' &&
           !strchr(other + length + 1, '.');
}

/* Names are compared as they are written, and those would be other names of the same file. */
bool recording_name_is_plain(const char *file)
{
    size_t length;

    for (;; file += length + 1) {
        length = strcspn(file, "/");
        if (length == 0 || (length == 1 && *file == '.'))
            return false;
        if (!file[length])
            return true;
    }
}

int recording_open(struct focus *focus, struct mix *mix, const struct recording *what,
                   struct record_config *config, struct recording **recordingp)
{
    struct recording *recording;
    int error;

    if (!recording_name_is_plain(what->file))
        return ENOTUNIQ;
    DL_FOREACH(focus->recordings, recording)
    {
        if (has_same_stem(recording->file, what->file))
            return EEXIST;
    }
    recording = malloc(sizeof *recording);
    if (!recording)
        return ENOMEM;
    *recording = *what;
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
    *recordingp = recording;
    return 0;
}

struct recording *recording_find(const struct focus *focus, uint64_t id)
{
    struct recording *recording;

    DL_FOREACH(focus->recordings, recording)
    {
        if (recording->id == id)
            return recording;
    }
    return NULL;
}

void recording_close(struct recording *recording)
{
    if (recording)
        recording->focus->mixing->record_stop(recording->recorder);
}

void recordings_forget(struct focus *focus)
{
    struct recording *recording, *next;

    DL_FOREACH_SAFE(focus->recordings, recording, next)
    {
        if (recording->take)
            take_forget(recording->take, recording->entry);
        free(recording);
    }
    focus->recordings = NULL;
}

/* ---- a visitor ------------------------------------------------------------------------------ */

int visitor_record(struct visitor *visitor, const char *file, unsigned most, unsigned silence,
                   uint64_t *recordingp)
{
    struct recording what = {.visitor = visitor->id}, *recording;
    struct leg *leg = visitor->participant ? visitor->participant->leg : visitor->leg;
    struct record_config config = {.leg = leg, .most = most, .silence = silence};
    int error;

    if (!visitor_has_audio(visitor))
        return ENODATA;
    (void)snprintf(what.file, sizeof what.file, "%s", file);
    error = recording_open(visitor->focus, visitor->mix, &what, &config, &recording);
    if (!error)
        *recordingp = recording->id;
    return error;
}

void visitor_record_stop(struct visitor *visitor, uint64_t recording)
{
    recording_close(recording_find(visitor->focus, recording));
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
    (void)snprintf(event.file, sizeof event.file, "%.*s", RECORD_FILE - 1, recording->file);
    events_post(visitor->focus, &event);
}

/* ---- the end -------------------------------------------------------------------------------- */

static void log_end(const struct recording *recording, const struct recorded *recorded)
{
    const char *name = recording->take ? take_conference_name(recording->take) : NULL;
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
    const struct visitor *visitor = focus_visitor(focus, recording->visitor);

    DL_DELETE(focus->recordings, recording);
    log_end(recording, recorded);
    if (recording->take)
        take_file_ended(recording->take, recording, recorded);
    if (visitor)
        visitor_recorded(visitor, recording, recorded);
    free(recording);
    focus_quiet_down(focus);
}
