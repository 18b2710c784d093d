/*
 * Inside the store. Nobody outside this folder includes this.
 *
 *   store.c  what is asked for, and the thread that does it in batches
 *   file.c   the SQLite file: opening it, transactions
 *   entry.c  what each verb does within one
 */
#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include "core/clock.h"
#include "core/worker.h"
#include "store/store.h"

#include <sqlite3.h>

enum { PROBLEM_SIZE = 400 };

/* One request, from being asked to being answered. */
struct store_errand {
    struct job job; /* first */
    struct store *store;
    void (*handler)(const struct store_answer *answer, void *arg); /* NULL: forgotten */
    void *arg;
    struct store_request request; /* its strings and bytes are behind this struct */
    /* The thread's, until it comes back. */
    struct store_answer answer;
    unsigned char *bytes; /* of the answer; owned */
    char problem[PROBLEM_SIZE];
};

/* ---- file.c: the thread's ------------------------------------------------------------------- */

enum statement { SELECT_ONE, REPLACE, DELETE_ONE, SELECT_KEYS, CLEAN, STATEMENT_COUNT };

struct file {
    char *path;
    uint64_t most;     /* bytes */
    sqlite3 *database; /* NULL: not open */
    sqlite3_stmt *statements[STATEMENT_COUNT];
    char problem[PROBLEM_SIZE]; /* why it is not open */
    char told[PROBLEM_SIZE];    /* the last problem in the log */
    int64_t told_at, cleaned;   /* s, wall clock */
};

/* Nothing is opened yet. ENOMEM. */
int file_create(const char *path, uint64_t most, struct file **filep);
void file_close(struct file *file); /* NULL is fine */

/* Does all of it in one transaction, and fills in the answers; what cannot be done has a problem.
 * `errands` are linked by their jobs. */
void file_run(struct file *file, struct store_errand *errands);
/* Opens a file that is there, and looks whether it is whole. */
void file_look(struct file *file);

/* ---- entry.c: the thread's; SQLite's codes --------------------------------------------------- */

/* Numbers are kept as such, so that they can be added to; all else is bytes. */
int entries_prepare(struct file *file);
int entry_run(struct file *file, struct store_errand *errand);
/* Forgets some of what has had its time. */
int entries_clean(struct file *file);

struct store_errand *errand_next(const struct store_errand *errand);

#endif
