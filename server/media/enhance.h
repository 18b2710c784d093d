/*
 * Speech enhancement of one leg, on speexdsp's preprocessor: automatic gain, noise suppression,
 * voice detection.
 *
 * It works in windows of 20 ms that overlap by half, so what it changes comes out 10 ms later;
 * voice detection alone changes and delays nothing. Its gain is bounded and only grows while
 * somebody speaks, so that pauses are not pumped up.
 *
 * Memory is allocated by enhance_create on the focus thread; running it allocates nothing.
 */
#ifndef MEDIA_ENHANCE_H
#define MEDIA_ENHANCE_H

#include "ports/mixing.h"

enum { ENHANCE_DELAY_MS = 10 };

struct enhance;

/* `wish` has at least one of agc, denoise, vad. NULL: out of memory. */
struct enhance *enhance_create(unsigned rate, const struct leg_voice *wish);
void enhance_destroy(struct enhance *enhance); /* NULL is fine */

/* Goes on with the gain that the one before it has come to, when both have one. */
void enhance_inherit(struct enhance *enhance, const struct enhance *before);

/* FRAME_MS of samples, in place. Returns false when it was asked for voice detection and there is
 * no voice. */
bool enhance_run(struct enhance *enhance, float *samples);

#endif
