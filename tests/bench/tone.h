/*
 * The talkers' voices: one tone each, µ-law coded beforehand, and the ear that tells them apart.
 *
 * All frequencies are multiples of 10 Hz, so that 800 samples (five packets, 100 ms) hold whole
 * periods of each of them: a Goertzel filter over such a window sees its own tone and nothing of
 * the others, and the coded tone repeats every five packets. They keep away from each other's
 * harmonics and from the DTMF frequencies.
 */
#ifndef BENCH_TONE_H
#define BENCH_TONE_H

#include <stdint.h>

enum {
    TONES_MAX = 16,
    PACKET_SAMPLES = 160, /* 20 ms at 8 kHz, one byte each */
    WINDOW_PACKETS = 5,
    WINDOW_SAMPLES = PACKET_SAMPLES * WINDOW_PACKETS,
    ULAW_SILENCE = 0xff,
};

extern const unsigned tone_frequencies[TONES_MAX]; /* Hz */

struct tone {
    unsigned frequency; /* Hz */
    float amplitude;    /* as it is after coding, full scale is 1 */
    /* Sample 0 is a crest: the tone begins at its loudest, so that its onset is one sample. */
    uint8_t packets[WINDOW_PACKETS][PACKET_SAMPLES];
};

float ulaw_decode(uint8_t code);
uint8_t ulaw_encode(float sample);

/* `amplitude` of full scale, before coding. */
void tone_make(struct tone *tone, unsigned frequency, float amplitude);

/* Amplitude of one frequency in a window. */
float tone_amplitude(const float samples[WINDOW_SAMPLES], unsigned frequency);

/* Coded noise of about this RMS, `packets` of them, the same at each run. */
void noise_make(uint8_t (*packets)[PACKET_SAMPLES], unsigned count, float rms);

#endif
