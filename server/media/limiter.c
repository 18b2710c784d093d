#include "media/limiter.h"

#include <math.h>
#include <stddef.h>

/* Two milliseconds are a block. */
static const float RELEASE = 0.0132f;     /* of the way to 1 in a block: time constant 150 ms */
static const float RELEASE_MIN = 0.0005f; /* so that the gain really comes back to 1 */
static const float ATTACK = 0.15f; /* the fall in one block is spread over more beyond this */

static float block_peak(const float *samples, unsigned count)
{
    float peak = 0;

    for (unsigned i = 0; i < count; i++) {
        float level = fabsf(samples[i]);

        peak = level > peak ? level : peak;
    }
    return peak;
}

/* The highest gain at each border that keeps both its blocks under the ceiling, falling no faster
 * than ATTACK. Border 0 is where the last frame ended and cannot be changed any more. */
static void plan_attack(const float *samples, unsigned size, float knots[LIMITER_BLOCKS + 1])
{
    float need[LIMITER_BLOCKS];

    for (unsigned i = 0; i < LIMITER_BLOCKS; i++) {
        float peak = block_peak(samples + (size_t)i * size, size);

        need[i] = peak > LIMITER_CEILING ? LIMITER_CEILING / peak : 1;
    }
    knots[LIMITER_BLOCKS] = need[LIMITER_BLOCKS - 1];
    for (unsigned i = LIMITER_BLOCKS - 1; i > 0; i--) {
        knots[i] = fminf(fminf(need[i - 1], need[i]), knots[i + 1] + ATTACK);
    }
}

static void plan_release(float gain, float knots[LIMITER_BLOCKS + 1])
{
    knots[0] = gain;
    for (unsigned i = 1; i <= LIMITER_BLOCKS; i++) {
        float risen = knots[i - 1] + fmaxf((1 - knots[i - 1]) * RELEASE, RELEASE_MIN);

        knots[i] = fminf(knots[i], risen);
    }
}

void limiter_run(float *gainp, float *samples, unsigned count)
{
    float knots[LIMITER_BLOCKS + 1];
    unsigned size = count / LIMITER_BLOCKS;

    if (*gainp >= 1 && block_peak(samples, count) <= LIMITER_CEILING) {
        return;
    }
    plan_attack(samples, size, knots);
    plan_release(*gainp, knots);
    for (unsigned block = 0; block < LIMITER_BLOCKS; block++) {
        float step = (knots[block + 1] - knots[block]) / (float)size;
        float *at = samples + (size_t)block * size;

        for (unsigned i = 0; i < size; i++) {
            at[i] *= knots[block] + step * (float)(i + 1);
        }
    }
    /* A peak in the first block can be too near for the gain that the last frame ended with: what
     * sticks out of these 2 ms is held at the ceiling, which bends the wave but makes no step.
     * Elsewhere this only takes off rounding errors. */
    for (unsigned i = 0; i < count; i++) {
        samples[i] = fminf(fmaxf(samples[i], -LIMITER_CEILING), LIMITER_CEILING);
    }
    *gainp = knots[LIMITER_BLOCKS];
}
