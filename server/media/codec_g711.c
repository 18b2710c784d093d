/* PCMU and PCMA (ITU-T G.711; RFC 3551 §4.5.14). Stateless: one byte a sample at 8000 Hz. */
#include "media/codec_table.h"
#include "media/vector.h"

#include <string.h>

/*
 * Decoding is a table, made by the preprocessor. The code bytes' bits are s eee mmmm: sign,
 * segment, place in the segment; G.711 inverts all of them (µ-law) or every other (A-law).
 * Values in 1/32768, the middle of each quantisation interval.
 */
#define ULAW_STEP(b) (((b) ^ 0x0f) & 0x0f)
#define ULAW_SEGMENT(b) ((((b) ^ 0xff) >> 4) & 7)
#define ULAW_SIZE(b) (((2 * ULAW_STEP(b) + 33) << ULAW_SEGMENT(b)) - 33)
#define ULAW(b) (((b)&0x80 ? 1 : -1) * 4 * ULAW_SIZE(b) / 32768.0F)

#define ALAW_STEP(b) (((b) ^ 0x55) & 0x0f)
#define ALAW_SEGMENT(b) ((((b) ^ 0x55) >> 4) & 7)
#define ALAW_SIZE(b)                                                                               \
    (ALAW_SEGMENT(b) == 0 ? 2 * ALAW_STEP(b) + 1                                                   \
                          : (2 * ALAW_STEP(b) + 33) << (ALAW_SEGMENT(b) - (ALAW_SEGMENT(b) != 0)))
#define ALAW(b) (((b)&0x80 ? 1 : -1) * 8 * ALAW_SIZE(b) / 32768.0F)

#define FOUR(law, b) law(b), law((b) + 1), law((b) + 2), law((b) + 3)
#define SIXTEEN(law, b) FOUR(law, b), FOUR(law, (b) + 4), FOUR(law, (b) + 8), FOUR(law, (b) + 12)
#define SIXTY_FOUR(law, b)                                                                         \
    SIXTEEN(law, b), SIXTEEN(law, (b) + 16), SIXTEEN(law, (b) + 32), SIXTEEN(law, (b) + 48)
#define TABLE(law)                                                                                 \
    {                                                                                              \
        SIXTY_FOUR(law, 0), SIXTY_FOUR(law, 64), SIXTY_FOUR(law, 128), SIXTY_FOUR(law, 192)        \
    }

static const float ulaw_values[256] = TABLE(ULAW);
static const float alaw_values[256] = TABLE(ALAW);

#define ULAW_SQUARE(b) (ULAW(b) * ULAW(b))
#define ALAW_SQUARE(b) (ALAW(b) * ALAW(b))

static const float ulaw_squares[256] = TABLE(ULAW_SQUARE);
static const float alaw_squares[256] = TABLE(ALAW_SQUARE);

static float power(const float squares[256], const uint8_t *payload, size_t size)
{
    float sums[4] = {0}; /* side by side, so that none waits for the other */
    size_t i = 0;

    for (; i + 4 <= size; i += 4) {
        for (unsigned lane = 0; lane < 4; lane++) {
            sums[lane] += squares[payload[i + lane]];
        }
    }
    for (; i < size; i++) {
        sums[0] += squares[payload[i]];
    }
    return (sums[0] + sums[1] + sums[2] + sums[3]) / (float)size;
}

static float ulaw_power(const uint8_t *payload, size_t size)
{
    return power(ulaw_squares, payload, size);
}

static float alaw_power(const uint8_t *payload, size_t size)
{
    return power(alaw_squares, payload, size);
}

static int length(const uint8_t *payload, size_t size)
{
    (void)payload;
    return (int)size;
}

static int decode(const float values[256], const uint8_t *payload, size_t size, float *samples,
                  unsigned max)
{
    if (size > max) {
        return -1;
    }
    for (size_t i = 0; i < size; i++) {
        samples[i] = values[payload[i]];
    }
    return (int)size;
}

static int ulaw_decode(void *decoder, const uint8_t *payload, size_t size, float *samples,
                       unsigned max)
{
    (void)decoder;
    return decode(ulaw_values, payload, size, samples, max);
}

static int alaw_decode(void *decoder, const uint8_t *payload, size_t size, float *samples,
                       unsigned max)
{
    (void)decoder;
    return decode(alaw_values, payload, size, samples, max);
}

/*
 * Exponent and first four bits of the mantissa of a positive number, as one integer. A G.711
 * code is just that: the segment is the exponent, the step the top of the mantissa. So the
 * conversion to float does the search for the segment, and the loop below needs no branch.
 */
static inline int32_t exponent_and_step(int32_t number)
{
    float value = (float)number;
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 19;
}

enum { EXPONENT_ZERO = 127 << 4 }; /* what exponent_and_step gives for 1 */

static inline uint8_t ulaw_code(int32_t linear)
{
    int32_t negative = linear < 0 ? -1 : 0;
    int32_t biased = ((linear ^ negative) >> 2) + 33;
    biased = biased < 8191 ? biased : 8191;
    int32_t code = exponent_and_step(biased) - (EXPONENT_ZERO + (5 << 4));
    return (uint8_t)(code ^ 0xff ^ (negative & 0x80));
}

static inline uint8_t alaw_code(int32_t linear)
{
    int32_t negative = linear < 0 ? -1 : 0;
    int32_t level = (linear ^ negative) >> 4;
    /* The first two segments have the same step: there the level is the code. */
    int32_t code = exponent_and_step(level) - (EXPONENT_ZERO + (3 << 4));
    code = level < 32 ? level : code;
    return (uint8_t)(code ^ 0x55 ^ (~negative & 0x80));
}

/* Inlined into each law's function, or `code` would be a call for every sample. */
__attribute__((always_inline)) static inline int encode(uint8_t (*code)(int32_t linear),
                                                        const float *samples, unsigned count,
                                                        uint8_t *payload, size_t size)
{
    const float *restrict from = samples;
    uint8_t *restrict to = payload;
    if (count > size) {
        return -1;
    }
    for (unsigned i = 0; i < count; i++) {
        to[i] = code(codec_linear(from[i]));
    }
    return (int)count;
}

VECTORISED static int ulaw_encode(void *encoder, const float *samples, unsigned count,
                                  uint8_t *payload, size_t size)
{
    (void)encoder;
    return encode(ulaw_code, samples, count, payload, size);
}

VECTORISED static int alaw_encode(void *encoder, const float *samples, unsigned count,
                                  uint8_t *payload, size_t size)
{
    (void)encoder;
    return encode(alaw_code, samples, count, payload, size);
}

const struct codec codec_pcmu = {
    .format = {.name = "PCMU", .clock_rate = 8000, .channels = 1, .payload_type = 0},
    .sample_rate = 8000,
    .stateless = true,
    .encode = ulaw_encode,
    .length = length,
    .power = ulaw_power,
    .decode = ulaw_decode,
};

const struct codec codec_pcma = {
    .format = {.name = "PCMA", .clock_rate = 8000, .channels = 1, .payload_type = 8},
    .sample_rate = 8000,
    .stateless = true,
    .encode = alaw_encode,
    .length = length,
    .power = alaw_power,
    .decode = alaw_decode,
};
