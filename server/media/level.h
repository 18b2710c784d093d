/*
 * How loud a leg is, and whether somebody speaks there.
 *
 * Levels are in dBov: 0 is the mean power of a square wave of full scale, a sine of full scale has
 * −3 (RFC 6464 §3). One media thread.
 */
#ifndef MEDIA_LEVEL_H
#define MEDIA_LEVEL_H

#include <stdbool.h>

#define LEVEL_SILENCE (-127.0f)

struct level {
    float power;    /* mean square, smoothed */
    float noise;    /* dBov of the background, slowly followed */
    unsigned loud;  /* frames in a row above the threshold */
    unsigned quiet; /* frames in a row below it, counted while speaking */
    bool is_noise;  /* set by who knows: the next frame is no voice, however loud */
    bool speaking;
};

void level_init(struct level *level);
/* Mean square of the samples. */
float level_power(const float *samples, unsigned count);
/* How many samples stand at full scale: a loud sound is cut off there. `power` is theirs. */
unsigned level_clipped(const float *samples, unsigned count, float power);
/* Takes the power of the next frame of FRAME_MS; 0 when there was none. */
void level_update(struct level *level, float power);
/* A mean square in dBov; LEVEL_SILENCE at least. */
float level_of_power(float power);
/* dBov, smoothed; LEVEL_SILENCE at least. */
float level_dbov(const struct level *level);

#endif
