/*
 * Codecs. Adding one is one file (codec_NAME.c with a struct codec) and one line in codec.c.
 *
 * A codec turns one packet's payload into mono float samples in -1…1 at its own rate and back.
 * State is allocated when a leg gets its session, never in a tick. Media threads; the tables
 * are constant.
 */
#ifndef MEDIA_CODEC_H
#define MEDIA_CODEC_H

#include "ports/session.h"

#include <stddef.h>

enum {
    FRAME_MS = 20,
    CODEC_RATE_MAX = 48000,
    FRAME_MAX = CODEC_RATE_MAX / 1000 * FRAME_MS,
    PACKET_MS_MAX = 120, /* longest packet that we decode */
    PACKET_SAMPLES_MAX = CODEC_RATE_MAX / 1000 * PACKET_MS_MAX,
    PAYLOAD_MAX = 1400,
};

struct codec {
    struct codec_format
        format;           /* as offered: name, clock rate, channels, static or usual pt, fmtp */
    unsigned sample_rate; /* Hz of the samples (G.722: 16000, though its RTP clock is 8000) */
    bool stateless;       /* one encoded payload may serve many legs at once */
    /* NULL for stateless codecs. `fmtp` is the peer's. NULL result: out of memory. */
    void *(*encoder_create)(const char *fmtp);
    void (*encoder_destroy)(void *encoder);
    void *(*decoder_create)(const char *fmtp);
    void (*decoder_destroy)(void *decoder);
    /* Samples to payload. Returns bytes written, or -1. */
    int (*encode)(void *encoder, const float *samples, unsigned count, uint8_t *payload,
                  size_t size);
    /* Payload to samples. Returns samples written (at most `max`), or -1 for rubbish. */
    int (*decode)(void *decoder, const uint8_t *payload, size_t size, float *samples, unsigned max);
    /* Makes up `count` samples for a lost packet; NULL: the jitter buffer conceals by itself. */
    int (*conceal)(void *decoder, float *samples, unsigned count);
};

/* The codec for a format of a session: by name and clock rate, case-insensitive; NULL: none. */
const struct codec *codec_find(const struct codec_format *format);

/* All formats to offer, best first, telephone-event last. */
const struct codec_format *codec_formats(unsigned *countp);

#endif
