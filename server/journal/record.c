/*
 * One conference, recorded for `parley replay`: a line "recording" with what it and its scripts are
 * like, a line "person" for each who is in, then decisions and events as in the journal, with all
 * that a policy may look at.
 */
#include "journal/private.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FORMAT = 1 };

#define RECORDING_MOST ((uint64_t)256 << 20) /* bytes */

struct recording {
    struct output *output;
    struct teller teller;
    uint64_t conference; /* id */
    struct recording *next;
};

/* ---- what happens --------------------------------------------------------------------------- */

void recordings_decided(struct recording *recordings, const struct request *request,
                        const struct decision *decision)
{
    struct recording *recording;
    struct line line;

    for (recording = recordings; recording; recording = recording->next) {
        if (!request->conference || conference_id(request->conference) != recording->conference ||
            !output_begin(recording->output, &line))
            continue;
        entry_decision(&line, &recording->teller, request, decision);
        output_end(recording->output, &line);
    }
}

static void end(struct recording **recordingsp, struct recording *recording)
{
    struct recording **place = recordingsp;

    while (*place != recording)
        place = &(*place)->next;
    *place = recording->next;
    output_close(recording->output);
    secrets_destroy(recording->teller.secrets);
    free(recording);
}

static void write_event(struct recording *recording, const char *kind,
                        const struct conference_event *event)
{
    struct line line;

    if (!output_begin(recording->output, &line))
        return;
    entry_event(&line, &recording->teller, kind, event);
    output_end(recording->output, &line);
}

void recordings_queued(struct recording *recordings, const struct conference_event *event)
{
    struct recording *recording;

    for (recording = recordings; recording; recording = recording->next) {
        if (event->conference == recording->conference)
            write_event(recording, "queued", event);
    }
}

void recordings_happened(struct recording **recordingsp, const struct conference_event *event)
{
    struct recording *recording, *next;

    for (recording = *recordingsp; recording; recording = next) {
        const struct conference *conference;

        next = recording->next;
        if (event->conference != recording->conference)
            continue;
        write_event(recording, "event", event);
        conference = focus_conference(recording->teller.focus, event->conference);
        if (event->kind == EVENT_ENDED && !(conference && conference_is_reserved(conference)))
            end(recordingsp, recording);
    }
}

void recordings_close(struct recording **recordingsp)
{
    while (*recordingsp)
        end(recordingsp, *recordingsp);
}

/* ---- how it begins -------------------------------------------------------------------------- */

/* The time zone of this machine, "" when it says none. */
static void find_zone(char *zone, size_t size)
{
    static const char folder[] = "zoneinfo/";
    const char *set = getenv("TZ"), *name;
    char link[PATH_MAX];
    ssize_t length = set ? 0 : readlink("/etc/localtime", link, sizeof link - 1);

    link[length > 0 ? length : 0] = '\0';
    name = strstr(link, folder);
    (void)snprintf(zone, size, "%s", set ? set : name ? name + strlen(folder) : "");
}

/* The options that the scripts call secret are, wherever they occur. */
static void learn_secrets(struct secrets *secrets, const json_t *options, const json_t *scripts)
{
    const json_t *name;
    size_t i;

    json_array_foreach(json_object_get(scripts, "secrets"), i, name)
    {
        secrets_learn(secrets, json_object_get(options, json_string_value(name)));
    }
}

/* NULL: out of memory. */
static json_t *describe(const struct conference *conference, struct secrets *secrets,
                        const json_t *scripts)
{
    const json_t *options = conference_options(conference);
    char at[TEXT_TIME], zone[128];

    learn_secrets(secrets, options, scripts);
    text_time(clock_wall_ms(), at);
    find_zone(zone, sizeof zone);
    return json_pack(
        "{s:s, s:s, s:i, s:s, s:s, s:I, s:s, s:s, s:s, s:i, s:b, s:o*, s:o}", "at", at, "kind",
        "recording", "format", FORMAT, "version", PARLEY_VERSION, "conference",
        conference_name(conference), "conference_id", (json_int_t)conference_id(conference), "zone",
        zone, "title", conference_title(conference), "policy", conference_policy(conference),
        "capacity", (int)conference_capacity(conference), "locked",
        (int)conference_is_locked(conference), "options",
        options ? secrets_mask(secrets, options) : NULL, "scripts", secrets_mask(secrets, scripts));
}

static int write_beginning(struct recording *recording, const struct conference *conference,
                           const json_t *scripts)
{
    json_t *beginning = describe(conference, recording->teller.secrets, scripts);
    char *text = beginning ? json_dumps(beginning, JSON_COMPACT) : NULL;
    const struct participant *participant = NULL;
    struct line line;
    int error = text ? output_text(recording->output, text) : ENOMEM;

    free(text);
    json_decref(beginning);
    while (!error && (participant = conference_next_participant(conference, participant))) {
        if (!output_begin(recording->output, &line))
            continue;
        entry_person(&line, &recording->teller, participant);
        output_end(recording->output, &line);
    }
    return error;
}

/* Nothing that is there is written over. */
static int make_file(const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno;
    (void)close(fd);
    return 0;
}

static bool is_recorded(const struct recording *recordings, const struct conference *conference)
{
    const struct recording *recording;

    for (recording = recordings; recording; recording = recording->next) {
        if (recording->conference == conference_id(conference))
            return true;
    }
    return false;
}

int recording_begin(struct recording **recordingsp, const struct journal_recording *wanted,
                    struct focus *focus, struct loop *loop, struct worker *worker)
{
    struct recording *recording;
    int error;

    if (is_recorded(*recordingsp, wanted->conference))
        return EALREADY;
    recording = calloc(1, sizeof *recording);
    if (!recording)
        return ENOMEM;
    recording->conference = conference_id(wanted->conference);
    recording->teller = (struct teller){.focus = focus, .is_full = true};
    recording->next = *recordingsp;
    *recordingsp = recording;
    error = secrets_create(wanted->with_secrets, &recording->teller.secrets);
    if (!error)
        error = make_file(wanted->path);
    if (!error)
        error = output_create(loop, worker, wanted->path, RECORDING_MOST, 0, &recording->output);
    if (!error)
        error = write_beginning(recording, wanted->conference, wanted->scripts);
    if (error)
        end(recordingsp, recording);
    else
        log_write(LOG_LEVEL_INFO, conference_name(wanted->conference), NULL,
                  "what is asked and happens is recorded to %s", wanted->path);
    return error;
}

int recording_stop(struct recording **recordingsp, const struct conference *conference)
{
    struct recording *recording;

    for (recording = *recordingsp; recording; recording = recording->next) {
        if (recording->conference == conference_id(conference)) {
            end(recordingsp, recording);
            return 0;
        }
    }
    return ENOENT;
}
