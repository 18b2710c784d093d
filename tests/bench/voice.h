/*
 * What the callers say in other codecs than µ-law, coded beforehand, and what some of them hear.
 *
 * Codecs with a state cannot repeat five packets of a tone: here a talker's whole second of the
 * score (hearing.h) is coded, once as the one that begins, once as one of the others. Decoding all
 * that comes would cost more than the server, so only the first legs have decoders; their ears get
 * what they hear as µ-law.
 */
#ifndef BENCH_VOICE_H
#define BENCH_VOICE_H

#include "hearing.h"
#include "tone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VOICE_EARS = 16, VOICE_BYTES = 400 };

struct voice_codec {
    const char *name, *rtpmap, *fmtp; /* fmtp NULL: none */
    unsigned payload_type, clocks;    /* of the RTP timestamp, in a packet */
    unsigned rate;                    /* of the samples; 0: µ-law, see tone.h */
};

struct voice_packet {
    size_t size;
    uint8_t data[VOICE_BYTES];
};

struct voice {
    const struct voice_codec *codec;
    struct voice_packet talk[TONES_MAX][2][SCORE_PACKETS]; /* as one of the others, as the first */
    struct voice_packet silence[SCORE_PACKETS], noise[SCORE_PACKETS];
    struct voice_packet pause; /* says that nothing follows for a while (RFC 7587 §3.1.3) */
    void *decoders[VOICE_EARS];
};

/* NULL: there is no such codec. */
const struct voice_codec *voice_find(const char *name);

/* NULL: out of memory. */
struct voice *voice_create(const struct voice_codec *codec, const unsigned *frequencies,
                           unsigned talkers, float amplitude, float noise);
void voice_destroy(struct voice *voice);

/* One packet of the ear (below VOICE_EARS) as µ-law; false: it does not decode to 20 ms. */
bool voice_hear(struct voice *voice, unsigned ear, const uint8_t *payload, size_t size,
                uint8_t ulaw[PACKET_SAMPLES]);

#endif
