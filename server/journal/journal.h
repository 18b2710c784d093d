/*
 * The journal: what was asked, decided and has happened, one line each, kept on disk for people and
 * programs. It is the operator's: callers without a name are named in it.
 *
 * A line is a JSON object (entry.c says with which keys). The focus thread writes lines into chunks
 * of memory; a thread of the journal's own writes these to a file, a fifth of a second later at
 * most, so that nobody waits for the disk. When the disk cannot follow, or is full, lines are lost,
 * which is logged and counted in the journal; it goes on when the disk does. FILE is renamed to
 * FILE.1 when it is full, FILE.1 to FILE.2 and so on; the oldest goes.
 */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include "core/text.h"
#include "focus/focus.h"

#include <stdio.h>

struct journal;

/* Where the lines go. */
struct journal_files {
    const char *path;
    uint64_t size;  /* bytes of one file */
    unsigned count; /* how many there are at most, the one that is written included; 0: there is no
                       journal, but there may be recordings */
};

struct journal_config {
    struct loop *loop;
    struct focus *focus;
    struct journal_files files;
};

/* Takes the file for itself; nothing is written before the loop's next turn. ENOMEM, EMFILE; EBUSY:
 * somebody else writes there; EACCES and the like: it cannot be written. */
int journal_create(const struct journal_config *config, struct journal **journalp);
/* Writes what is still to be written. After the focus; NULL is fine. */
void journal_destroy(struct journal *journal);
const struct journalling *journal_journalling(struct journal *journal);

/* Somebody has set a fact that scripts look at; `value` NULL: nobody knows it any longer. `arg` is
 * the journal. */
void journal_fact(void *arg, const struct actor *actor, const char *name, const json_t *value);

/* Takes other files, where that is to be, and goes on as before: errors as of journal_create. */
int journal_prepare(struct journal *journal, const struct journal_files *files);
/* Goes on with what was prepared; the old file ends with where the lines are now. */
void journal_swap(struct journal *journal);
/* What was prepared is not to be, or nothing was. */
void journal_abandon(struct journal *journal);
/* What such an error means to people. */
const char *journal_problem(int error);

/* One conference that is to be recorded, with all that a policy may look at, so that others can be
 * tried with what has happened (replay/replay.h). */
struct journal_recording {
    const struct conference *conference;
    const char *path;  /* there is no such file yet */
    uint64_t size;     /* bytes that it may have; then the recording ends */
    bool with_secrets; /* PINs and the like as they are; otherwise names stand for them */
    /* What the scripts know of it, or of its sidebar; new reference, NULL: out of memory. Called
     * while the recording begins. */
    json_t *(*scripts)(void *arg, const struct conference *conference);
    void *arg;
};

/* Goes on until it is stopped or full, or the conference is over for good. EALREADY; EEXIST and the
 * like, ENOMEM. */
int journal_record(struct journal *journal, const struct journal_recording *wanted);
/* ENOENT: it is not recorded. */
int journal_record_stop(struct journal *journal, const struct conference *conference);
/* [{ conference, file, bytes, size, full }]; new reference. Who was recorded until that was full is
 * among them until it is stopped, begun anew, or over. */
json_t *journal_recordings(const struct journal *journal);

/* ---- reading: no thread, no loop, also while a server writes --------------------------------- */

/* Which lines are wanted. */
struct journal_filter {
    const char *conference; /* its name; NULL: all */
    const char *verb;       /* of decisions, or the name of an event; NULL: all */
    const char *since;      /* "2026-11-20T11:26:18.123Z"; NULL: from the oldest on */
    bool only_done;         /* decisions that have changed something, or were to */
};

/* What there was, wanted or not. */
struct journal_contents {
    unsigned strange;      /* what is no line of a journal, and passed over */
    char since[TEXT_TIME]; /* of the oldest line; "": there is none */
    bool has_conference;   /* that of the filter, in some line */
};

/* Calls `handler` for the lines of the files at `path`, oldest first, with each as it is written
 * there; when it returns false, that was enough. With `follows` also for those that are yet to
 * come, for ever, and with NULL when there is none for the moment. ENOENT, EACCES …: there is no
 * journal. */
int journal_read(const char *path, const struct journal_filter *filter, bool follows,
                 bool (*handler)(const json_t *line, const char *text, void *arg), void *arg,
                 struct journal_contents *contents);

/* Of a decision's line: the parameters that were asked for, and those that were given. Of a
 * person's, by VERB_JOIN: as which it is in. */
void journal_params(const json_t *line, enum verb verb, struct request_params *asked,
                    struct request_params *given);
/* A decision as a line of a recording. New reference; NULL: out of memory. */
json_t *journal_decision(struct focus *focus, const struct request *request,
                         const struct decision *decision);

/* One line for people. */
void journal_print(FILE *file, const json_t *line);
/* Of a decision: who asks for what; and how that is decided, by whom. */
void journal_print_wish(FILE *file, const json_t *line);
void journal_print_verdict(FILE *file, const json_t *line);
#endif
