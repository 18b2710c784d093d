/*
 * Values by keys, in one SQLite file: what applications keep over restarts.
 *
 * A thread of its own reads and writes the file, so that nobody waits for the disk. What is asked
 * for while it is at work is one transaction afterwards. An answer says that it is on the disk: it
 * survives the process and, as far as the disk keeps its promises, the machine.
 *
 * A file that is damaged, or none of ours, is neither used nor changed: it is told of in the log,
 * and in each answer. Focus thread.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "core/loop.h"
#include "ports/storing.h"

struct store;

struct store_config {
    struct loop *loop;
    const char *file; /* made when something is first asked for */
    uint64_t most;    /* bytes that it may have */
};

/* A file that is there is looked at, from now on. ENOMEM, EMFILE, EAGAIN. */
int store_create(const struct store_config *config, struct store **storep);
/* What has been asked for is done first. NULL is fine. */
void store_destroy(struct store *store);

const struct storing *store_storing(struct store *store);

#endif
