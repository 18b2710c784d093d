#include "core/worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct worker {
    struct worker_config config;
    struct loop_watch *watch;
    struct mailbox wanted, done;
    int wanted_fd, done_fd; /* eventfds */
    atomic_bool is_ending;
    bool is_running;
    pthread_t thread;
};

static void announce(int fd)
{
    uint64_t one = 1;
    while (write(fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

static void unannounce(int fd)
{
    uint64_t count;
    while (read(fd, &count, sizeof count) < 0 && errno == EINTR) {
    }
}

/* ---- on the thread -------------------------------------------------------------------------- */

struct job *job_next(const struct job *job)
{
    return (struct job *)job->mail.next;
}

bool worker_is_ending(const struct worker *worker)
{
    return atomic_load(&worker->is_ending);
}

int worker_fd(const struct worker *worker)
{
    return worker->wanted_fd;
}

struct job *worker_take(struct worker *worker)
{
    unannounce(worker->wanted_fd);
    return (struct job *)mailbox_take(&worker->wanted);
}

struct job *worker_wait(struct worker *worker)
{
    struct pollfd wanted = {.fd = worker->wanted_fd, .events = POLLIN};
    for (;;) {
        /* Asked before the box is: what was posted before the end was told is in it by then. */
        bool is_ending = worker_is_ending(worker);
        struct job *jobs = worker_take(worker);
        if (jobs || is_ending) {
            return jobs;
        }
        (void)poll(&wanted, 1, -1);
    }
}

void worker_return(struct worker *worker, struct job *job)
{
    mailbox_post(&worker->done, &job->mail);
    announce(worker->done_fd);
}

static void *thread_main(void *arg)
{
    struct worker *worker = arg;
    (void)pthread_setname_np(pthread_self(), worker->config.name);
    worker->config.run(worker, worker->config.arg);
    return NULL;
}

/* ---- focus thread --------------------------------------------------------------------------- */

/* Signals are read from a descriptor, by the focus thread alone. */
static int start(struct worker *worker)
{
    sigset_t all, before;
    if (worker->is_running) {
        return 0;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&worker->thread, NULL, thread_main, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    worker->is_running = !error;
    return error;
}

static void hand_back(struct worker *worker, struct mailbox *box)
{
    struct mail *mail = mailbox_take(box);
    while (mail) {
        struct job *job = (struct job *)mail;
        mail = mail->next;
        worker->config.done(job, worker->config.arg);
    }
}

static void on_done(int fd, void *arg)
{
    struct worker *worker = arg;
    unannounce(fd);
    hand_back(worker, &worker->done);
}

int worker_create(const struct worker_config *config, struct worker **workerp)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker) {
        return ENOMEM;
    }
    worker->config = *config;
    worker->wanted_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    worker->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int error = worker->wanted_fd < 0 || worker->done_fd < 0
                    ? errno
                    : loop_watch(config->loop, worker->done_fd, on_done, worker, &worker->watch);
    if (error) {
        worker_destroy(worker);
        return error;
    }
    *workerp = worker;
    return 0;
}

void worker_destroy(struct worker *worker)
{
    if (!worker) {
        return;
    }
    if (worker->is_running) {
        atomic_store(&worker->is_ending, true);
        announce(worker->wanted_fd);
        (void)pthread_join(worker->thread, NULL);
    }
    loop_unwatch(&worker->watch);
    hand_back(worker, &worker->done);
    hand_back(worker, &worker->wanted);
    if (worker->wanted_fd >= 0) {
        close(worker->wanted_fd);
    }
    if (worker->done_fd >= 0) {
        close(worker->done_fd);
    }
    free(worker);
}

int worker_post(struct worker *worker, struct job *job)
{
    int error = start(worker);
    if (!error) {
        mailbox_post(&worker->wanted, &job->mail);
        announce(worker->wanted_fd);
    }
    return error;
}

void worker_wake(struct worker *worker)
{
    announce(worker->wanted_fd);
}
