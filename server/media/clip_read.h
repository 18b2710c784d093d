/*
 * Reading a sound file: mono, resampled to each rate that mixes have. It takes as long as the disk
 * does: never on the focus thread of a running server, never in a tick. Private to clip*.c.
 */
#ifndef MEDIA_CLIP_READ_H
#define MEDIA_CLIP_READ_H

#include "media/clip.h"

enum {
    RECORDING_RATES = 2,
    RECORDING_MINUTES_MAX = 15, /* it stays in memory as long as it is played */
};

extern const unsigned recording_rates[RECORDING_RATES]; /* Hz */

struct track {
    int16_t *samples;
    size_t count;
};

struct recording {
    struct track tracks[RECORDING_RATES];
};

void recording_path(const char *directory, const char *file, char path[PATH_SIZE]);
/* ENOMEM, EINVAL: `error` says why; nothing is to be freed. */
int recording_read(const char *path, struct recording *recording, char *error, size_t error_size);
void recording_free(struct recording *recording);
/* Whether recording_read can begin. */
int recording_check(const char *path, char *error, size_t error_size);

/* clip_tone.c: paths that begin with "tone:" are no files, but say what is heard. */
bool recording_is_tone(const char *path);
int tone_make(const char *path, struct recording *recording, char *error, size_t error_size);
int tone_check(const char *path, char *error, size_t error_size);

#endif
