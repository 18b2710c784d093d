#include "media/jitter_parts.h"
#include "media/level.h"

#include <string.h>

enum {
    HOLD_MS = 10, /* at full strength */
    FADE_MS = 60, /* then to silence; longer repetition sounds like a machine */
    HUSH_MS = 5,
    RAMP_MS = 3,
};

static const float silence_power = 1e-7F; /* -70 dBFS: any lag will do */

void conceal_init(struct conceal *conceal, unsigned sample_rate, float cycle[PERIOD_MAX])
{
    memset(conceal, 0, sizeof *conceal);
    conceal->cycle = cycle;
    conceal->active = true;
    conceal->period = 1;
    conceal->merge = sample_rate / 1000 * MERGE_MS;
}

void conceal_begin(struct conceal *conceal, const float *history, const struct codec *codec)
{
    unsigned ms = codec->sample_rate / 1000;
    unsigned window = PITCH_WINDOW_MS * ms, most = PERIOD_MAX_MS * ms;
    unsigned lag = 0;
    if (level_power(history - window, window) > silence_power) {
        lag = pitch_find(history - window, -1, window, PERIOD_MIN_TENTHS * ms / 10, most,
                         codec->sample_rate, 0);
    }
    conceal->active = true;
    conceal->is_hushed = false;
    conceal->by_codec = codec->conceal != NULL;
    conceal->gain = 1;
    conceal->hold = HOLD_MS * ms;
    conceal->slope = 1 / (float)(FADE_MS * ms);
    conceal->merge = MERGE_MS * ms;
    conceal->period = lag ? lag : most;
    conceal->phase = 0;
    conceal->ramp = RAMP_MS * ms < conceal->period ? RAMP_MS * ms : conceal->period;
    memcpy(conceal->cycle, history - conceal->period, conceal->period * sizeof *conceal->cycle);
    /* What came before the cycle led into it without a step. What comes before it now is its own
     * end: so the difference of the two is added to the beginning and fades away. */
    conceal->step = history[-1] - history[-1 - (int)conceal->period];
}

void conceal_hush(struct conceal *conceal, const float *history, const struct codec *codec)
{
    if (!conceal->active) {
        conceal_begin(conceal, history, codec);
        conceal->by_codec = false;
    }
    conceal->is_hushed = true;
    conceal->hold = 0;
    unsigned ms = codec->sample_rate / 1000;
    conceal->slope = 1 / (float)(HUSH_MS * ms);
}

/* The next sample of the repeated cycle, at full strength. */
static float next_of_cycle(struct conceal *conceal)
{
    unsigned phase = conceal->phase;
    float sample = conceal->cycle[phase];
    if (phase < conceal->ramp) {
        sample += conceal->step * (1 - (float)(phase + 1) / (float)conceal->ramp);
    }
    conceal->phase = phase + 1 < conceal->period ? phase + 1 : 0;
    return sample;
}

static float next_gain(struct conceal *conceal)
{
    if (conceal->hold > 0) {
        conceal->hold--;
    } else {
        conceal->gain -= conceal->slope;
        conceal->gain = conceal->gain > 0 ? conceal->gain : 0;
    }
    return conceal->gain;
}

void conceal_make(struct conceal *conceal, const struct codec *codec, void *decoder, float *sound,
                  unsigned count)
{
    if (conceal->gain <= 0) {
        memset(sound, 0, count * sizeof *sound);
        return;
    }
    if (conceal->by_codec && codec->conceal(decoder, sound, count) == (int)count) {
        for (unsigned i = 0; i < count; i++) {
            sound[i] *= next_gain(conceal);
        }
        return;
    }
    conceal->by_codec = false;
    for (unsigned i = 0; i < count; i++) {
        sound[i] = next_of_cycle(conceal) * next_gain(conceal);
    }
}

void conceal_merge(struct conceal *conceal, float *sound, unsigned count)
{
    unsigned length = conceal->merge < count ? conceal->merge : count;
    float step = 1 / (float)(length + 1);
    conceal->active = false;
    if (conceal->by_codec) {
        /* The decoder has joined its own ends; only our fading is to be undone gently. */
        float missing = 1 - conceal->gain;
        for (unsigned i = 0; i < length; i++) {
            sound[i] *= 1 - missing * (1 - step * (float)(i + 1));
        }
        return;
    }
    for (unsigned i = 0; i < length; i++) {
        float weight = step * (float)(i + 1);
        float made = conceal->gain > 0 ? next_of_cycle(conceal) * next_gain(conceal) : 0;
        sound[i] = made + (sound[i] - made) * weight;
    }
}
