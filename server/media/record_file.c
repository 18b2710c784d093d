#include "media/record_file.h"

#include "media/codec.h"

#include <errno.h>
#include <fcntl.h>
#include <sndfile.h>
#include <speex/speex_resampler.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    RATES = 2,   /* that are resampled: 8000 and 48000 Hz */
    QUALITY = 5, /* of the resampler: the delay is 5 ms */
};

struct record_file {
    SNDFILE *file;
    int fd;         /* of it */
    uint64_t count; /* samples written */
    struct {
        unsigned rate; /* 0: not used yet */
        SpeexResamplerState *state;
    } resamplers[RATES];
    char *problem;
    size_t problem_size;
};

/* ---- opening ---- */

static int format_of(const char *path)
{
    static const struct {
        const char *ending;
        int format;
    } known[] = {
        {".wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16},
        {".flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
        {".opus", SF_FORMAT_OGG | SF_FORMAT_OPUS},
        {".ogg", SF_FORMAT_OGG | SF_FORMAT_OPUS},
    };
    const char *ending = strrchr(path, '.');

    for (size_t i = 0; ending != NULL && i < sizeof known / sizeof *known; i++) {
        if (strcmp(ending, known[i].ending) == 0) {
            return known[i].format;
        }
    }
    return 0;
}

bool record_file_is_known(const char *path)
{
    return format_of(path) != 0;
}

/* The folders above it. What goes wrong is told when the file is opened. */
static void make_folders(const char *path)
{
    char *folder = strdup(path);

    for (char *slash = folder != NULL ? strchr(folder + 1, '/') : NULL; slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(folder, 0750);
        *slash = '/';
    }
    free(folder);
}

struct record_file *record_file_create(const char *path, char *problem, size_t problem_size)
{
    struct record_file *file = calloc(1, sizeof *file);
    SF_INFO info = {.samplerate = RECORD_RATE, .channels = 1, .format = format_of(path)};

    if (file == NULL) {
        (void)snprintf(problem, problem_size, "out of memory");
        return NULL;
    }
    make_folders(path);
    file->problem = problem;
    file->problem_size = problem_size;
    /* O_NONBLOCK: a FIFO of that name must not keep the others waiting. */
    file->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0640);
    if (file->fd < 0) {
        (void)snprintf(problem, problem_size, "%s: %s", path, strerror(errno));
    } else {
        file->file = sf_open_fd(file->fd, SFM_WRITE, &info, SF_TRUE);
        if (file->file == NULL) { /* it has closed the descriptor */
            (void)snprintf(problem, problem_size, "%s: %s", path, sf_strerror(NULL));
        }
    }
    if (file->file == NULL) {
        free(file);
        return NULL;
    }
    (void)sf_command(file->file, SFC_SET_UPDATE_HEADER_AUTO, NULL, SF_TRUE);
    return file;
}

/* ---- writing ---- */

static bool write_all(struct record_file *file, const int16_t *samples, unsigned count)
{
    errno = 0;
    if (*file->problem != '\0') {
        return false;
    }
    if (sf_writef_short(file->file, samples, count) != (sf_count_t)count) {
        (void)snprintf(file->problem, file->problem_size, "%s",
                       errno != 0 ? strerror(errno) : sf_strerror(file->file));
        return false;
    }
    file->count += count;
    return true;
}

/* NULL: out of memory, or a rate more than codecs have. */
static SpeexResamplerState *resampler_of(struct record_file *file, unsigned rate)
{
    for (unsigned i = 0; i < RATES; i++) {
        if (file->resamplers[i].rate == 0) {
            file->resamplers[i].rate = rate;
            file->resamplers[i].state = speex_resampler_init(1, rate, RECORD_RATE, QUALITY, NULL);
        }
        if (file->resamplers[i].rate == rate) {
            return file->resamplers[i].state;
        }
    }
    return NULL;
}

bool record_file_add(struct record_file *file, const int16_t *samples, unsigned count,
                     unsigned rate)
{
    int16_t made[RECORD_RATE / 1000 * FRAME_MS];
    spx_uint32_t in = count, out = sizeof made / sizeof *made;
    SpeexResamplerState *resampler;

    if (rate == RECORD_RATE) {
        return write_all(file, samples, count);
    }
    resampler = resampler_of(file, rate);
    if (resampler == NULL) {
        (void)snprintf(file->problem, file->problem_size, "out of memory");
        return false;
    }
    /* The ratios are whole: a frame makes a frame. */
    (void)speex_resampler_process_int(resampler, 0, samples, &in, made, &out);
    return write_all(file, made, out);
}

bool record_file_add_silence(struct record_file *file, unsigned ms)
{
    static const int16_t silence[RECORD_RATE];
    uint64_t left = (uint64_t)ms * (RECORD_RATE / 1000);
    bool is_good = true;

    while (is_good && left > 0) {
        unsigned count = left < RECORD_RATE ? (unsigned)left : RECORD_RATE;

        is_good = write_all(file, silence, count);
        left -= count;
    }
    return is_good;
}

void record_file_size(const struct record_file *file, unsigned *durationp, uint64_t *bytesp)
{
    struct stat status;

    *durationp = (unsigned)(file->count / (RECORD_RATE / 1000));
    *bytesp = fstat(file->fd, &status) == 0 ? (uint64_t)status.st_size : 0;
}

bool record_file_close(struct record_file *file)
{
    int err;

    if (file == NULL) {
        return true;
    }
    for (unsigned i = 0; i < RATES; i++) {
        if (file->resamplers[i].state != NULL) {
            speex_resampler_destroy(file->resamplers[i].state);
        }
    }
    err = sf_close(file->file);
    if (err != 0 && *file->problem == '\0') {
        (void)snprintf(file->problem, file->problem_size, "%s", sf_error_number(err));
    }
    free(file);
    return err == 0;
}
