#include "journal/private.h"

#include <errno.h>
#include <stdlib.h>

struct journal {
    struct loop *loop;
    struct teller teller;
    struct worker *worker;
    struct output *output;        /* NULL: only recordings are kept */
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

int journal_record(struct journal *journal, const struct journal_recording *wanted)
{
    return recording_begin(&journal->recordings, wanted, journal->teller.focus, journal->loop,
                           journal->worker);
}

int journal_record_stop(struct journal *journal, const struct conference *conference)
{
    return recording_stop(&journal->recordings, conference);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void note(struct journal *journal, const char *kind)
{
    struct line line;

    if (!begin_line(journal, &line))
        return;
    entry_begin(&line, kind);
    line_text(&line, "version", PARLEY_VERSION);
    output_end(journal->output, &line);
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
    if (!error && config->files > 0)
        error = output_create(config->loop, journal->worker, config->path, config->size,
                              config->files, &journal->output);
    if (error) {
        journal_destroy(journal);
        return error;
    }
    note(journal, "start");
    *journalp = journal;
    return 0;
}

void journal_destroy(struct journal *journal)
{
    if (!journal)
        return;
    note(journal, "stop");
    output_close(journal->output);
    recordings_close(&journal->recordings);
    worker_destroy(journal->worker);
    free(journal);
}

const struct journalling *journal_journalling(struct journal *journal)
{
    return &journal->journalling;
}
