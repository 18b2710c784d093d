/* Voices for tests of sound, made by espeak-ng; and the hiss of a room. Seeded: the same each time.
 */
#ifndef SPEECH_H
#define SPEECH_H

#include <math.h>
#include <speex/speex_resampler.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPEECH_RATE = 22050, SPEECH_MAX = 120 * 48000 };

/* Fills `samples` with what the voice says, at `rate` and with an RMS of `loudness`. Returns how
 * many they are; 0: espeak-ng is not installed. */
static inline unsigned speech_make(const char *voice, const char *text, unsigned rate,
                                   float loudness, float *samples, unsigned most)
{
    static int16_t raw[SPEECH_MAX];
    static float floats[SPEECH_MAX];
    char command[1024];
    FILE *pipe;
    unsigned count, made = most;
    double power = 0;

    (void)snprintf(command, sizeof command, "espeak-ng -v %s -s 165 --stdout '%s' 2>&-", voice,
                   text);
    pipe = popen(command, "r"); // NOLINT(cert-env33-c): the test's own words
    if (pipe == NULL) {
        return 0;
    }
    count = fread(raw, 1, 44, pipe) == 44 ? (unsigned)fread(raw, 2, SPEECH_MAX, pipe) : 0;
    if (pclose(pipe) != 0 || count == 0) {
        return 0;
    }
    for (unsigned i = 0; i < count; i++) {
        floats[i] = (float)raw[i] / 32768;
    }
    SpeexResamplerState *resampler = speex_resampler_init(1, SPEECH_RATE, rate, 8, NULL);
    (void)speex_resampler_process_float(resampler, 0, floats, &count, samples, &made);
    speex_resampler_destroy(resampler);
    for (unsigned i = 0; i < made; i++) {
        power += (double)samples[i] * samples[i];
    }
    for (unsigned i = 0; i < made; i++) {
        samples[i] *= loudness / (float)sqrt(power / made);
    }
    return made;
}

/* White, with an RMS of `loudness`. */
static inline float hiss(uint32_t *seed, float loudness)
{
    *seed = *seed * 1664525 + 1013904223;
    return ((float)(*seed >> 8) / (1 << 23) - 1) * 1.732F * loudness;
}

#endif
