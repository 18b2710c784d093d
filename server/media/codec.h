/*
 * Codecs. Adding one is one file (codec_NAME.c with a struct codec) and one line in codec.c.
 *
 * A codec turns one packet's payload into mono float samples in -1…1 at its own rate and back.
 * State is created on the focus thread, never in a tick, and encoding and decoding allocate
 * nothing. Media threads; the tables are constant.
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
    bool stateless;       /* one encoded payload may serve anybody at any time */
    unsigned grain;       /* `conceal` and `recover` make multiples of so many samples; 0: any */
    /* Encoders and decoders: NULL for stateless codecs. NULL result: out of memory. */
    void *(*encoder_create)(void);
    /* What the peer's fmtp asks of our encoder; encoders of equal tuning encode alike. NULL: it has
     * nothing to choose. */
    uint32_t (*encoder_tuning)(const char *fmtp);
    /* From now on for another stream. Media thread. */
    void (*encoder_begin)(void *encoder, uint32_t tuning);
    void (*encoder_destroy)(void *encoder);
    void *(*decoder_create)(void);
    void (*decoder_destroy)(void *decoder);
    /* Samples to payload. Returns bytes written, 0 for silence that is not to be sent, or -1. */
    int (*encode)(void *encoder, const float *samples, unsigned count, uint8_t *payload,
                  size_t size);
    /* Samples in the payload, seen without decoding; -1 for rubbish. */
    int (*length)(const uint8_t *payload, size_t size);
    /* Mean square of the samples in it, seen without decoding. NULL: cannot be seen. */
    float (*power)(const uint8_t *payload, size_t size);
    /* Payload to samples. Returns samples written (at most `max`), or -1 for rubbish. */
    int (*decode)(void *decoder, const uint8_t *payload, size_t size, float *samples, unsigned max);
    /* Makes up `count` samples for a lost packet; NULL: the jitter buffer conceals by itself. */
    int (*conceal)(void *decoder, float *samples, unsigned count);
    /* The same from what the packet after the gap repeats of it. NULL: it repeats nothing. */
    int (*recover)(void *decoder, const uint8_t *payload, size_t size, float *samples,
                   unsigned count);
    /* Whether the payload just says that the sender is silent now. NULL: none does. */
    bool (*is_silence)(const uint8_t *payload, size_t size);
    /* Whether the sender takes what is in the payload for background, not for a voice; seen without
     * decoding. NULL: it does not say. */
    bool (*is_background)(const uint8_t *payload, size_t size);
};

/* The codec for a format of a session: by name and clock rate, case-insensitive; NULL: none. */
const struct codec *codec_find(const struct codec_format *format);

/* All formats to offer, best first, telephone-event last. Focus thread. */
const struct codec_format *codec_formats(unsigned *countp);

#endif
