/*
 * The playing of a clip: once or in a loop, coming and going without a click. No threads, no mix.
 *
 * Used by player.c, on one media thread; nothing here allocates.
 */
#ifndef MEDIA_PLAYING_H
#define MEDIA_PLAYING_H

#include "media/clip.h"

/* What is played, and where it stands. */
struct playing {
    const int16_t *samples;
    size_t count, position; /* samples */
    size_t overlap;         /* samples at the end of a loop that fade over into its beginning */
    size_t fade;            /* samples in which it comes and goes */
    float gain;             /* 0–1: how far it has come */
    bool loop, leaving;
};

/* `rate`: of the mix, Hz. EINVAL: the clip has nothing at that rate. */
int playing_init(struct playing *playing, const struct clip *clip, unsigned rate, unsigned fade_ms,
                 bool loop);
/* What is left to play. */
static inline size_t playing_left(const struct playing *playing)
{
    return playing->loop ? SIZE_MAX : playing->count - playing->position;
}

/* Puts the next `count` samples into `frame`. False when there is nothing left to play. */
bool playing_next(struct playing *playing, float *frame, unsigned count);

#endif
