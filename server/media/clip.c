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
    struct sound_places places; /* its strings are ours */
    TAILQ_HEAD(, clip) open;
    struct mailbox wanted, read;
    int wanted_fd, read_fd; /* eventfds */
    atomic_bool ending;
    bool running;
    pthread_t reader;
};

/* ---- where it is ---- */

static void free_places(struct sound_places *places)
{
    free((char *)places->directory);
    free((char *)places->own);
    free((char *)places->shipped);
    free((char *)places->language);
}

static char *copy_text(const char *text)
{
    return strdup(text != NULL ? text : "");
}

/* ENOMEM: what there is is to be freed all the same. */
static int copy_places(struct sound_places *copy, const struct sound_places *places)
{
    *copy = (struct sound_places){
        .directory = copy_text(places->directory),
        .own = copy_text(places->own),
        .shipped = copy_text(places->shipped),
        .language = copy_text(places->language),
    };
    return copy->directory && copy->own && copy->shipped && copy->language ? 0 : ENOMEM;
}

/* What a clip is known by: the path of a file, or the name of a prompt. */
static void name_of(const char *directory, const char *file, char name[PATH_SIZE])
{
    recording_path(prompt_is_name(file) ? NULL : directory, file, name);
}

/* False: `error` says where there is no such prompt. */
static bool find_file(const struct sound_places *places, const char *name, char path[PATH_SIZE],
                      char *error, size_t error_size)
{
    if (!prompt_is_name(name)) {
        (void)snprintf(path, PATH_SIZE, "%s", name);
    } else if (!prompt_find(places, name, path, PATH_SIZE)) {
        (void)snprintf(error, error_size, "prompt \"%.60s\": no such file in %.160s", name, path);
        return false;
    }
    return true;
}

/* ---- the reader's thread ---- */

static void clip_read(struct clip *clip)
{
    char path[PATH_SIZE];

    if (find_file(&clip->clips->places, clip->path, path, clip->problem, sizeof clip->problem)) {
        (void)recording_read(path, &clip->recording, clip->problem, sizeof clip->problem);
    }
}

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
                clip_read(clip);
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

int clips_create(struct loop *loop, const struct sound_places *places,
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
    err = copy_places(&clips->places, places);
    clips->wanted_fd = eventfd(0, EFD_CLOEXEC);
    clips->read_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (err == 0 && (clips->wanted_fd < 0 || clips->read_fd < 0)) {
        err = errno;
    }
    if (err == 0) {
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
    free_places(&clips->places);
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

    name_of(clips->places.directory, file, path);
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

int clip_check(const struct sound_places *places, const char *file, char *error, size_t error_size)
{
    char name[PATH_SIZE], path[PATH_SIZE];

    name_of(places->directory, file, name);
    return find_file(places, name, path, error, error_size)
               ? recording_check(path, error, error_size)
               : EINVAL;
}
