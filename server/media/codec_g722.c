/* G722 (ITU-T G.722 at 64 kbit/s; RFC 3551 §4.5.2): a byte is two samples of 16000 Hz, though the
 * RTP clock counts 8000. The work is done by spandsp, on 16-bit samples. */
#include "media/codec_table.h"

#include <spandsp/telephony.h> /* what spandsp's other headers need */

#include <spandsp/g722.h>

enum { BIT_RATE = 64000, SAMPLES_MAX = 16000 / 1000 * PACKET_MS_MAX };

static void *encoder_create(void)
{
    return g722_encode_init(NULL, BIT_RATE, 0);
}

static void encoder_begin(void *encoder, uint32_t tuning)
{
    (void)tuning;
    (void)g722_encode_init(encoder, BIT_RATE, 0);
}

static void encoder_destroy(void *encoder)
{
    (void)g722_encode_free(encoder);
}

static void *decoder_create(void)
{
    return g722_decode_init(NULL, BIT_RATE, 0);
}

static void decoder_destroy(void *decoder)
{
    (void)g722_decode_free(decoder);
}

static int encode(void *encoder, const float *samples, unsigned count, uint8_t *payload,
                  size_t size)
{
    int16_t linear[SAMPLES_MAX];
    if (count % 2 != 0 || count > SAMPLES_MAX || count / 2 > size) {
        return -1;
    }
    for (unsigned i = 0; i < count; i++) {
        linear[i] = (int16_t)codec_linear(samples[i]);
    }
    return g722_encode(encoder, payload, linear, (int)count);
}

static int length(const uint8_t *payload, size_t size)
{
    (void)payload;
    return 2 * (int)size;
}

static int decode(void *decoder, const uint8_t *payload, size_t size, float *samples, unsigned max)
{
    int16_t linear[SAMPLES_MAX];
    if (size > SAMPLES_MAX / 2 || 2 * size > max) {
        return -1;
    }
    int count = g722_decode(decoder, linear, payload, (int)size);
    for (int i = 0; i < count; i++) {
        samples[i] = (float)linear[i] / 32768.0F;
    }
    return count;
}

const struct codec codec_g722 = {
    .format = {.name = "G722", .clock_rate = 8000, .channels = 1, .payload_type = 9},
    .sample_rate = 16000,
    .encoder_create = encoder_create,
    .encoder_begin = encoder_begin,
    .encoder_destroy = encoder_destroy,
    .decoder_create = decoder_create,
    .decoder_destroy = decoder_destroy,
    .encode = encode,
    .length = length,
    .decode = decode,
};
