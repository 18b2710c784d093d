/* Clips: who has them open, and the thread that reads them. */
#include "media/clip_read.h"

#include "media/mailbox.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

struct clip {
    struct mail mail; /* first: to the reader, and back */
    struct clips *clips;
    TAILQ_ENTRY(clip) of_clips;
    unsigned references; /* the reader's, too */
    bool is_read;
    struct recording recording; /* the reader's until it is read */
    char problem[256];
    char path[];
};

struct clips {
    struct loop *loop;
    struct loop_watch *watch;
    void (*on_read)(struct clip *clip, void *arg);
    void *arg;
    char *directory;
    TAILQ_HEAD(, clip) open;
    struct mailbox wanted, read;
    int wanted_fd, read_fd; /* eventfds */
    atomic_bool ending;
    bool running;
    pthread_t reader;
};

/* ---- the reader's thread ---- */

static void announce(int fd)
{
    uint64_t one = 1;

    while (write(fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

static void *reader_main(void *arg)
{
    struct clips *clips = arg;
    uint64_t count;

    (void)pthread_setname_np(pthread_self(), "clips");
    while (!atomic_load(&clips->ending)) {
        struct mail *mail = mailbox_take(&clips->wanted);

        if (mail == NULL) {
            if (read(clips->wanted_fd, &count, sizeof count) < 0 && errno != EINTR) {
                break;
            }
            continue;
        }
        while (mail != NULL) {
            struct clip *clip = (struct clip *)mail;

            mail = mail->next;
            if (!atomic_load(&clips->ending)) {
                (void)recording_read(clip->path, &clip->recording, clip->problem,
                                     sizeof clip->problem);
            }
            mailbox_post(&clips->read, &clip->mail);
            announce(clips->read_fd);
        }
    }
    return NULL;
}

/* Begins with the first clip: who plays nothing has no such thread. */
static int reader_start(struct clips *clips)
{
    sigset_t all, before;
    int err;

    if (clips->running) {
        return 0;
    }
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(&clips->reader, NULL, reader_main, clips);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    clips->running = err == 0;
    return err;
}

/* ---- focus thread ---- */

static void take_read(struct clips *clips)
{
    struct mail *mail = mailbox_take(&clips->read);

    while (mail != NULL) {
        struct clip *clip = (struct clip *)mail;

        mail = mail->next;
        clip->is_read = true;
        if (clip->references > 1) {
            clips->on_read(clip, clips->arg);
        }
        clip_close(clip);
    }
}

static void on_read_fd(int fd, void *arg)
{
    uint64_t count;

    if (read(fd, &count, sizeof count) == (ssize_t)sizeof count) {
        take_read(arg);
    }
}

int clips_create(struct loop *loop, const char *directory,
                 void (*on_read)(struct clip *clip, void *arg), void *arg, struct clips **clipsp)
{
    struct clips *clips = calloc(1, sizeof *clips);
    int err;

    if (clips == NULL) {
        return ENOMEM;
    }
    clips->loop = loop;
    clips->on_read = on_read;
    clips->arg = arg;
    TAILQ_INIT(&clips->open);
    clips->directory = strdup(directory != NULL ? directory : "");
    clips->wanted_fd = eventfd(0, EFD_CLOEXEC);
    clips->read_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (clips->directory == NULL) {
        err = ENOMEM;
    } else if (clips->wanted_fd < 0 || clips->read_fd < 0) {
        err = errno;
    } else {
        err = loop_watch(loop, clips->read_fd, on_read_fd, clips, &clips->watch);
    }
    if (err != 0) {
        clips_destroy(clips);
        return err;
    }
    *clipsp = clips;
    return 0;
}

void clips_destroy(struct clips *clips)
{
    if (clips == NULL) {
        return;
    }
    if (clips->running) {
        atomic_store(&clips->ending, true);
        announce(clips->wanted_fd);
        (void)pthread_join(clips->reader, NULL);
    }
    while (!TAILQ_EMPTY(&clips->open)) {
        struct clip *clip = TAILQ_FIRST(&clips->open);

        clip->references = 1; // NOLINT(clang-analyzer-unix.Malloc): clip_close unlinks it
        clip_close(clip);
    }
    if (clips->watch != NULL) {
        loop_unwatch(&clips->watch);
    }
    if (clips->wanted_fd >= 0) {
        (void)close(clips->wanted_fd);
    }
    if (clips->read_fd >= 0) {
        (void)close(clips->read_fd);
    }
    free(clips->directory);
    free(clips);
}

static struct clip *find(struct clips *clips, const char *path)
{
    struct clip *clip;

    TAILQ_FOREACH(clip, &clips->open, of_clips)
    {
        if (strcmp(clip->path, path) == 0 && *clip->problem == '\0') {
            return clip;
        }
    }
    return NULL;
}

int clip_open(struct clips *clips, const char *file, struct clip **clipp)
{
    char path[PATH_SIZE];
    struct clip *clip;
    size_t size;
    int err;

    recording_path(clips->directory, file, path);
    clip = find(clips, path);
    if (clip == NULL) {
        err = reader_start(clips);
        if (err != 0) {
            return err;
        }
        size = strlen(path) + 1;
        clip = calloc(1, sizeof *clip + size);
        if (clip == NULL) {
            return ENOMEM;
        }
        memcpy(clip->path, path, size);
        clip->clips = clips;
        clip->references = 1; // NOLINT(clang-analyzer-unix.Malloc): clip_close unlinks it
        TAILQ_INSERT_TAIL(&clips->open, clip, of_clips);
        mailbox_post(&clips->wanted, &clip->mail);
        announce(clips->wanted_fd);
    }
    clip->references++;
    *clipp = clip;
    return 0;
}

void clip_close(struct clip *clip)
{
    if (clip == NULL || --clip->references > 0) {
        return;
    }
    TAILQ_REMOVE(&clip->clips->open, clip, of_clips);
    recording_free(&clip->recording);
    free(clip);
}

bool clip_is_read(const struct clip *clip)
{
    return clip->is_read;
}

const char *clip_problem(const struct clip *clip)
{
    return *clip->problem != '\0' ? clip->problem : NULL;
}

const int16_t *clip_samples(const struct clip *clip, unsigned rate, size_t *countp)
{
    for (unsigned i = 0; i < RECORDING_RATES; i++) {
        if (recording_rates[i] == rate) {
            *countp = clip->recording.tracks[i].count;
            return clip->recording.tracks[i].samples;
        }
    }
    return NULL;
}

int clip_check(const char *directory, const char *file, char *error, size_t error_size)
{
    char path[PATH_SIZE];

    recording_path(directory, file, path);
    return recording_check(path, error, error_size);
}
