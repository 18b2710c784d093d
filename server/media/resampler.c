#include "media/resampler.h"

#include <assert.h>
#include <speex/speex_resampler.h>
#include <stdint.h>
#include <stdlib.h>

enum { QUALITY = 3 };

struct resampler {
    SpeexResamplerState *state;
    unsigned from, to;
};

struct resampler *resampler_create(unsigned from, unsigned to)
{
    struct resampler *resampler = malloc(sizeof *resampler);

    assert(from % to == 0 || to % from == 0);
    if (resampler == NULL) {
        return NULL;
    }
    *resampler = (struct resampler){.from = from, .to = to};
    resampler->state = speex_resampler_init(1, from, to, QUALITY, NULL);
    if (resampler->state == NULL) {
        free(resampler);
        return NULL;
    }
    return resampler;
}

void resampler_destroy(struct resampler *resampler)
{
    if (resampler != NULL) {
        speex_resampler_destroy(resampler->state);
        free(resampler);
    }
}

void resampler_reset(struct resampler *resampler)
{
    (void)speex_resampler_reset_mem(resampler->state);
}

void resampler_run(struct resampler *resampler, const float *samples, unsigned count, float *result)
{
    spx_uint32_t taken = count;
    spx_uint32_t made = (spx_uint32_t)((uint64_t)count * resampler->to / resampler->from);

    /* Between rates of which one is a multiple of the other there is never a remainder. */
    (void)speex_resampler_process_float(resampler->state, 0, samples, &taken, result, &made);
}
