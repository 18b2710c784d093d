/*
 * A thread of its own for what may take long, as disks and name servers do. It begins with its
 * first job: who has no such work has no such thread.
 *
 * Jobs are structs of whoever posts them, with a struct job as their first member; they go to the
 * thread by a mailbox, and come back by another as events of the loop.
 */
#ifndef CORE_WORKER_H
#define CORE_WORKER_H

#include "core/loop.h"
#include "core/mailbox.h"

struct worker;

struct job {
    struct mail mail;
};

struct worker_config {
    struct loop *loop;
    const char *name; /* of the thread, at most 15 bytes */
    /* The thread. It returns once worker_wait has given NULL, or worker_is_ending, with all jobs
     * returned that it has taken. */
    void (*run)(struct worker *worker, void *arg);
    /* Focus thread: the job has come back, and is the caller's again. */
    void (*done)(struct job *job, void *arg);
    void *arg;
};

/* ENOMEM, EMFILE. */
int worker_create(const struct worker_config *config, struct worker **workerp);
/* Waits for the thread to end; then `done` is called for all jobs that have not come back, those
 * that were never taken included. NULL is fine. */
void worker_destroy(struct worker *worker);
/* Focus thread. EAGAIN, ENOMEM: there can be no thread, and the job stays the caller's. */
int worker_post(struct worker *worker, struct job *job);
/* Wakes the thread without a job. Focus thread. */
void worker_wake(struct worker *worker);

/* ---- what the thread calls ------------------------------------------------------------------ */

/* Jobs, oldest first, linked by their mail. Waits for them; NULL: there are none, and it is to
 * end. */
struct job *worker_wait(struct worker *worker);
/* The same without waiting; NULL: there are none just now. */
struct job *worker_take(struct worker *worker);
struct job *job_next(const struct job *job);
bool worker_is_ending(const struct worker *worker);
/* Readable when there is something to take, or it is to end. */
int worker_fd(const struct worker *worker);
void worker_return(struct worker *worker, struct job *job);

#endif
