/*
 * A world in virtual time for the jitter buffer: one sender, a network that delays and loses, and
 * a tick each 20 ms. Nothing here depends on the speed of the machine; chance is seeded.
 */
#ifndef JITTER_WORLD_H
#define JITTER_WORLD_H

#include "media/jitter.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 8000, FRAME = RATE / 1000 * FRAME_MS, FLIGHTS = 512, SECOND = 50 /* ticks */ };

static const uint64_t MS = 1000; /* µs */

struct flight {
    uint64_t arrival; /* µs */
    struct rtp_packet packet;
    bool is_noise;
    uint8_t payload[PACKET_MS_MAX * RATE / 1000];
};

struct world {
    const struct codec *codec;
    struct jitter *jitter;
    uint64_t tick;                      /* µs, time of the next tick */
    float (*sound)(uint64_t index);     /* what the sender says */
    uint64_t (*delay)(struct world *w); /* µs that the network takes for a packet */
    bool (*lose)(struct world *w);
    double sender_ms; /* true milliseconds that a millisecond of the sender's clock takes */
    double next_send; /* µs; a packet leaves when its last sample has been spoken */
    unsigned packet_ms;
    bool is_muted; /* the sender sends nothing, though its clock goes on */
    bool marker;
    uint16_t sequence;
    uint32_t timestamp;
    uint64_t index; /* samples spoken */
    unsigned lost;
    uint64_t last_arrival;
    uint32_t chance;
    unsigned flight_count;
    struct flight flights[FLIGHTS];
    float out[FRAME];
    bool is_heard;
    float previous, step; /* last sample put out; the largest step between two */
};

static inline uint32_t world_chance(struct world *w, uint32_t below)
{
    w->chance = w->chance * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)(w->chance >> 8) * below >> 24);
}

static inline float tone(uint64_t index)
{
    return 0.5F * sinf((float)(2 * M_PI * 440 / RATE) * (float)(index % RATE));
}

/* A voice: harmonics of a pitch that glides between 100 and 140 Hz, in syllables with gaps. */
static inline float voice(uint64_t index)
{
    double at = (double)(index % (RATE * 60ULL)) / RATE;
    double phase = 2 * M_PI * (120 * at + 20 / (2 * M_PI * 0.7) * sin(2 * M_PI * 0.7 * at));
    double syllable = sin(2 * M_PI * 2 * at);
    double sample = 0;
    for (int harmonic = 1; harmonic <= 8; harmonic++) {
        sample += sin(phase * harmonic + harmonic) / (harmonic + 1);
    }
    return syllable > 0 ? (float)(0.25 * syllable * sample) : 0;
}

static inline float silence(uint64_t index)
{
    (void)index;
    return 0;
}

/* A codec whose samples tell when they were spoken: the payload holds the index in its first
 * bytes, the samples count on from there, in steps of 2^-20. */
static inline int index_encode(void *encoder, const float *samples, unsigned count,
                               uint8_t *payload, size_t size)
{
    (void)encoder;
    if (count > size) {
        return -1;
    }
    uint32_t first = (uint32_t)(samples[0] * (1 << 20));
    memset(payload, 0, count);
    memcpy(payload, &first, sizeof first);
    return (int)count;
}

static inline int index_length(const uint8_t *payload, size_t size)
{
    (void)payload;
    return (int)size;
}

static inline int index_decode(void *decoder, const uint8_t *payload, size_t size, float *samples,
                               unsigned max)
{
    (void)decoder;
    uint32_t first;
    if (size < sizeof first || size > max) {
        return -1;
    }
    memcpy(&first, payload, sizeof first);
    for (size_t i = 0; i < size; i++) {
        samples[i] = (float)((first + i) % (1 << 20)) / (1 << 20);
    }
    return (int)size;
}

static inline float index_sound(uint64_t index)
{
    return (float)(index % (1 << 20)) / (1 << 20);
}

static const struct codec index_codec = {
    .format = {.name = "INDEX", .clock_rate = RATE, .channels = 1, .payload_type = 96},
    .sample_rate = RATE,
    .stateless = true,
    .encode = index_encode,
    .length = index_length,
    .decode = index_decode,
};

static inline const struct codec *pcmu(void)
{
    struct codec_format format = {.name = "PCMU", .clock_rate = RATE, .channels = 1};
    return codec_find(&format);
}

static inline struct world *world_create(const struct codec *codec, float (*sound)(uint64_t))
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->codec = codec;
    w->jitter = jitter_create(codec, NULL);
    assert_non_null(w->jitter);
    w->sound = sound;
    w->sender_ms = 1;
    w->packet_ms = FRAME_MS;
    w->sequence = 100;
    w->timestamp = 5000;
    w->chance = 1;
    w->tick = 1000 * MS;
    w->next_send = (double)w->tick - 500; /* comes half a millisecond before its tick */
    w->marker = true;
    return w;
}

static inline void world_destroy(struct world *w)
{
    jitter_destroy(w->jitter);
    free(w);
}

static inline struct flight *world_launch(struct world *w, uint64_t arrival)
{
    assert_true(w->flight_count < FLIGHTS);
    struct flight *flight = &w->flights[w->flight_count++];
    flight->arrival = arrival;
    flight->is_noise = false;
    flight->packet = (struct rtp_packet){.payload_type = w->codec->format.payload_type,
                                         .marker = w->marker,
                                         .sequence = w->sequence,
                                         .timestamp = w->timestamp};
    return flight;
}

/* The sender has spoken one packet. */
static inline void world_send(struct world *w)
{
    unsigned count = w->packet_ms * RATE / 1000;
    uint64_t sent = (uint64_t)w->next_send;
    if (!w->is_muted) {
        if (w->lose && w->lose(w)) {
            w->lost++;
        } else {
            struct flight *flight = world_launch(w, sent + (w->delay ? w->delay(w) : 0));
            float samples[PACKET_MS_MAX * RATE / 1000];
            for (unsigned i = 0; i < count; i++) {
                samples[i] = w->sound(w->index + i);
            }
            w->codec->encode(NULL, samples, count, flight->payload, sizeof flight->payload);
            flight->packet.payload_size = count;
        }
        w->marker = false;
        w->sequence++;
    }
    w->timestamp += count;
    w->index += count;
    w->next_send += w->packet_ms * MS * w->sender_ms;
}

/* Hands in what has arrived by `until`, in order of arrival. */
static inline void world_deliver(struct world *w, uint64_t until)
{
    for (;;) {
        unsigned first = w->flight_count;
        for (unsigned i = 0; i < w->flight_count; i++) {
            if (w->flights[i].arrival <= until &&
                (first == w->flight_count || w->flights[i].arrival < w->flights[first].arrival)) {
                first = i;
            }
        }
        if (first == w->flight_count) {
            return;
        }
        struct flight *flight = &w->flights[first];
        flight->packet.payload = flight->payload;
        if (flight->is_noise) {
            jitter_noise(w->jitter, &flight->packet, flight->arrival);
        } else {
            jitter_put(w->jitter, &flight->packet, flight->arrival);
        }
        w->flight_count--;
        memmove(flight, flight + 1, (w->flight_count - first) * sizeof *flight);
    }
}

/* One tick. */
static inline void world_step(struct world *w)
{
    while (w->next_send <= (double)w->tick) {
        world_send(w);
    }
    world_deliver(w, w->tick);
    w->is_heard = jitter_get(w->jitter, w->tick, w->out);
    for (unsigned i = 0; i < FRAME; i++) {
        float step = fabsf(w->out[i] - w->previous);
        assert_true(isfinite(w->out[i]));
        w->step = step > w->step ? step : w->step;
        w->previous = w->out[i];
    }
    w->tick += FRAME_MS * MS;
}

static inline void world_run(struct world *w, unsigned ticks)
{
    for (unsigned i = 0; i < ticks; i++) {
        world_step(w);
    }
}

static inline struct jitter_stats world_stats(const struct world *w)
{
    struct jitter_stats stats;
    jitter_stats(w->jitter, &stats);
    return stats;
}

/* With index_codec: ms from the newest sample spoken to the last one put out. */
static inline double world_age(const struct world *w)
{
    uint32_t said = (uint32_t)(w->index % (1 << 20));
    uint32_t heard = (uint32_t)(w->out[FRAME - 1] * (1 << 20)) + 1;
    return (double)((said - heard) % (1 << 20)) * 1000 / RATE;
}

#endif
