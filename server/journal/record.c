/*
 * One conference, recorded for `parley replay`: a line "recording" with what it and its scripts are
 * like, a line "person" for each who is in, the same with "sidebar" for each of its sidebars, then
 * decisions and events of them all as in the journal, with all that a policy may look at.
 */
#include "journal/private.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FORMAT = 2 };

struct recording {
    struct output *output; /* NULL: it is full */
    struct teller teller;
    uint64_t conference; /* id */
    char path[PATH_MAX];
    uint64_t size, most; /* bytes */
    struct recording *next;
};

/* ---- what happens --------------------------------------------------------------------------- */

static bool is_of(const struct recording *recording, const struct conference *conference)
{
    const struct conference *parent = conference ? conference_parent(conference) : NULL;

    return conference && conference_id(parent ? parent : conference) == recording->conference;
}

static bool is_told_of(const struct recording *recording, const struct conference_event *event)
{
    return event->conference == recording->conference ||
           is_of(recording, focus_conference(recording->teller.focus, event->conference));
}

/* A last line says why there are no more. */
static void close_file(struct recording *recording, const char *reason)
{
    struct line line;

    if (!recording->output)
        return;
    if (output_begin(recording->output, &line)) {
        entry_begin(&line, "end");
        line_text(&line, "reason", reason);
        output_end(recording->output, &line);
    }
    recording->size = output_bytes(recording->output);
    output_close(recording->output);
    recording->output = NULL;
}

static void fill_up(struct recording *recording)
{
    const struct conference *conference =
        focus_conference(recording->teller.focus, recording->conference);

    close_file(recording, "full");
    log_write(LOG_LEVEL_WARN, conference ? conference_name(conference) : NULL, NULL,
              "the recording %s has its %llu MiB, and ends; what happens from now on is not in it",
              recording->path, (unsigned long long)(recording->most >> 20));
}

/* With room for the last line behind it. */
static bool begin_line(struct recording *recording, struct line *line)
{
    if (!recording->output)
        return false;
    if (output_bytes(recording->output) + 2 * LINE_MOST > recording->most) {
        fill_up(recording);
        return false;
    }
    return output_begin(recording->output, line);
}

void recordings_decided(struct recording *recordings, const struct request *request,
                        const struct decision *decision)
{
    struct recording *recording;
    struct line line;

    for (recording = recordings; recording; recording = recording->next) {
        if (!is_of(recording, request->conference) || !begin_line(recording, &line))
            continue;
        entry_decision(&line, &recording->teller, request, decision);
        output_end(recording->output, &line);
    }
}

void recordings_told_fact(struct recording *recordings, const struct actor *actor, const char *name,
                          const json_t *value)
{
    struct recording *recording;
    struct line line;

    for (recording = recordings; recording; recording = recording->next) {
        if (!begin_line(recording, &line))
            continue;
        entry_fact(&line, &recording->teller, actor, name, value);
        output_end(recording->output, &line);
    }
}

static void end(struct recording **recordingsp, struct recording *recording, const char *reason)
{
    struct recording **place = recordingsp;

    while (*place != recording)
        place = &(*place)->next;
    *place = recording->next;
    close_file(recording, reason);
    secrets_destroy(recording->teller.secrets);
    free(recording);
}

static void write_event(struct recording *recording, const char *kind,
                        const struct conference_event *event)
{
    struct line line;

    if (!begin_line(recording, &line))
        return;
    entry_event(&line, &recording->teller, kind, event);
    output_end(recording->output, &line);
}

void recordings_queued(struct recording *recordings, const struct conference_event *event)
{
    struct recording *recording;

    for (recording = recordings; recording; recording = recording->next) {
        if (is_told_of(recording, event))
            write_event(recording, "queued", event);
    }
}

void recordings_happened(struct recording **recordingsp, const struct conference_event *event)
{
    struct recording *recording, *next;

    for (recording = *recordingsp; recording; recording = next) {
        const struct conference *conference;

        next = recording->next;
        if (!is_told_of(recording, event))
            continue;
        write_event(recording, "event", event);
        conference = focus_conference(recording->teller.focus, event->conference);
        if (event->kind == EVENT_ENDED && event->conference == recording->conference &&
            !(conference && conference_is_reserved(conference)))
            end(recordingsp, recording, "over");
    }
}

void recordings_close(struct recording **recordingsp)
{
    while (*recordingsp)
        end(recordingsp, *recordingsp, "stop");
}

json_t *recordings_describe(const struct recording *recordings)
{
    const struct recording *recording;
    json_t *list = json_array();

    for (recording = recordings; recording; recording = recording->next) {
        const struct conference *conference =
            focus_conference(recording->teller.focus, recording->conference);
        const struct output *output = recording->output;
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:I, s:I, s:b}", "conference",
                            conference ? conference_name(conference) : "", "file", recording->path,
                            "bytes", (json_int_t)(output ? output_bytes(output) : recording->size),
                            "size", (json_int_t)recording->most, "full", !output));
    }
    return list;
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

/* NULL: out of memory. */
static json_t *describe(const struct conference *conference, const char *kind,
                        struct secrets *secrets, const json_t *scripts)
{
    const json_t *options = conference_options(conference);
    char at[TEXT_TIME];

    secrets_learn_options(secrets, options, false);
    text_time(clock_wall_ms(), at);
    return json_pack(
        "{s:s, s:s, s:s, s:I, s:s, s:s, s:i, s:b, s:o*, s:o}", "at", at, "kind", kind, "conference",
        conference_name(conference), "conference_id", (json_int_t)conference_id(conference),
        "title", conference_title(conference), "policy", conference_policy(conference), "capacity",
        (int)conference_capacity(conference), "locked", (int)conference_is_locked(conference),
        "options", options ? secrets_mask(secrets, options) : NULL, "scripts",
        secrets_mask(secrets, scripts));
}

static int write_whole(struct recording *recording, const json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
    int error = text ? output_text(recording->output, text) : ENOMEM;

    free(text);
    return error;
}

static int write_head(struct recording *recording, const struct conference *conference,
                      const json_t *scripts)
{
    json_t *head = describe(conference, "recording", recording->teller.secrets, scripts);
    char zone[128];
    int error = ENOMEM;

    find_zone(zone, sizeof zone);
    if (head &&
        json_object_update_new(head, json_pack("{s:i, s:s, s:s}", "format", FORMAT, "version",
                                               PARLEY_VERSION, "zone", zone)) == 0)
        error = write_whole(recording, head);
    json_decref(head);
    return error;
}

static int write_sidebar(struct recording *recording, const struct conference *sidebar,
                         const json_t *scripts)
{
    json_t *head = describe(sidebar, "sidebar", recording->teller.secrets, scripts);
    int error = ENOMEM;

    if (head &&
        json_object_set_new(head, "given",
                            json_pack("{s:s, s:s, s:f, s:s}", "title", conference_title(sidebar),
                                      "policy", conference_policy(sidebar), "background",
                                      (double)sidebar_background(sidebar), "shown",
                                      sidebar_shown_name(sidebar_shown(sidebar)))) == 0)
        error = write_whole(recording, head);
    json_decref(head);
    return error;
}

static void write_people(struct recording *recording, const struct conference *conference)
{
    const struct participant *participant = NULL;
    struct line line;

    while ((participant = conference_next_participant(conference, participant))) {
        if (!begin_line(recording, &line))
            continue;
        entry_person(&line, &recording->teller, participant);
        output_end(recording->output, &line);
    }
}

static int write_beginning(struct recording *recording, const struct journal_recording *wanted,
                           const json_t *scripts)
{
    const struct conference *sidebar = NULL;
    int error = write_head(recording, wanted->conference, scripts);

    if (!error)
        write_people(recording, wanted->conference);
    while (!error && (sidebar = conference_next_sidebar(wanted->conference, sidebar))) {
        json_t *known = wanted->scripts(wanted->arg, sidebar);
        error = known ? write_sidebar(recording, sidebar, known) : ENOMEM;
        json_decref(known);
        if (!error)
            write_people(recording, sidebar);
    }
    return error;
}

static int begin(struct recording *recording, const struct journal_recording *wanted,
                 struct loop *loop, struct worker *worker)
{
    const struct bounds one_file = {.files = 0};
    json_t *scripts = wanted->scripts(wanted->arg, wanted->conference);
    int error = scripts ? secrets_create(wanted->with_secrets, json_object_get(scripts, "secrets"),
                                         &recording->teller.secrets)
                        : ENOMEM;

    if (!error)
        error = output_create(loop, worker, wanted->path, &one_file, &recording->output);
    if (!error)
        error = write_beginning(recording, wanted, scripts);
    json_decref(scripts);
    return error;
}

/* NULL: it is not recorded. */
static struct recording *find(struct recording *recordings, const struct conference *conference)
{
    struct recording *recording = recordings;

    while (recording && recording->conference != conference_id(conference))
        recording = recording->next;
    return recording;
}

int recording_begin(struct recording **recordingsp, const struct journal_recording *wanted,
                    struct focus *focus, struct loop *loop, struct worker *worker)
{
    struct recording *recording = find(*recordingsp, wanted->conference);
    int error;

    if (recording && recording->output)
        return EALREADY;
    if (recording)
        end(recordingsp, recording, "full");
    recording = calloc(1, sizeof *recording);
    if (!recording)
        return ENOMEM;
    recording->conference = conference_id(wanted->conference);
    recording->teller = (struct teller){.focus = focus, .is_full = true};
    recording->most = wanted->size;
    (void)snprintf(recording->path, sizeof recording->path, "%s", wanted->path);
    recording->next = *recordingsp;
    *recordingsp = recording;
    error = begin(recording, wanted, loop, worker);
    if (error)
        end(recordingsp, recording, "stop");
    else
        log_write(LOG_LEVEL_INFO, conference_name(wanted->conference), NULL,
                  "what is asked and happens is recorded to %s", wanted->path);
    return error;
}

int recording_stop(struct recording **recordingsp, const struct conference *conference)
{
    struct recording *recording = find(*recordingsp, conference);

    if (!recording)
        return ENOENT;
    end(recordingsp, recording, "stop");
    return 0;
}
