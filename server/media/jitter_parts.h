/*
 * The parts of the jitter buffer: where packets wait, how late they come, what is made up for a
 * lost one, and how sound is stretched. Used by jitter*.c only; media threads.
 *
 * Time here is counted in samples, modulo 2³², as RTP timestamps are; only differences mean
 * something, and they are taken with time_since().
 */
#ifndef MEDIA_JITTER_PARTS_H
#define MEDIA_JITTER_PARTS_H

#include "media/codec.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    DELAY_MAX_MS = 400, /* more than this never waits */
    PERIOD_MAX_MS = 15, /* longest pitch period: a voice of 67 Hz */
    HISTORY_MS = 40,    /* sound already played that is kept: a window and two periods */
    PITCH_WINDOW_MS = 10,
    MERGE_MS = 5, /* cross-fade from made-up to true sound */
    PERIOD_MAX = CODEC_RATE_MAX / 1000 * PERIOD_MAX_MS,
};

static inline int32_t time_since(uint32_t later, uint32_t earlier)
{
    return (int32_t)(later - earlier);
}

/* ---- jitter_store.c: packets that wait, by sequence number ---- */

enum {
    STORE_SLOTS = 64,  /* a power of two; packets ahead of the one to be played next */
    STORE_CHUNK = 256, /* payloads are kept in chunks, so that small ones take little memory */
    STORE_CHUNKS = 96, /* 400 ms of 16-bit linear audio would fit, and any coded audio */
    STORE_NO_CHUNK = 255,
};

struct stored_packet {
    bool used;
    bool is_noise; /* comfort noise: silence begins here; no payload */
    uint16_t sequence;
    uint16_t size;
    uint8_t chunk; /* first of the payload's chunks */
    uint32_t time;
    uint64_t arrival; /* µs */
};

struct packet_store {
    unsigned count;
    uint8_t free_chunk;
    struct stored_packet slots[STORE_SLOTS];
    uint8_t next_chunk[STORE_CHUNKS];
    uint8_t bytes[STORE_CHUNKS][STORE_CHUNK];
};

void store_clear(struct packet_store *store);
/* Copies the payload. False when this very packet is there already or memory is used up. */
bool store_put(struct packet_store *store, const struct stored_packet *packet,
               const uint8_t *payload);
/* The first packet from sequence number `from` on; NULL: none within STORE_SLOTS. */
struct stored_packet *store_next(struct packet_store *store, uint16_t from);
/* The payload in one piece, in `scratch` when it is not so already. */
const uint8_t *store_payload(const struct packet_store *store, const struct stored_packet *packet,
                             uint8_t scratch[PAYLOAD_MAX]);
/* A packet of this sequence number may come soon. */
void store_prefetch(const struct packet_store *store, uint16_t sequence);
void store_drop(struct packet_store *store, struct stored_packet *packet);

/* ---- jitter_lateness.c: how late packets come, over the last seconds ---- */

enum { LATENESS_BUCKETS = 8 };

/*
 * A packet's lead is its time minus the samples played when it came in: the smaller, the later.
 * The window keeps the extremes of some seconds of received audio, so it neither forgets in a
 * pause nor cares how long that takes.
 */
struct lateness {
    uint32_t bucket_size; /* samples of audio in one bucket */
    uint32_t limit;       /* samples; DELAY_MAX_MS */
    unsigned head, used;  /* buckets */
    uint32_t filled;      /* samples of audio in the head bucket */
    struct {
        uint32_t least, most;
    } buckets[LATENESS_BUCKETS];
    uint32_t least, most; /* over all buckets */
};

void lateness_init(struct lateness *lateness, unsigned sample_rate);
/* Forgets, and begins with one lead. */
void lateness_begin(struct lateness *lateness, uint32_t lead);
/* Leads that are off by more than the limit tell of another time line and are left out. */
void lateness_add(struct lateness *lateness, uint32_t lead, uint32_t duration);
/* The lead with which no packet of the window would have been late (within the limit). `used`
 * must not be 0. */
uint32_t lateness_target(const struct lateness *lateness);

/* ---- jitter_stretch.c: pitch, insertion, removal ---- */

/*
 * The lag in `least`…`most` at which `sound` resembles itself best; `direction` 1 looks ahead of
 * `sound`, -1 before it. `window` samples are compared. Returns 0 when even the best lag
 * correlates less than `strictness` (0–1).
 */
unsigned pitch_find(const float *sound, int direction, unsigned window, unsigned least,
                    unsigned most, unsigned sample_rate, float strictness);
/* Takes `lag` samples out by overlap-add: `sound` holds `count` ≥ 2·lag samples, the result holds
 * `count` - lag. */
void stretch_remove(float *sound, unsigned count, unsigned lag);
/* Repeats the `lag` samples that stand before `sound`; `count` ≥ lag grows by lag. */
void stretch_insert(float *sound, unsigned count, unsigned lag);

/* ---- jitter_conceal.c: sound for what is missing ---- */

struct conceal {
    bool active;
    bool is_hushed; /* no loss: the sender is silent on purpose */
    bool by_codec;  /* the decoder makes it up; we only fade */
    float gain;
    float slope; /* gain lost a sample, after `hold` more samples */
    unsigned hold;
    unsigned period, phase;
    float step; /* from the end of the period to its beginning; smoothed away over `ramp` */
    unsigned ramp;
    unsigned merge; /* samples of cross-fade back to true sound */
    float cycle[PERIOD_MAX];
};

/* Silent and active: nothing has been played yet. */
void conceal_init(struct conceal *conceal, unsigned sample_rate);
/* Goes on from the sound that ends at `history` (HISTORY_MS of it stand before). */
void conceal_begin(struct conceal *conceal, const float *history, const struct codec *codec);
/* The sender is silent on purpose: fade out at once. Begins when not yet active. */
void conceal_hush(struct conceal *conceal, const float *history, const struct codec *codec);
static inline bool conceal_is_silent(const struct conceal *conceal)
{
    return conceal->active && conceal->gain <= 0;
}
/* Makes up `count` samples. */
void conceal_make(struct conceal *conceal, const struct codec *codec, void *decoder, float *sound,
                  unsigned count);
/* True sound is back: cross-fades into its beginning, and ends. */
void conceal_merge(struct conceal *conceal, float *sound, unsigned count);

#endif
