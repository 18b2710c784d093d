#include "journal/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct journal {
    struct loop *loop;
    struct teller teller;
    struct worker *worker;
    struct output *output; /* NULL: only recordings are kept */
    struct {
        struct output *output; /* NULL: the one that there is, or none */
        struct bounds bounds;
    } prepared;
    struct recording *recordings; /* list */
    struct journalling journalling;
};

/* ---- what the focus tells ------------------------------------------------------------------- */

static bool begin_line(const struct journal *journal, struct line *line)
{
    return journal->output && output_begin(journal->output, line);
}

static void on_decided(void *ctx, const struct request *request, const struct decision *decision)
{
    struct journal *journal = ctx;
    struct line line;

    if (begin_line(journal, &line)) {
        entry_decision(&line, &journal->teller, request, decision);
        output_end(journal->output, &line);
    }
    recordings_decided(journal->recordings, request, decision);
}

static void on_failed(void *ctx, const struct request *request, const struct decision *decision)
{
    struct journal *journal = ctx;
    struct line line;

    if (!begin_line(journal, &line))
        return;
    entry_failure(&line, &journal->teller, request, decision);
    output_end(journal->output, &line);
}

/* Who speaks when, and how it sounds, is no matter of record, and would fill it. */
static bool is_of_record(const struct conference_event *event)
{
    return event->kind != EVENT_SPEAKING && event->kind != EVENT_QUALITY;
}

static void on_queued(void *ctx, const struct conference_event *event)
{
    const struct journal *journal = ctx;

    recordings_queued(journal->recordings, event);
}

static void on_happened(void *ctx, const struct conference_event *event)
{
    struct journal *journal = ctx;
    struct line line;

    if (is_of_record(event) && begin_line(journal, &line)) {
        entry_event(&line, &journal->teller, "event", event);
        output_end(journal->output, &line);
    }
    recordings_happened(&journal->recordings, event);
}

void journal_fact(void *arg, const struct actor *actor, const char *name, const json_t *value)
{
    struct journal *journal = arg;
    struct line line;

    if (begin_line(journal, &line)) {
        entry_fact(&line, &journal->teller, actor, name, value);
        output_end(journal->output, &line);
    }
    recordings_told_fact(journal->recordings, actor, name, value);
}

int journal_record(struct journal *journal, const struct journal_recording *wanted)
{
    return recording_begin(&journal->recordings, wanted, journal->teller.focus, journal->loop,
                           journal->worker);
}

int journal_record_stop(struct journal *journal, const struct conference *conference)
{
    return recording_stop(&journal->recordings, conference);
}

json_t *journal_recordings(const struct journal *journal)
{
    return recordings_describe(journal->recordings);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void note(struct journal *journal, const char *kind, const char *key, const char *text)
{
    struct line line;

    if (!begin_line(journal, &line))
        return;
    entry_begin(&line, kind);
    line_text(&line, key, text);
    output_end(journal->output, &line);
}

const char *journal_problem(int error)
{
    return error == EBUSY      ? "another server writes there"
           : error == EALREADY ? "it is recorded already"
           : error == ESPIPE   ? "it is a pipe"
                               : strerror(error);
}

int journal_prepare(struct journal *journal, const struct journal_files *files)
{
    bool is_same = journal->output && strcmp(output_path(journal->output), files->path) == 0;

    journal->prepared.output = NULL;
    journal->prepared.bounds = (struct bounds){.most = files->size, .files = files->count};
    if (files->count == 0 || is_same)
        return 0;
    return output_create(journal->loop, journal->worker, files->path, &journal->prepared.bounds,
                         &journal->prepared.output);
}

void journal_swap(struct journal *journal)
{
    struct output *next = journal->prepared.output, *before = journal->output;

    journal->prepared.output = NULL;
    if (next && before)
        note(journal, "moved", "to", output_path(next));
    else if (journal->prepared.bounds.files == 0)
        note(journal, "stop", "version", PARLEY_VERSION);
    if (next || journal->prepared.bounds.files == 0) {
        journal->output = next;
        if (before)
            note(journal, "moved", "from", output_path(before));
        else
            note(journal, "start", "version", PARLEY_VERSION);
        output_close(before);
    } else {
        output_bound(before, &journal->prepared.bounds);
    }
}

void journal_abandon(struct journal *journal)
{
    output_close(journal->prepared.output);
    journal->prepared.output = NULL;
}

int journal_create(const struct journal_config *config, struct journal **journalp)
{
    struct journal *journal = calloc(1, sizeof *journal);
    int error;

    if (!journal)
        return ENOMEM;
    journal->loop = config->loop;
    journal->teller.focus = config->focus;
    journal->journalling = (struct journalling){.ctx = journal,
                                                .decided = on_decided,
                                                .failed = on_failed,
                                                .queued = on_queued,
                                                .happened = on_happened};
    error = worker_create(&(struct worker_config){.loop = config->loop,
                                                  .name = "journal",
                                                  .run = output_work,
                                                  .done = output_done,
                                                  .arg = journal},
                          &journal->worker);
    if (!error)
        error = journal_prepare(journal, &config->files);
    if (error) {
        journal_destroy(journal);
        return error;
    }
    journal_swap(journal);
    *journalp = journal;
    return 0;
}

void journal_destroy(struct journal *journal)
{
    if (!journal)
        return;
    note(journal, "stop", "version", PARLEY_VERSION);
    output_close(journal->output);
    journal_abandon(journal);
    recordings_close(&journal->recordings);
    worker_destroy(journal->worker);
    free(journal);
}

const struct journalling *journal_journalling(struct journal *journal)
{
    return &journal->journalling;
}
