#include "tone.h"

#include <math.h>
#include <stdbool.h>

const unsigned tone_frequencies[TONES_MAX] = {430,  910,  1300, 570,  1730, 2210, 740,  2690,
                                              1090, 1940, 310,  1550, 2420, 3110, 2870, 3290};

static float decoded[256];

/* ITU-T G.711 table 2a: sign, three bits of segment, four of step, all inverted. */
__attribute__((constructor)) static void decoded_fill(void)
{
    for (unsigned code = 0; code < 256; code++) {
        unsigned bits = ~code & 0xffU;
        int magnitude = (int)((((bits & 0x0fU) << 3) + 132U) << ((bits >> 4) & 7U)) - 132;

        decoded[code] = (float)((bits & 0x80U) ? -magnitude : magnitude) / 32768.0F;
    }
}

float ulaw_decode(uint8_t code)
{
    return decoded[code];
}

/* By search: it only runs before the load begins. */
uint8_t ulaw_encode(float sample)
{
    unsigned best = ULAW_SILENCE;

    for (unsigned code = 0; code < 256; code++)
        if (fabsf(decoded[code] - sample) < fabsf(decoded[best] - sample))
            best = code;
    return (uint8_t)best;
}

void tone_make(struct tone *tone, unsigned frequency, float amplitude)
{
    float window[WINDOW_SAMPLES];

    tone->frequency = frequency;
    for (unsigned i = 0; i < WINDOW_SAMPLES; i++) {
        double turn = (double)(i * frequency % 8000U) / 8000.0;
        uint8_t code = ulaw_encode(amplitude * (float)cos(2.0 * M_PI * turn));

        tone->packets[i / PACKET_SAMPLES][i % PACKET_SAMPLES] = code;
        window[i] = decoded[code];
    }
    tone->amplitude = tone_amplitude(window, frequency);
}

float tone_amplitude(const float samples[WINDOW_SAMPLES], unsigned frequency)
{
    double coefficient = 2.0 * cos(2.0 * M_PI * frequency / 8000.0);
    double now = 0, before = 0, power;

    for (unsigned i = 0; i < WINDOW_SAMPLES; i++) {
        double next = samples[i] + coefficient * now - before;

        before = now;
        now = next;
    }
    power = now * now + before * before - coefficient * now * before;
    return (float)(2.0 * sqrt(fmax(power, 0.0)) / WINDOW_SAMPLES);
}

void noise_make(uint8_t (*packets)[PACKET_SAMPLES], unsigned count, float rms)
{
    uint32_t state = 1;

    for (unsigned i = 0; i < count * PACKET_SAMPLES; i++) {
        float uniform;

        state = state * 1664525U + 1013904223U;
        uniform = (float)(state >> 8) / (float)(1U << 23) - 1.0F;
        packets[i / PACKET_SAMPLES][i % PACKET_SAMPLES] = ulaw_encode(uniform * rms * sqrtf(3.0F));
    }
}
