/*
 * Recordings below temporary/ are nobody's to keep, as the names that callers say: those in
 * temporary/ID go when the conference of that id is over. On the disk they are in a folder that is
 * this server's alone, temporary/SERVER/ID, for two servers may have their recordings in one place,
 * and know their conferences by the same ids. As long as it runs the server has a lock on it; what
 * nobody has locked is deleted when a server starts, however the one before has ended. A thread of
 * its own deletes them while calls go on, for a disk may be slow.
 */
#define _XOPEN_SOURCE 700 /* nftw */
#include "main/serve.h"

#include "core/failure.h"
#include "core/folders.h"
#include "core/id.h"
#include "core/log.h"
#include "core/worker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "temporary"
#define LOCK ".lock"

enum { DIRECTORIES_OPEN = 8, TRIES = 5 };

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
    struct deletion *deletion = calloc(1, sizeof *deletion);
    if (!deletion) {
        return; /* the end of the server deletes it */
    }
    (void)snprintf(deletion->path, sizeof deletion->path, "%.3000s/%llu", server->temporary.path,
                   (unsigned long long)conference);
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

/* ---- one server, one folder ----------------------------------------------------------------- */

/* Whether what is locked is still the file of that name: somebody may have deleted it before. */
static bool is_there(int fd, const char *path)
{
    struct stat ours, there;
    return !fstat(fd, &ours) && !stat(path, &there) && ours.st_ino == there.st_ino &&
           ours.st_dev == there.st_dev;
}

/* The lock on a folder; -1: errno says why there is none. */
static int lock(const char *folder)
{
    char path[PATH_MAX + sizeof "/" LOCK];
    (void)snprintf(path, sizeof path, "%s/" LOCK, folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) || !is_there(fd, path))) {
        close(fd);
        errno = EBUSY;
        fd = -1;
    }
    return fd;
}

/* What is in no folder is nobody's either. */
static void delete_unless_locked(const char *path)
{
    int fd = lock(path);
    if (fd >= 0 || errno == ENOTDIR) {
        delete_all(path);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void delete_those_of_the_dead(const char *folder)
{
    char path[PATH_MAX];
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (*entry->d_name != '.') {
            (void)snprintf(path, sizeof path, "%.3000s/%.255s", folder, entry->d_name);
            delete_unless_locked(path);
        }
    }
    if (directory) {
        (void)closedir(directory);
    }
}

/* A name that nobody has: who deletes what is left by others may be quicker than our lock. */
static void try_folder(struct server *server, const char *folder)
{
    char path[PATH_MAX + sizeof "/" LOCK];
    id_random(server->temporary.name, sizeof server->temporary.name);
    (void)snprintf(server->temporary.path, sizeof server->temporary.path, "%.3000s/%s", folder,
                   server->temporary.name);
    (void)snprintf(path, sizeof path, "%s/" LOCK, server->temporary.path);
    (void)folders_make_above(path);
    server->temporary.lock = lock(server->temporary.path);
}

/* Without a lock it goes on: whatever keeps us from that will keep us from recording, too, and is
 * told each time. */
static void take_folder(struct server *server)
{
    struct sound_directories directories;
    char folder[PATH_MAX];
    unsigned tries = TRIES;
    server_directories(&server->settings, &directories);
    (void)snprintf(folder, sizeof folder, "%.3000s/" FOLDER, directories.recordings);
    delete_those_of_the_dead(folder);
    do {
        try_folder(server, folder);
    } while (server->temporary.lock < 0 && (errno == EBUSY || errno == ENOENT) && --tries > 0);
    if (server->temporary.lock < 0) {
        log_warn("recordings: %s: %s", server->temporary.path, failure_text(errno));
    }
}

int server_clean_recordings(struct server *server)
{
    const struct worker_config config = {
        .loop = server->loop, .name = "cleaner", .run = run, .done = done};
    take_folder(server);
    int status = worker_create(&config, &server->cleaner);
    return status ? status : focus_listen(server->focus, on_event, server);
}

void server_leave_recordings(struct server *server)
{
    char folder[PATH_MAX];
    if (!*server->temporary.path) {
        return;
    }
    delete_all(server->temporary.path);
    (void)snprintf(folder, sizeof folder, "%.*s",
                   (int)(strlen(server->temporary.path) - strlen(server->temporary.name) - 1),
                   server->temporary.path);
    (void)rmdir(folder); /* unless another server has one there */
    if (server->temporary.lock >= 0) {
        close(server->temporary.lock);
    }
}
