#include "media/level.h"

#include "media/codec.h"

#include <math.h>

enum {
    ATTACK_FRAMES = 60 / FRAME_MS,
    HANGOVER_FRAMES = 400 / FRAME_MS,
};

/* dBov. The background is believed to lie in this range: a steady tone or music on hold, which is
 * louder, never becomes background. */
static const float NOISE_MIN = -75, NOISE_MAX = -45;
static const float NOISE_RISE = 0.06f; /* dB a frame: 3 dB/s */
static const float NOISE_FALL = 0.25f; /* of the distance in a frame */
static const float SPEECH_ABOVE = 9;   /* dB over the background */
static const float SPEECH_MIN = -55;

/* The last step of G.711: 32124 of 32768 in µ-law, 32256 in A-law. */
static const float FULL_SCALE = 0.98f;

static const float SMOOTHING = 0.2f; /* of the distance in a frame: time constant 90 ms */

float level_of_power(float power)
{
    return power > 2e-13f ? 10 * log10f(power) : LEVEL_SILENCE;
}

void level_init(struct level *level)
{
    *level = (struct level){.noise = -65};
}

float level_power(const float *samples, unsigned count)
{
    /* Eight sums, so that the compiler may add them side by side. */
    float sums[8] = {0};
    float sum = 0;
    unsigned i = 0;

    for (; i + 8 <= count; i += 8) {
        for (unsigned lane = 0; lane < 8; lane++) {
            sums[lane] += samples[i + lane] * samples[i + lane];
        }
    }
    for (; i < count; i++) {
        sum += samples[i] * samples[i];
    }
    for (unsigned lane = 0; lane < 8; lane++) {
        sum += sums[lane];
    }
    return count > 0 ? sum / (float)count : 0;
}

unsigned level_clipped(const float *samples, unsigned count, float power)
{
    unsigned clipped = 0;

    /* One such sample alone makes so much: most frames need no second look. */
    if (power * (float)count < FULL_SCALE * FULL_SCALE) {
        return 0;
    }
    for (unsigned i = 0; i < count; i++) {
        clipped += fabsf(samples[i]) >= FULL_SCALE;
    }
    return clipped;
}

void level_update(struct level *level, float power)
{
    float now;

    level->power += (power - level->power) * SMOOTHING;
    if (level->power < 2e-13f) {
        level->power = 0;
        if (power == 0 && !level->speaking) {
            level->loud = 0;
            return;
        }
    }
    now = level_of_power(power);
    if (!level->is_noise && now > fmaxf(level->noise + SPEECH_ABOVE, SPEECH_MIN)) {
        level->quiet = 0;
        level->loud++;
        if (level->loud >= ATTACK_FRAMES) {
            level->speaking = true;
        }
    } else {
        level->loud = 0;
        level->quiet++;
        if (level->quiet >= HANGOVER_FRAMES) {
            level->speaking = false;
        }
    }
    /* Nothing at all (a muted phone, a lost packet) says nothing about the background. */
    if (power > 0) {
        level->noise += now > level->noise ? NOISE_RISE : (now - level->noise) * NOISE_FALL;
        level->noise = fminf(fmaxf(level->noise, NOISE_MIN), NOISE_MAX);
    }
}

float level_dbov(const struct level *level)
{
    return level_of_power(level->power);
}
