#include "media/enhance.h"

#include "media/codec.h"
#include "media/level.h"

#include <math.h>
#include <speex/speex_preprocess.h>
#include <stdlib.h>

enum {
    BLOCK_MAX = CODEC_RATE_MAX / 1000 * ENHANCE_DELAY_MS,
    NOISE_SUPPRESS = -18, /* dB; more makes what is left of the noise tinkle */
    /* %: in the hiss of a room its probability of a voice comes to 60 now and then */
    VOICE_BEGINS = 80,
    VOICE_GOES_ON = 65,
    LOUDNESS_BLOCKS = 100, /* of voice: the time constant of its loudness */
};

static const float FULL_SCALE = 32768;

/* Automatic gain. The library has one, but it lifts pauses, too, and aims at another level at each
 * rate; this one takes from it only what is a voice. */
static const float TARGET = 0.1f;    /* RMS while a voice is heard: −20 dBov */
static const float GAIN_MAX = 7.94f; /* 18 dB: a phone that is softer than that is out of order */
static const float GAIN_MIN = 0.126f;
static const float RISE = 1.007f;           /* in a block: 6 dB/s */
static const float FALL = 0.966f;           /* 30 dB/s */
static const float VOICE_POWER_MIN = 3e-7f; /* −65 dBov */

struct enhance {
    SpeexPreprocessState *state;
    unsigned block;
    struct leg_voice wish;
    bool is_voice;
    float gain;      /* at the end of the last block */
    float loudness;  /* mean square of the voice */
    unsigned voiced; /* blocks that it was taken from, up to LOUDNESS_BLOCKS */
    int16_t samples[BLOCK_MAX];
};

static void set(struct enhance *enhance, int request, int value)
{
    (void)speex_preprocess_ctl(enhance->state, request, &value);
}

struct enhance *enhance_create(unsigned rate, const struct leg_voice *wish)
{
    struct enhance *enhance = calloc(1, sizeof *enhance);

    if (enhance == NULL) {
        return NULL;
    }
    enhance->block = rate / 1000 * ENHANCE_DELAY_MS;
    enhance->wish = *wish;
    enhance->gain = 1;
    enhance->state = speex_preprocess_state_init((int)enhance->block, (int)rate);
    if (enhance->state == NULL) {
        free(enhance);
        return NULL;
    }
    set(enhance, SPEEX_PREPROCESS_SET_DENOISE, wish->denoise);
    set(enhance, SPEEX_PREPROCESS_SET_NOISE_SUPPRESS, NOISE_SUPPRESS);
    return enhance;
}

void enhance_destroy(struct enhance *enhance)
{
    if (enhance != NULL) {
        speex_preprocess_state_destroy(enhance->state);
        free(enhance);
    }
}

void enhance_inherit(struct enhance *enhance, const struct enhance *before)
{
    if (enhance->wish.agc && before->wish.agc) {
        enhance->gain = before->gain;
        enhance->loudness = before->loudness;
        enhance->voiced = before->voiced;
    }
}

/* The block goes through the library. Returns its probability of a voice, %. */
static int preprocess(struct enhance *enhance, float *samples)
{
    int probability = 0;

    for (unsigned i = 0; i < enhance->block; i++) {
        float scaled = fminf(fmaxf(samples[i] * FULL_SCALE, -FULL_SCALE), FULL_SCALE - 1);

        enhance->samples[i] = (int16_t)lrintf(scaled);
    }
    (void)speex_preprocess_run(enhance->state, enhance->samples);
    (void)speex_preprocess_ctl(enhance->state, SPEEX_PREPROCESS_GET_PROB, &probability);
    if (enhance->wish.agc || enhance->wish.denoise) {
        for (unsigned i = 0; i < enhance->block; i++) {
            samples[i] = (float)enhance->samples[i] / FULL_SCALE;
        }
    }
    return probability;
}

/* Only a voice is measured, and only while there is one does the gain rise. */
static float next_gain(struct enhance *enhance, const float *samples, bool is_voice)
{
    float power = level_power(samples, enhance->block), wanted;

    if (is_voice && power > VOICE_POWER_MIN) {
        enhance->voiced += enhance->voiced < LOUDNESS_BLOCKS;
        enhance->loudness += (power - enhance->loudness) / (float)enhance->voiced;
    }
    if (enhance->voiced == 0) {
        return enhance->gain;
    }
    wanted = fminf(fmaxf(TARGET / sqrtf(enhance->loudness), GAIN_MIN), GAIN_MAX);
    if (wanted > enhance->gain) {
        return is_voice ? fminf(wanted, enhance->gain * RISE) : enhance->gain;
    }
    return fmaxf(wanted, enhance->gain * FALL);
}

static void amplify(struct enhance *enhance, float *samples, bool is_voice)
{
    float gain = enhance->gain;
    float step = (next_gain(enhance, samples, is_voice) - gain) / (float)enhance->block;

    for (unsigned i = 0; i < enhance->block; i++) {
        gain += step;
        samples[i] *= gain;
    }
    enhance->gain = gain;
}

bool enhance_run(struct enhance *enhance, float *samples)
{
    bool is_voice = enhance->is_voice;

    for (unsigned at = 0; at < FRAME_MS / ENHANCE_DELAY_MS; at++) {
        float *block = samples + (size_t)at * enhance->block;

        is_voice = preprocess(enhance, block) >= (is_voice ? VOICE_GOES_ON : VOICE_BEGINS);
        if (enhance->wish.agc) {
            amplify(enhance, block, is_voice);
        }
    }
    enhance->is_voice = is_voice;
    return is_voice || !enhance->wish.vad;
}
