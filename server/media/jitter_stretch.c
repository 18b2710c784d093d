#include "media/jitter_parts.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    COARSE_RATE = 8000, /* Hz; the search is made at this rate, then refined */
    LANES = 8,          /* sums in parallel, so that the compiler can use vector registers */
    COARSE_SPAN = (PERIOD_MAX_MS + 20) * (COARSE_RATE / 1000) + 8,
};

static float dot(const float *a, const float *b, unsigned count)
{
    float sums[LANES] = {0};
    unsigned i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (unsigned lane = 0; lane < LANES; lane++) {
            sums[lane] += a[i + lane] * b[i + lane];
        }
    }
    float sum = 0;
    for (; i < count; i++) {
        sum += a[i] * b[i];
    }
    for (unsigned lane = 0; lane < LANES; lane++) {
        sum += sums[lane];
    }
    return sum;
}

static double square(float value)
{
    return (double)value * (double)value;
}

/* The best of the lags, and how well it correlates (-1…1). */
static unsigned best_lag(const float *sound, int direction, unsigned window, unsigned least,
                         unsigned most, float *correlationp)
{
    float power = dot(sound, sound, window);
    float best = -1;
    unsigned found = least;
    const float *other = direction > 0 ? sound + least : sound - least;
    /* In double precision, so that what comes in is what goes out again. */
    double other_power = (double)dot(other, other, window);
    for (unsigned lag = least; lag <= most; lag++) {
        float both = power * (float)other_power;
        float correlation = both > 0 ? dot(sound, other, window) / sqrtf(both) : 0;
        if (correlation > best) {
            best = correlation;
            found = lag;
        }
        if (lag == most) {
            break;
        }
        if (direction > 0) {
            other_power += square(other[window]) - square(other[0]);
            other++;
        } else {
            other--;
            other_power += square(other[0]) - square(other[window]);
        }
    }
    *correlationp = best;
    return found;
}

unsigned pitch_find(const float *sound, int direction, unsigned window, unsigned least,
                    unsigned most, unsigned sample_rate, float strictness)
{
    float correlation = 0;
    unsigned factor = sample_rate / COARSE_RATE;
    if (least > most) {
        return 0;
    }
    if (factor <= 1) {
        unsigned lag = best_lag(sound, direction, window, least, most, &correlation);
        return correlation >= strictness ? lag : 0;
    }
    /* Each coarse sample is the mean of `factor` fine ones. Before the mark stand `ahead` of
     * them, from the mark on the window and, when looking ahead, the lags. */
    float coarse[COARSE_SPAN] = {0};
    unsigned lags = most / factor;
    unsigned before = direction < 0 ? lags : 0;
    unsigned total = window / factor + lags;
    assert(total <= COARSE_SPAN);
    const float *at = sound - (size_t)before * factor;
    for (unsigned i = 0; i < total; i++) {
        float sum = 0;
        for (unsigned k = 0; k < factor; k++) {
            sum += *at++;
        }
        coarse[i] = sum;
    }
    unsigned first = (least + factor - 1) / factor;
    if (first > lags) {
        first = lags;
    }
    unsigned lag =
        best_lag(coarse + before, direction, window / factor, first, lags, &correlation) * factor;
    unsigned low = lag > least + factor ? lag - factor + 1 : least;
    unsigned high = lag + factor - 1 < most ? lag + factor - 1 : most;
    lag = best_lag(sound, direction, window, low, high, &correlation);
    return correlation >= strictness ? lag : 0;
}

/* `into` becomes a fade from `from` to `to`; it may be either of them. */
static void cross_fade(float *into, const float *from, const float *to, unsigned count)
{
    float step = 1 / (float)(count + 1);
    for (unsigned i = 0; i < count; i++) {
        float weight = step * (float)(i + 1);
        into[i] = from[i] + (to[i] - from[i]) * weight;
    }
}

void stretch_remove(float *sound, unsigned count, unsigned lag)
{
    assert(count >= 2 * lag);
    cross_fade(sound, sound, sound + lag, lag);
    memmove(sound + lag, sound + 2 * (size_t)lag, (count - 2 * lag) * sizeof *sound);
}

void stretch_insert(float *sound, unsigned count, unsigned lag)
{
    assert(count >= lag);
    memmove(sound + lag, sound, count * sizeof *sound);
    cross_fade(sound, sound + lag, sound - lag, lag);
}
