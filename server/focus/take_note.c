/*
 * The note beside a recording: JSON that tells whose voice is where. It is written when the
 * recording begins, soon after each change, and at the end; "ended" is null until then, so that a
 * note which says that of a recording that is over tells that the server was killed.
 */
#include "focus/conference.h"
#include "focus/participant.h"
#include "focus/private.h"
#include "focus/take.h"

#include "core/clock.h"
#include "core/failure.h"
#include "core/log.h"
#include "core/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    SAMPLES_A_MS = 16, /* of all that is recorded */
    SOON_MS = 200,     /* many come and go at once */
};

const char *file_base(const char *file)
{
    const char *slash = strrchr(file, '/');

    return slash ? slash + 1 : file;
}

static json_t *time_now(void)
{
    char text[TEXT_TIME];

    text_time(clock_wall_ms(), text);
    return json_string(text);
}

/* A place in the files: in samples and in seconds. */
static void set_place(json_t *object, const char *key, uint64_t ms)
{
    json_int_t sample = (json_int_t)ms * SAMPLES_A_MS;

    json_object_set_new(object, key,
                        json_pack("{s:I, s:f}", "sample", sample, "seconds", (double)ms / 1000.0));
}

/* What has come of a file. */
static void set_outcome(json_t *object, const struct recorded *recorded)
{
    json_object_set_new(object, "problem",
                        recorded->problem ? json_string(recorded->problem) : json_null());
    json_object_set_new(object, "lost_seconds", json_real(recorded->lost / 1000.0));
}

/* ---- writing it ----------------------------------------------------------------------------- */

static void write_now(struct take *take)
{
    const struct mixing *mixing = take->focus->mixing;
    const char *ending = strrchr(take->file, '.');
    char file[RECORD_FILE + sizeof "json"];
    char *text = json_dumps(take->note, JSON_INDENT(2));
    int error = text ? 0 : ENOMEM;

    loop_timer_stop(&take->untold);
    (void)snprintf(file, sizeof file, "%.*s.json", (int)(ending - take->file), take->file);
    if (!error)
        error = mixing->record_note(mixing->ctx, file, text);
    if (error)
        log_write(LOG_LEVEL_ERROR, take_conference_name(take), NULL,
                  "recording: %s cannot be written: %s", file, failure_text(error));
    free(text);
}

static void on_untold(void *arg)
{
    write_now(arg);
}

static void changed(struct take *take)
{
    if (!take->untold &&
        loop_timer_start(take->focus->loop, &take->untold, SOON_MS, on_untold, take))
        write_now(take);
}

/* ---- what is in it -------------------------------------------------------------------------- */

int note_begin(struct take *take, const struct conference *conference,
               const struct decision *decision)
{
    take->note = json_pack("{s:s, s:s, s:o*, s:s, s:s, s:i, s:o, s:n, s:[], s:[]}", "conference",
                           conference->name, "title", conference->title, "policies",
                           focus_describe_policies(take->focus, conference), "decided_by",
                           decision->by, "file", file_base(take->file), "rate", SAMPLES_A_MS * 1000,
                           "began", time_now(), "ended", "tracks", "pauses");
    if (!take->note)
        return ENOMEM;
    changed(take);
    return 0;
}

/* As the roster names people: who is anonymous by a number only. The id tells apart the phones of
 * one person, and is the same on all tracks of one phone. */
static json_t *describe(const struct participant *participant)
{
    const struct participant *person = participant->main ? participant->main : participant;
    json_t *object = json_pack("{s:I, s:s, s:s}", "id", (json_int_t)person->id, "name",
                               participant_shown_name(participant), "role", participant->role);

    if (participant->anonymous)
        json_object_set_new(object, "anonymous", json_integer(participant->anonymous));
    else
        json_object_set_new(object, "uri", json_string(participant->info.caller.uri));
    return object;
}

json_t *note_track(struct take *take, const struct participant *participant, const char *file,
                   uint64_t position)
{
    json_t *entry =
        json_pack("{s:s, s:o}", "file", file_base(file), "participant", describe(participant));

    if (!entry || json_array_append_new(json_object_get(take->note, "tracks"), entry))
        return NULL;
    set_place(entry, "from", position);
    json_object_set_new(entry, "to", json_null());
    changed(take);
    return entry;
}

void note_track_end(struct take *take, json_t *entry, const struct recorded *recorded)
{
    json_int_t from;

    if (!entry)
        return;
    from = json_integer_value(json_object_get(json_object_get(entry, "from"), "sample"));
    set_place(entry, "to", (uint64_t)from / SAMPLES_A_MS + recorded->duration);
    set_outcome(entry, recorded);
    changed(take);
}

void note_pause(struct take *take, uint64_t position)
{
    json_t *pauses = json_object_get(take->note, "pauses"), *pause;

    if (take->is_paused) {
        pause = json_pack("{s:o, s:n}", "began", time_now(), "ended");
        json_array_append_new(pauses, pause);
        set_place(pause, "at", position);
    } else {
        pause = json_array_get(pauses, json_array_size(pauses) - 1);
        json_object_set_new(pause, "ended", time_now());
    }
    changed(take);
}

void note_main_end(struct take *take, const struct recorded *recorded)
{
    set_place(take->note, "to", recorded->duration);
    set_outcome(take->note, recorded);
}

void note_problem(struct take *take, json_t *entry, const char *problem)
{
    json_object_set_new(entry ? entry : take->note, "problem", json_string(problem));
}

void note_end(struct take *take)
{
    json_object_set_new(take->note, "ended", time_now());
    write_now(take);
}
