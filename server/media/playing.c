#include "media/playing.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum { OVERLAP_MS = 20 };

static const float FULL_SCALE = 32768;

int playing_init(struct playing *playing, const struct clip *clip, unsigned rate, unsigned fade_ms,
                 bool loop)
{
    memset(playing, 0, sizeof *playing);
    playing->samples = clip_samples(clip, rate, &playing->count);
    if (playing->samples == NULL || playing->count == 0) {
        return EINVAL;
    }
    playing->overlap = rate / 1000 * OVERLAP_MS;
    if (playing->overlap > playing->count / 4) {
        playing->overlap = playing->count / 4;
    }
    playing->fade = (size_t)(rate / 1000) * fade_ms + 1;
    playing->loop = loop;
    return 0;
}

/* The next sample; the end of a loop is its beginning as well. */
static float sample_next(struct playing *playing)
{
    size_t turn = playing->count - playing->overlap;
    float sample = playing->samples[playing->position];

    if (playing->loop && playing->position >= turn) {
        size_t into = playing->position - turn;
        float share = (float)(into + 1) / (float)(playing->overlap + 1);

        sample += (playing->samples[into] - sample) * share;
    }
    playing->position++;
    if (playing->loop && playing->position == playing->count) {
        playing->position = playing->overlap;
    }
    return sample / FULL_SCALE;
}

bool playing_next(struct playing *playing, float *frame, unsigned count)
{
    float step = 1 / (float)playing->fade;

    for (unsigned i = 0; i < count; i++) {
        bool ends = playing->leaving ||
                    (!playing->loop && playing->count - playing->position <= playing->fade);

        playing->gain = ends ? fmaxf(playing->gain - step, 0) : fminf(playing->gain + step, 1);
        frame[i] = playing->position < playing->count ? sample_next(playing) * playing->gain : 0;
    }
    return playing->position < playing->count && (playing->gain > 0 || !playing->leaving);
}
