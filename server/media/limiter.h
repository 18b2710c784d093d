/*
 * The limiter: loud sums become as loud as can be, and no louder.
 *
 * It looks over the whole frame before it moves, so that the gain is down before the peak is
 * there, and it adds no delay. What needs no limiting passes through bit by bit. Its state is one
 * gain, so that a listener can go from a shared mix to one of its own without a step. One media
 * thread.
 */
#ifndef MEDIA_LIMITER_H
#define MEDIA_LIMITER_H

/* Peak that comes out at most. Above it lies no G.711 code (A-law ends at 0.984), so that a single
 * talker is never touched. */
#define LIMITER_CEILING 0.985f

enum { LIMITER_BLOCKS = 10 }; /* of a frame; the gain curve bends at their borders */

/* Limits `count` samples (a multiple of LIMITER_BLOCKS) of FRAME_MS in place. *gainp is the gain
 * at the end of the last frame (1 to begin with); it is carried on. */
void limiter_run(float *gainp, float *samples, unsigned count);

#endif
