#include "media/record_file.h"

#include "core/descriptors.h"
#include "core/failure.h"
#include "core/folders.h"
#include "core/sound_kind.h"
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
    RATES = 3,                 /* that there are: 8000, 16000 and 48000 Hz */
    FRAME = RECORD_RATE / 50,  /* samples; longer than any resampler rings */
    BUFFER = RECORD_RATE / 10, /* samples that are written at once */
};

struct record_file {
    SNDFILE *file;
    int fd; /* of it */
    bool is_track;
    uint64_t count;  /* samples of it, those in the buffer included */
    unsigned filled; /* of the buffer */
    int16_t buffer[BUFFER];
    unsigned ringing; /* Hz, of the resampler that has not been run out; 0: none */
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
    static const int formats[SOUND_KINDS + 1] = {
        [SOUND_WAV] = SF_FORMAT_WAV | SF_FORMAT_PCM_16,
        [SOUND_FLAC] = SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
        [SOUND_OGG] = SF_FORMAT_OGG | SF_FORMAT_OPUS,
        [SOUND_OPUS] = SF_FORMAT_OGG | SF_FORMAT_OPUS,
    };

    return formats[sound_kind_of(path)];
}

bool record_file_is_known(const char *path)
{
    return format_of(path) != 0;
}

struct record_file *record_file_create(const char *path, bool is_track, char *problem,
                                       size_t problem_size)
{
    struct record_file *file = calloc(1, sizeof *file);
    SF_INFO info = {.samplerate = RECORD_RATE, .channels = 1, .format = format_of(path)};
    int err;

    if (file == NULL) {
        (void)snprintf(problem, problem_size, "out of memory");
        return NULL;
    }
    err = folders_make_above(path);
    file->is_track = is_track;
    file->problem = problem;
    file->problem_size = problem_size;
    /* O_NONBLOCK: a FIFO of that name must not keep the others waiting. */
    file->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0640);
    if (file->fd >= 0 && descriptor_is_reserve(file->fd)) {
        (void)close(file->fd);
        file->fd = -1;
        errno = EMFILE;
    }
    if (file->fd < 0) {
        (void)snprintf(problem, problem_size, "%s",
                       failure_text(errno == ENOENT && err != 0 ? err : errno));
    } else {
        file->file = sf_open_fd(file->fd, SFM_WRITE, &info, SF_TRUE);
        if (file->file == NULL) { /* it has closed the descriptor */
            (void)snprintf(problem, problem_size, "%s", sf_strerror(NULL));
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

/* Whoever goes on writing then has nothing in the end. */
static bool is_removed(const struct record_file *file)
{
    struct stat status;

    return fstat(file->fd, &status) == 0 && status.st_nlink == 0;
}

bool record_file_flush(struct record_file *file)
{
    unsigned count = file->filled;

    errno = 0;
    file->filled = 0;
    if (*file->problem == '\0' && count > 0 &&
        sf_writef_short(file->file, file->buffer, count) != (sf_count_t)count) {
        (void)snprintf(file->problem, file->problem_size, "%s",
                       errno != 0 ? failure_text(errno) : sf_strerror(file->file));
        file->count -= count;
    }
    if (*file->problem == '\0' && is_removed(file)) {
        (void)snprintf(file->problem, file->problem_size, "the file has been removed");
    }
    return *file->problem == '\0';
}

/* `samples` NULL: silence. */
static bool write_all(struct record_file *file, const int16_t *samples, uint64_t count)
{
    bool is_good = *file->problem == '\0';

    while (is_good && count > 0) {
        unsigned room = BUFFER - file->filled;
        unsigned part = count < room ? (unsigned)count : room;

        if (samples != NULL) {
            memcpy(file->buffer + file->filled, samples, part * sizeof *samples);
            samples += part;
        } else {
            memset(file->buffer + file->filled, 0, part * sizeof *samples);
        }
        file->filled += part;
        file->count += part;
        count -= part;
        is_good = file->filled < BUFFER || record_file_flush(file);
    }
    return is_good;
}

/* The quality, by which the delay is 3 ms from any rate: tracks of all fit together. */
static int quality_of(unsigned rate)
{
    return rate < RECORD_RATE ? 3 : 6;
}

/* NULL: out of memory, or a rate more than codecs have. */
static SpeexResamplerState *resampler_of(struct record_file *file, unsigned rate)
{
    for (unsigned i = 0; i < RATES; i++) {
        if (file->resamplers[i].rate == 0) {
            file->resamplers[i].rate = rate;
            file->resamplers[i].state =
                speex_resampler_init(1, rate, RECORD_RATE, quality_of(rate), NULL);
        }
        if (file->resamplers[i].rate == rate) {
            return file->resamplers[i].state;
        }
    }
    return NULL;
}

/* `samples` NULL: silence. */
static bool resample(struct record_file *file, const int16_t *samples, unsigned count,
                     unsigned rate)
{
    static const int16_t silence[FRAME_MAX];
    int16_t made[FRAME];
    spx_uint32_t in = count, out = FRAME;
    SpeexResamplerState *resampler = resampler_of(file, rate);

    if (resampler == NULL) {
        (void)snprintf(file->problem, file->problem_size, "out of memory");
        return false;
    }
    /* The ratios are whole: a frame makes a frame. */
    (void)speex_resampler_process_int(resampler, 0, samples != NULL ? samples : silence, &in, made,
                                      &out);
    return write_all(file, made, out);
}

bool record_file_add(struct record_file *file, const int16_t *samples, unsigned count,
                     unsigned rate)
{
    if (rate == RECORD_RATE && !file->is_track) {
        return write_all(file, samples, count);
    }
    file->ringing = rate;
    return resample(file, samples, count, rate);
}

bool record_file_add_silence(struct record_file *file, unsigned ms)
{
    uint64_t count = (uint64_t)ms * (RECORD_RATE / 1000);

    if (count >= FRAME && file->ringing != 0) {
        if (!resample(file, NULL, file->ringing / (RECORD_RATE / FRAME), file->ringing)) {
            return false;
        }
        file->ringing = 0;
        count -= FRAME;
    }
    return write_all(file, NULL, count);
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
    (void)record_file_flush(file);
    err = sf_close(file->file);
    if (err != 0 && *file->problem == '\0') {
        (void)snprintf(file->problem, file->problem_size, "%s", sf_error_number(err));
    }
    free(file);
    return err == 0;
}
