/*
 * Sounds that need no file: "tone:950/330,0/100,350+440/500" is 950 Hz for 330 ms, 100 ms of
 * silence, and two tones at once for half a second.
 */
#include "media/clip_read.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECES_MAX = 64,
    TONE_MS_MAX = 60 * 1000, /* in all */
    HZ_MIN = 20,
    HZ_MAX = 3400, /* what every phone hears */
    RAMP_MS = 5,   /* at both ends of a piece: it does not click */
};

static const char prefix[] = "tone:";
static const float amplitude = 0.2F; /* -14 dBov, shared by the tones of a piece */

struct piece {
    unsigned hz[2], ms; /* 0 Hz: none */
};

struct melody {
    struct piece pieces[PIECES_MAX];
    unsigned count, ms;
};

bool recording_is_tone(const char *path)
{
    return strncmp(path, prefix, sizeof prefix - 1) == 0;
}

/* A number of at most 5 digits; false: there is none. */
static bool take_number(const char **text, unsigned *number)
{
    const char *at = *text;

    for (*number = 0; *at >= '0' && *at <= '9' && at - *text < 5; at++) {
        *number = *number * 10 + (unsigned)(*at - '0');
    }
    if (at == *text) {
        return false;
    }
    *text = at;
    return true;
}

static bool is_tone(unsigned hz)
{
    return hz >= HZ_MIN && hz <= HZ_MAX;
}

static bool take_piece(const char **text, struct piece *piece)
{
    if (!take_number(text, &piece->hz[0]) || (piece->hz[0] != 0 && !is_tone(piece->hz[0]))) {
        return false;
    }
    if (**text == '+') {
        ++*text;
        if (!take_number(text, &piece->hz[1]) || !is_tone(piece->hz[1])) {
            return false;
        }
    }
    if (**text != '/') {
        return false;
    }
    ++*text;
    return take_number(text, &piece->ms) && piece->ms > 0;
}

static int parse(const char *path, struct melody *melody, char *error, size_t error_size)
{
    const char *at = path + sizeof prefix - 1;
    bool is_good = true;

    memset(melody, 0, sizeof *melody);
    do {
        struct piece *piece = &melody->pieces[melody->count];

        is_good = take_piece(&at, piece) && (*at == ',' || *at == '\0');
        melody->ms += piece->ms;
        melody->count++;
    } while (is_good && *at++ == ',' && melody->count < PIECES_MAX);
    if (is_good && at[-1] == '\0' && melody->ms <= TONE_MS_MAX) {
        return 0;
    }
    (void)snprintf(
        error, error_size,
        "%s: tones are written as tone:HZ/MS or tone:HZ+HZ/MS, 0 or %d to %d Hz, several "
        "with commas between, %d s in all",
        path, HZ_MIN, HZ_MAX, TONE_MS_MAX / 1000);
    return EINVAL;
}

static float piece_sample(const struct piece *piece, unsigned rate, unsigned at, unsigned count)
{
    unsigned ramp = rate / 1000 * RAMP_MS, from_end = count - 1 - at;
    unsigned edge = at < from_end ? at : from_end;
    float share = edge < ramp ? (float)edge / (float)ramp : 1, sum = 0;

    for (unsigned i = 0; i < 2; i++) {
        sum += sinf(2 * (float)M_PI * (float)(piece->hz[i] * (uint64_t)at % rate) / (float)rate);
    }
    return sum * share * amplitude / (piece->hz[1] != 0 ? 2 : 1);
}

static void write_track(const struct melody *melody, unsigned rate, struct track *track)
{
    for (unsigned i = 0; i < melody->count; i++) {
        unsigned count = rate / 1000 * melody->pieces[i].ms;

        for (unsigned at = 0; at < count; at++) {
            float sample = piece_sample(&melody->pieces[i], rate, at, count);

            track->samples[track->count++] = (int16_t)lrintf(sample * INT16_MAX);
        }
    }
}

int tone_check(const char *path, char *error, size_t error_size)
{
    struct melody melody;

    return parse(path, &melody, error, error_size);
}

int tone_make(const char *path, struct recording *recording, char *error, size_t error_size)
{
    struct melody melody;
    int err = parse(path, &melody, error, error_size);

    for (unsigned i = 0; err == 0 && i < RECORDING_RATES; i++) {
        struct track *track = &recording->tracks[i];

        track->samples =
            calloc((size_t)recording_rates[i] / 1000 * melody.ms, sizeof *track->samples);
        if (track->samples == NULL) {
            (void)snprintf(error, error_size, "%s: out of memory", path);
            recording_free(recording);
            return ENOMEM;
        }
        write_track(&melody, recording_rates[i], track);
    }
    return err;
}
