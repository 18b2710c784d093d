/* Clips: who has them open, and the thread that reads them. */
#include "media/clip_read.h"
#include "media/folder.h"

#include "core/id.h"
#include "core/worker.h"
#include "ports/mixing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct clip {
    struct job job; /* first */
    struct clips *clips;
    TAILQ_ENTRY(clip) of_clips;
    unsigned references; /* the reader's, too */
    bool is_read;
    struct recording recording; /* the reader's until it is read */
    char problem[256];
    char after[FOLDER_NAME];      /* of a folder: the file behind this one */
    char name[FOLDER_NAME];       /* the same: which that is, once it is read */
    char language[LANGUAGE_SIZE]; /* of a prompt; else "" */
    bool is_shuffled;             /* of a folder */
    char path[];
};

struct clips {
    struct worker *reader;
    void (*on_read)(struct clip *clip, void *arg);
    void *arg;
    struct sound_places places; /* its strings are ours */
    uint64_t chance; /* the order in which folders are shuffled: one, so that many hear the same */
    TAILQ_HEAD(, clip) open;
};

/* ---- where it is ---- */

static void free_places(struct sound_places *places)
{
    free((char *)places->directory);
    free((char *)places->own);
    free((char *)places->shipped);
    free((char *)places->language);
    free((char *)places->recordings);
    free((char *)places->temporary);
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
        .recordings = copy_text(places->recordings),
        .temporary = copy_text(places->temporary),
    };
    return copy->recordings && copy->temporary && copy->directory && copy->own && copy->shipped &&
                   copy->language
               ? 0
               : ENOMEM;
}

static void place_recording(const struct sound_places *places, const char *file,
                            char path[PATH_SIZE])
{
    static const char temporary[] = "temporary/";
    const char *own = places->temporary != NULL ? places->temporary : "";
    char name[PATH_SIZE];

    if (*own == '\0' || strncmp(file, temporary, sizeof temporary - 1) != 0) {
        recording_path(places->recordings, file, path);
        return;
    }
    (void)snprintf(name, sizeof name, "%s%s/%s", temporary, own, file + sizeof temporary - 1);
    recording_path(places->recordings, name, path);
}

/* What a clip is known by: the path of a file, or the name of a prompt. */
static void name_of(const struct sound_places *places, const char *file, char name[PATH_SIZE])
{
    size_t length = sizeof RECORDING - 1;

    if (strncmp(file, RECORDING, length) == 0) {
        place_recording(places, file + length, name);
    } else {
        recording_path(prompt_is_name(file) ? NULL : places->directory, file, name);
    }
}

/* False: `error` says where there is no such prompt. */
static bool find_file(const struct sound_places *places, const char *language, const char *name,
                      char path[PATH_SIZE], char *error, size_t error_size)
{
    if (!prompt_is_name(name)) {
        (void)snprintf(path, PATH_SIZE, "%s", name);
    } else if (!prompt_find(places, language, name, path, PATH_SIZE)) {
        (void)snprintf(error, error_size, "prompt \"%.60s\": no such file in %.160s", name, path);
        return false;
    }
    return true;
}

/* ---- the reader's thread ---- */

static int read_into(const char *path, void *recording, char *error, size_t error_size)
{
    return recording_read(path, recording, error, error_size);
}

static void clip_read(struct clip *clip)
{
    const struct folder_reader reader = {.read = read_into, .arg = &clip->recording};
    char path[PATH_SIZE];

    if (folder_is_one(clip->path)) {
        (void)folder_read(clip->path, clip->is_shuffled ? clip->clips->chance : 0, clip->after,
                          &reader, clip->name, clip->problem, sizeof clip->problem);
    } else if (find_file(&clip->clips->places, clip->language, clip->path, path, clip->problem,
                         sizeof clip->problem)) {
        (void)recording_read(path, &clip->recording, clip->problem, sizeof clip->problem);
    }
}

static void reader_run(struct worker *worker, void *arg)
{
    struct job *job;

    (void)arg;
    while ((job = worker_wait(worker)) != NULL) {
        while (job != NULL) {
            struct clip *clip = (struct clip *)job;

            job = job_next(job);
            if (!worker_is_ending(worker)) {
                clip_read(clip);
            }
            worker_return(worker, &clip->job);
        }
    }
}

/* ---- focus thread ---- */

static void on_done(struct job *job, void *arg)
{
    struct clips *clips = arg;
    struct clip *clip = (struct clip *)job;

    clip->is_read = true;
    if (clip->references > 1) {
        clips->on_read(clip, clips->arg);
    }
    clip_close(clip);
}

int clips_create(struct loop *loop, const struct sound_places *places,
                 void (*on_read)(struct clip *clip, void *arg), void *arg, struct clips **clipsp)
{
    struct clips *clips = calloc(1, sizeof *clips);
    int err;

    if (clips == NULL) {
        return ENOMEM;
    }
    clips->on_read = on_read;
    clips->arg = arg;
    TAILQ_INIT(&clips->open);
    random_bytes(&clips->chance, sizeof clips->chance);
    clips->chance |= 1; /* 0 stands for no chance */
    err = copy_places(&clips->places, places);
    if (err == 0) {
        err = worker_create(
            &(struct worker_config){
                .loop = loop, .name = "clips", .run = reader_run, .done = on_done, .arg = clips},
            &clips->reader);
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
    worker_destroy(clips->reader);
    free_places(&clips->places);
    free(clips);
}

static struct clip *find(struct clips *clips, const char *path, const char *after,
                         const char *language, bool is_shuffled)
{
    struct clip *clip;

    TAILQ_FOREACH(clip, &clips->open, of_clips)
    {
        if (strcmp(clip->path, path) == 0 && strcmp(clip->after, after) == 0 &&
            strcmp(clip->language, language) == 0 && clip->is_shuffled == is_shuffled &&
            clip_problem(clip) == NULL) {
            return clip;
        }
    }
    return NULL;
}

static int open_path(struct clips *clips, const char *path, const char *after, const char *language,
                     bool is_shuffled, struct clip **clipp)
{
    struct clip *clip = find(clips, path, after, language, is_shuffled);
    size_t size;
    int err;

    if (clip == NULL) {
        size = strlen(path) + 1;
        clip = calloc(1, sizeof *clip + size);
        if (clip == NULL) {
            return ENOMEM;
        }
        memcpy(clip->path, path, size);
        (void)snprintf(clip->after, sizeof clip->after, "%s", after);
        (void)snprintf(clip->language, sizeof clip->language, "%s", language);
        clip->is_shuffled = is_shuffled;
        clip->clips = clips;
        clip->references = 1; // NOLINT(clang-analyzer-unix.Malloc): clip_close unlinks it
        TAILQ_INSERT_TAIL(&clips->open, clip, of_clips);
        err = worker_post(clips->reader, &clip->job);
        if (err != 0) {
            clip_close(clip);
            return err;
        }
    }
    clip->references++;
    *clipp = clip;
    return 0;
}

void clips_place_recording(const struct clips *clips, const char *file, char path[PATH_SIZE])
{
    place_recording(&clips->places, file, path);
}

int clip_open(struct clips *clips, const char *language, const char *file, bool shuffle,
              struct clip **clipp)
{
    char path[PATH_SIZE];

    name_of(&clips->places, file, path);
    return open_path(clips, path, "", language && prompt_is_name(path) ? language : "",
                     shuffle && folder_is_one(path), clipp);
}

bool clip_goes_on(const struct clip *clip)
{
    return folder_is_one(clip->path);
}

int clip_open_next(const struct clip *clip, struct clip **clipp)
{
    return open_path(clip->clips, clip->path, clip->name, "", clip->is_shuffled, clipp);
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

/* Until it is read it is the reader's to write. */
const char *clip_problem(const struct clip *clip)
{
    return clip->is_read && *clip->problem != '\0' ? clip->problem : NULL;
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

static int check_into(const char *path, void *arg, char *error, size_t error_size)
{
    (void)arg;
    return recording_check(path, error, error_size);
}

int clip_check(const struct sound_places *places, const char *file, char *error, size_t error_size)
{
    char name[PATH_SIZE], path[PATH_SIZE];

    name_of(places, file, name);
    if (folder_is_one(name)) {
        return folder_read(name, 0, "", &(struct folder_reader){.read = check_into}, path, error,
                           error_size);
    }
    return find_file(places, NULL, name, path, error, error_size)
               ? recording_check(path, error, error_size)
               : EINVAL;
}
