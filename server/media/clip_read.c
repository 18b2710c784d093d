#include "media/clip_read.h"

#include "core/failure.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sndfile.h>
#include <speex/speex_resampler.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CHUNK = 4096, /* frames of the file read at once */
    CHANNELS_MAX = 8,
    RATE_MIN = 4000, /* Hz */
    RATE_MAX = 192000,
    QUALITY = 8, /* of the resampler: there is time */
    GROWTH = 65536,
};

const unsigned recording_rates[RECORDING_RATES] = {8000, 16000};

struct reading {
    SNDFILE *file;
    SF_INFO info;
    SpeexResamplerState *resamplers[RECORDING_RATES];
    size_t room[RECORDING_RATES]; /* samples that each track has memory for */
    float chunk[CHUNK * CHANNELS_MAX], mono[CHUNK], made[CHUNK];
};

void recording_path(const char *directory, const char *file, char path[PATH_SIZE])
{
    bool is_whole =
        *file == '/' || directory == NULL || *directory == '\0' || recording_is_tone(file);

    (void)snprintf(path, PATH_SIZE, "%.3000s%s%.1000s", is_whole ? "" : directory,
                   is_whole ? "" : "/", file);
}

/* NULL: `error` says why. A pipe or a device could keep us for ever. */
static SNDFILE *file_open(const char *path, SF_INFO *info, char *error, size_t error_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat stat;
    SNDFILE *file;

    if (fd < 0) {
        (void)snprintf(error, error_size, "%s: %s", path, failure_text(errno));
        return NULL;
    }
    if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode)) {
        (void)snprintf(error, error_size, "%s: is no file", path);
        (void)close(fd);
        return NULL;
    }
    memset(info, 0, sizeof *info);
    file = sf_open_fd(fd, SFM_READ, info, SF_TRUE);
    if (file == NULL) {
        /* It has closed the descriptor. */
        (void)snprintf(error, error_size, "%s: is no sound file that can be read: %s", path,
                       sf_strerror(NULL));
        return NULL;
    }
    if (info->channels < 1 || info->channels > CHANNELS_MAX || info->samplerate < RATE_MIN ||
        info->samplerate > RATE_MAX || info->frames < 1) {
        (void)snprintf(error, error_size,
                       "%s: has %d channels, %d Hz, %lld samples: nothing to play", path,
                       info->channels, info->samplerate, (long long)info->frames);
    } else if (info->frames / info->samplerate >= RECORDING_MINUTES_MAX * 60) {
        (void)snprintf(error, error_size, "%s: is longer than %d minutes", path,
                       RECORDING_MINUTES_MAX);
    } else {
        return file;
    }
    (void)sf_close(file);
    return NULL;
}

int recording_check(const char *path, char *error, size_t error_size)
{
    SF_INFO info;
    SNDFILE *file;

    if (recording_is_tone(path)) {
        return tone_check(path, error, error_size);
    }
    file = file_open(path, &info, error, error_size);
    if (file == NULL) {
        return EINVAL;
    }
    (void)sf_close(file);
    return 0;
}

int prompt_look(const char *path, struct prompt_info *info, char *error, size_t error_size)
{
    SF_INFO format;
    SNDFILE *file = file_open(path, &format, error, error_size);
    const char *title = file != NULL ? sf_get_string(file, SF_STR_TITLE) : NULL;

    if (file == NULL) {
        return EINVAL;
    }
    info->seconds = (double)format.frames / format.samplerate;
    (void)snprintf(info->text, sizeof info->text, "%s", title != NULL ? title : "");
    (void)sf_close(file);
    return 0;
}

static int track_add(struct track *track, size_t *roomp, const float *samples, unsigned count)
{
    if (track->count + count > *roomp) {
        size_t room = (track->count + count) * 3 / 2 + GROWTH;
        int16_t *moved = realloc(track->samples, room * sizeof *moved);

        if (moved == NULL) {
            return ENOMEM;
        }
        track->samples = moved;
        *roomp = room;
    }
    for (unsigned i = 0; i < count; i++) {
        float scaled = fminf(fmaxf(samples[i] * 32768, INT16_MIN), INT16_MAX);

        track->samples[track->count++] = (int16_t)lrintf(scaled);
    }
    return 0;
}

/* `count` samples of the file, mono, go into every track. */
static int tracks_add(struct reading *reading, struct recording *recording, unsigned count)
{
    for (unsigned i = 0; i < RECORDING_RATES; i++) {
        for (unsigned at = 0; at < count;) {
            spx_uint32_t in = count - at, out = CHUNK;
            int err;

            (void)speex_resampler_process_float(reading->resamplers[i], 0, reading->mono + at, &in,
                                                reading->made, &out);
            at += in;
            err = track_add(&recording->tracks[i], &reading->room[i], reading->made, out);
            if (err != 0) {
                return err;
            }
        }
    }
    return 0;
}

static int resamplers_begin(struct reading *reading)
{
    for (unsigned i = 0; i < RECORDING_RATES; i++) {
        reading->resamplers[i] = speex_resampler_init(1, (spx_uint32_t)reading->info.samplerate,
                                                      recording_rates[i], QUALITY, NULL);
        if (reading->resamplers[i] == NULL) {
            return ENOMEM;
        }
        (void)speex_resampler_skip_zeros(reading->resamplers[i]);
    }
    return 0;
}

/* A file of floats may hold anything. What is no number would be heard as a crack, and stay in the
 * resampler. */
static float sample_sound(float sample)
{
    return isfinite(sample) ? fminf(fmaxf(sample, -1), 1) : 0;
}

static int read_all(struct reading *reading, struct recording *recording)
{
    unsigned channels = (unsigned)reading->info.channels;
    sf_count_t most = (sf_count_t)reading->info.samplerate * 60 * RECORDING_MINUTES_MAX, count;
    int err = resamplers_begin(reading);

    while (err == 0 && most > 0 &&
           (count = sf_readf_float(reading->file, reading->chunk, CHUNK)) > 0) {
        for (unsigned i = 0; i < count; i++) {
            float sum = 0;

            for (unsigned channel = 0; channel < channels; channel++) {
                sum += sample_sound(reading->chunk[(size_t)i * channels + channel]);
            }
            reading->mono[i] = sum / (float)channels;
        }
        err = tracks_add(reading, recording, (unsigned)count);
        most -= count;
    }
    if (err == 0) { /* what is still in the resamplers */
        memset(reading->mono, 0, sizeof reading->mono);
        err = tracks_add(reading, recording,
                         (unsigned)speex_resampler_get_input_latency(reading->resamplers[0]));
    }
    return err;
}

int recording_read(const char *path, struct recording *recording, char *error, size_t error_size)
{
    struct reading *reading;
    int err = 0;

    if (recording_is_tone(path)) {
        return tone_make(path, recording, error, error_size);
    }
    reading = calloc(1, sizeof *reading);
    if (reading == NULL) {
        (void)snprintf(error, error_size, "%s: out of memory", path);
        return ENOMEM;
    }
    reading->file = file_open(path, &reading->info, error, error_size);
    if (reading->file == NULL) {
        free(reading);
        return EINVAL;
    }
    err = read_all(reading, recording);
    if (err != 0) {
        (void)snprintf(error, error_size, "%s: %s", path, failure_text(err));
    } else if (recording->tracks[0].count == 0) {
        (void)snprintf(error, error_size, "%s: holds no sound", path);
        err = EINVAL;
    }
    if (err != 0) {
        recording_free(recording);
    }
    for (unsigned i = 0; i < RECORDING_RATES; i++) {
        if (reading->resamplers[i] != NULL) {
            speex_resampler_destroy(reading->resamplers[i]);
        }
    }
    (void)sf_close(reading->file);
    free(reading);
    return err;
}

void recording_free(struct recording *recording)
{
    for (unsigned i = 0; i < RECORDING_RATES; i++) {
        free(recording->tracks[i].samples);
        recording->tracks[i] = (struct track){0};
    }
}
