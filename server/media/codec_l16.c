/* L16: 16-bit linear samples in network order (RFC 3551 §4.5.11), mono. At 48000 Hz a frame of
 * 20 ms would not fit into a packet, and Opus sounds the same. */
#include "media/codec_table.h"

static int l16_encode(void *encoder, const float *samples, unsigned count, uint8_t *payload,
                      size_t size)
{
    (void)encoder;
    if (2 * (size_t)count > size) {
        return -1;
    }
    for (unsigned i = 0; i < count; i++) {
        uint32_t linear = (uint32_t)codec_linear(samples[i]);
        payload[2 * i] = (uint8_t)(linear >> 8);
        payload[2 * i + 1] = (uint8_t)linear;
    }
    return 2 * (int)count;
}

static int l16_length(const uint8_t *payload, size_t size)
{
    (void)payload;
    return size % 2 == 0 ? (int)(size / 2) : -1;
}

static float l16_power(const uint8_t *payload, size_t size)
{
    size_t count = size / 2;
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t sample = (int16_t)(payload[2 * i] << 8 | payload[2 * i + 1]);
        sum += (uint64_t)((int64_t)sample * sample);
    }
    return count > 0 ? (float)sum / (float)count / (32768.0F * 32768.0F) : 0;
}

static int l16_decode(void *decoder, const uint8_t *payload, size_t size, float *samples,
                      unsigned max)
{
    (void)decoder;
    if (size % 2 != 0 || size / 2 > max) {
        return -1;
    }
    for (size_t i = 0; i < size / 2; i++) {
        samples[i] = (float)(int16_t)(payload[2 * i] << 8 | payload[2 * i + 1]) / 32768.0F;
    }
    return (int)(size / 2);
}

const struct codec codec_l16_16000 = {
    .format = {.name = "L16", .clock_rate = 16000, .channels = 1, .payload_type = 97},
    .sample_rate = 16000,
    .stateless = true,
    .encode = l16_encode,
    .length = l16_length,
    .power = l16_power,
    .decode = l16_decode,
};

const struct codec codec_l16_8000 = {
    .format = {.name = "L16", .clock_rate = 8000, .channels = 1, .payload_type = 98},
    .sample_rate = 8000,
    .stateless = true,
    .encode = l16_encode,
    .length = l16_length,
    .power = l16_power,
    .decode = l16_decode,
};
