/*
 * Recordings below temporary/ are nobody's to keep, as the names that callers say: those in
 * temporary/ID go when the conference of that id is over, and all of them when the server starts,
 * however it has ended before. A thread of its own deletes them, for a disk may be slow.
 */
#define _XOPEN_SOURCE 700 /* nftw */
#include "main/serve.h"

#include "core/worker.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#define FOLDER "temporary/"

enum { DIRECTORIES_OPEN = 8 };

struct deletion {
    struct job job;
    char path[PATH_MAX];
};

static int delete_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    (void)remove(path); /* what is in the way stays, until the next start */
    return 0;
}

static void delete_all(const char *path)
{
    (void)nftw(path, delete_one, DIRECTORIES_OPEN, FTW_DEPTH | FTW_PHYS);
}

static void run(struct worker *worker, void *arg)
{
    struct job *job;

    (void)arg;
    while ((job = worker_wait(worker))) {
        for (struct job *next; job; job = next) {
            next = job_next(job);
            delete_all(((struct deletion *)job)->path);
            worker_return(worker, job);
        }
    }
}

static void done(struct job *job, void *arg)
{
    (void)arg;
    free(job);
}

static void post(struct server *server, uint64_t conference)
{
    struct sound_directories directories;
    struct deletion *deletion = calloc(1, sizeof *deletion);
    if (!deletion) {
        return; /* the next start deletes it */
    }
    server_directories(&server->settings, &directories);
    (void)snprintf(deletion->path, sizeof deletion->path, "%.3000s/" FOLDER "%llu",
                   directories.recordings, (unsigned long long)conference);
    if (worker_post(server->cleaner, &deletion->job)) {
        free(deletion);
    }
}

/* Whether there is anything is for the thread to find: who has said a name may have hung up before
 * it was theirs. */
static void on_event(const struct conference_event *event, void *arg)
{
    if (event->kind == EVENT_ENDED) {
        post(arg, event->conference);
    }
}

int server_clean_recordings(struct server *server)
{
    const struct worker_config config = {
        .loop = server->loop, .name = "cleaner", .run = run, .done = done};
    struct sound_directories directories;
    char path[PATH_MAX];
    server_directories(&server->settings, &directories);
    (void)snprintf(path, sizeof path, "%.3000s/" FOLDER, directories.recordings);
    delete_all(path);
    int status = worker_create(&config, &server->cleaner);
    return status ? status : focus_listen(server->focus, on_event, server);
}
