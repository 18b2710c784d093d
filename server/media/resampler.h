/*
 * One stream of samples from one rate to another, by speexdsp.
 *
 * A frame in is a frame out. It delays by 24 samples of the lower rate: 3 ms when that is 8000 Hz,
 * 1.5 ms when it is 16000 Hz (quality 3: flat to 80 % of the band, 80 dB down beyond it; 2 would
 * save a third of the delay and cost 20 dB). Created on the focus thread, run by a media thread;
 * running allocates nothing.
 */
#ifndef MEDIA_RESAMPLER_H
#define MEDIA_RESAMPLER_H

struct resampler;

/* NULL: out of memory. One rate must be a multiple of the other. */
struct resampler *resampler_create(unsigned from, unsigned to);
void resampler_destroy(struct resampler *resampler); /* NULL is fine */
/* Forgets what it has heard. */
void resampler_reset(struct resampler *resampler);
/* `count` samples at the first rate; the result has its length at the other. */
void resampler_run(struct resampler *resampler, const float *samples, unsigned count,
                   float *result);

#endif
