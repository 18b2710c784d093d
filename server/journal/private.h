/*
 * Inside the journal. Nobody outside this folder includes this.
 *
 *   journal.c  the whole: what the focus tells, its start and its end
 *   entry.c    a decision or an event as a line
 *   line.c     lines of JSON
 *   record.c   one conference, for a replay; secrets.c: what must not be read there
 *   output.c   lines on their way to a file; ledger.c: the file, on its thread
 *   read.c     the lines again; parse.c: what is in them; print.c: for people
 */
#ifndef JOURNAL_PRIVATE_H
#define JOURNAL_PRIVATE_H

#include "core/worker.h"
#include "journal/journal.h"
#include "journal/line.h"

#include <limits.h>

/* ---- ledger.c: the thread's -------------------------------------------------------------------
 */

/* How much room lines have. */
struct bounds {
    uint64_t most;  /* bytes of a file */
    unsigned files; /* with those that were renamed; 0: there is one, whatever becomes of it */
};

/* Where lines end up. Opened anew when somebody has moved it away. */
struct ledger {
    char path[PATH_MAX];
    int fd; /* -1: not open */
    uint64_t size;
    uint64_t lost;   /* lines, which is still to be said in it */
    char told[200];  /* the last problem in the log; "": there is none */
    int64_t told_at; /* ms */
};

/* `is_new`: it must not be there yet. EBUSY: somebody else writes there; errno. Any thread, before
 * the first lines. */
int ledger_open(struct ledger *ledger, bool is_new);
/* Whole lines, `count` of them; before them `lost` that never came here. They are written, or lost,
 * too. */
void ledger_write(struct ledger *ledger, const struct bounds *bounds, const char *lines,
                  size_t length, unsigned count, uint64_t lost);
void ledger_close(struct ledger *ledger);

/* ---- output.c: focus thread ----------------------------------------------------------------- */

/* One file, and the lines that are on their way to it. */
struct output;

/* `worker` runs output_work, and gives jobs back to output_done. `path` is copied; where there is
 * to be one file, it must not be there yet. ENOMEM; as ledger_open. */
int output_create(struct loop *loop, struct worker *worker, const char *path,
                  const struct bounds *bounds, struct output **outputp);
const char *output_path(const struct output *output);
/* Of all that comes from now on. */
void output_bound(struct output *output, const struct bounds *bounds);
/* Bytes of all lines so far. */
uint64_t output_bytes(const struct output *output);
/* Room for one line, to be begun at once; false: it is lost. */
bool output_begin(struct output *output, struct line *line);
void output_end(struct output *output, struct line *line);
/* A line of any length, without its newline. ENOMEM. */
int output_text(struct output *output, const char *text);
/* Sends what there is on its way, and is freed behind it. NULL is fine. */
void output_close(struct output *output);
void output_work(struct worker *worker, void *arg);
void output_done(struct job *job, void *arg);

/* ---- entry.c: focus thread ------------------------------------------------------------------ */

/* How lines are told. */
struct teller {
    struct focus *focus;
    bool is_full;            /* with all that a policy may look at */
    struct secrets *secrets; /* NULL: of a PIN only that there was one */
};

/* Begins a line of that kind, now. Any thread. */
void entry_begin(struct line *line, const char *kind);
void entry_decision(struct line *line, const struct teller *teller, const struct request *request,
                    const struct decision *decision);
/* What was accepted has failed. */
void entry_failure(struct line *line, const struct teller *teller, const struct request *request,
                   const struct decision *decision);
/* The parameters of which nothing is said. */
const struct request_params *entry_plain(enum verb verb);
/* Somebody who is in. */
void entry_person(struct line *line, const struct teller *teller,
                  const struct participant *participant);
/* `kind`: "event" once it is told; "queued" when it happens. */
void entry_event(struct line *line, const struct teller *teller, const char *kind,
                 const struct conference_event *event);

void entry_fact(struct line *line, const struct teller *teller, const struct actor *actor,
                const char *name, const json_t *value);

/* ---- secrets.c: focus thread ---------------------------------------------------------------- */

/* What must not be read in a recording. Each has a name there, the same whenever it occurs, so that
 * what was the same still is. */
struct secrets;

/* `are_told`: they are no secrets to who reads it. `options`: an array, the names of those that the
 * scripts call secret; NULL: none. ENOMEM. */
int secrets_create(bool are_told, const json_t *options, struct secrets **secretsp);
void secrets_destroy(struct secrets *secrets); /* NULL is fine */
/* What stands for it; good until the next one. */
const char *secret_text(struct secrets *secrets, const char *text);
/* What the scripts call secret in these, wherever it occurs from now on. `is_of_other`: they are
 * for another policy, which may call any of them so. */
void secrets_learn_options(struct secrets *secrets, const json_t *options, bool is_of_other);
/* A copy in which names stand for the secrets that are known. NULL: out of memory. */
json_t *secrets_mask(struct secrets *secrets, const json_t *value);

/* ---- record.c: focus thread ----------------------------------------------------------------- */

/* One conference, all of it, for `parley replay`. */
struct recording;

/* To those of the recordings that are of its conference. */
void recordings_decided(struct recording *recordings, const struct request *request,
                        const struct decision *decision);
/* To all of them. */
void recordings_told_fact(struct recording *recordings, const struct actor *actor, const char *name,
                          const json_t *value);
int recording_begin(struct recording **recordingsp, const struct journal_recording *wanted,
                    struct focus *focus, struct loop *loop, struct worker *worker);
int recording_stop(struct recording **recordingsp, const struct conference *conference);
void recordings_queued(struct recording *recordings, const struct conference_event *event);
void recordings_happened(struct recording **recordingsp, const struct conference_event *event);
/* All of them. */
void recordings_close(struct recording **recordingsp);
json_t *recordings_describe(const struct recording *recordings);

/* ---- reading --------------------------------------------------------------------------------- */

/* "" when there is none. */
static inline const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

#endif
