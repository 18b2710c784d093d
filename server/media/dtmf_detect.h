/*
 * Key tones in the audio (ITU-T Q.23): found, and taken out.
 *
 * A window of 20 ms is looked at every 10 ms by Goertzel's filters, at about 8 kHz whatever the
 * rate. A key is a press once it has been heard for 40 ms (Q.24), and is told when it ends. What
 * comes out is DTMF_DELAY_MS late, so that a tone is faded out before much of it is heard.
 *
 * No allocation, no locks: one media thread.
 */
#ifndef MEDIA_DTMF_DETECT_H
#define MEDIA_DTMF_DETECT_H

#include "media/codec.h"

enum {
    DTMF_STEP_MS = 10,
    DTMF_DELAY_MS = DTMF_STEP_MS,
    DTMF_STEP_MAX = CODEC_RATE_MAX / 1000 * DTMF_STEP_MS,
    DTMF_TONES = 8,
    DTMF_SLOW_STEP_MAX = 2 * 8 * DTMF_STEP_MS, /* under 16 samples a ms are left */
};

struct dtmf_detect {
    unsigned step;   /* samples in DTMF_STEP_MS */
    unsigned factor; /* so many samples are added to one before they are looked at */
    unsigned rate;
    float coefficients[DTMF_TONES];
    float slow[2 * DTMF_SLOW_STEP_MAX]; /* the window, slowed down by `factor` */
    float late[DTMF_STEP_MAX];          /* that will come out with the next step */
    float gain;                         /* of what comes out, at its end */
    unsigned hold;                      /* steps for which it stays muted */
    char key;                           /* that is heard; 0: none */
    unsigned hits, misses;              /* windows with the key, and in a row without it */
    char told;                          /* a press to be told; 0: none */
    unsigned duration;                  /* ms */
};

void dtmf_detect_init(struct dtmf_detect *detect, unsigned rate);
/* FRAME_MS of samples, in place. */
void dtmf_detect_run(struct dtmf_detect *detect, float *samples);
/* The press that has ended in that frame; 0: none. */
char dtmf_detect_take(struct dtmf_detect *detect, unsigned *durationp);

#endif
