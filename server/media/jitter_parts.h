/*
 * The parts of the jitter buffer: where packets wait, how late they come, what is made up for a
 * lost one, how sound is stretched; and what they work on together. Used by jitter*.c only; media
 * threads.
 *
 * Time here is counted in samples, modulo 2³², as RTP timestamps are; only differences mean
 * something, and they are taken with time_since().
 */
#ifndef MEDIA_JITTER_PARTS_H
#define MEDIA_JITTER_PARTS_H

#include "media/jitter.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    DELAY_MAX_MS = 400, /* more than this never waits */
    PERIOD_MAX_MS = 15, /* longest pitch period: a voice of 67 Hz */
    PITCH_WINDOW_MS = 10,
    /* Sound already played that is kept: a window, the longest period before it, one sample more.
     */
    HISTORY_MS = PITCH_WINDOW_MS + PERIOD_MAX_MS + 1,
    MERGE_MS = 5, /* cross-fade from made-up to true sound */
    PERIOD_MAX = CODEC_RATE_MAX / 1000 * PERIOD_MAX_MS,
    PERIOD_MIN_TENTHS = 25, /* 0.1 ms; the shortest stretch that is repeated */
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
    uint64_t arrival; /* µs */
    uint32_t time;
    float power; /* of a silent one: what is in it, though not played */
    uint16_t sequence;
    uint16_t size;
    uint16_t length; /* of a silent one: samples; 0: it does not say */
    uint8_t chunk;   /* first of the payload's chunks */
    bool used : 1;
    bool is_silent : 1;     /* silence begins here, or nobody would hear it; no payload */
    bool is_sample : 1;     /* nobody would hear it, but its power is to be known */
    bool is_audit : 1;      /* … to be held against what the sender says */
    bool is_background : 1; /* no voice, as the sender has it */
};

struct packet_store {
    uint8_t (*bytes)[STORE_CHUNK]; /* STORE_CHUNKS of them, the owner's; the last are used first */
    unsigned count;
    uint8_t free_chunk;
    uint8_t next_chunk[STORE_CHUNKS];
    struct stored_packet slots[STORE_SLOTS];
};

/* `bytes` is set; so is nothing else. */
void store_clear(struct packet_store *store);
/* Copies the payload. False when this very packet is there already or memory is used up. */
bool store_put(struct packet_store *store, const struct stored_packet *packet,
               const uint8_t *payload);
/* The first packet from sequence number `from` on; NULL: none within STORE_SLOTS. */
struct stored_packet *store_next(struct packet_store *store, uint16_t from);
/* The payload in one piece, in `scratch` when it is not so already. */
const uint8_t *store_payload(const struct packet_store *store, const struct stored_packet *packet,
                             uint8_t scratch[PAYLOAD_MAX]);
/* A packet of this sequence number may come soon; a silent one has no payload. */
void store_prefetch(const struct packet_store *store, uint16_t sequence, bool is_silent);
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
    float *cycle;   /* PERIOD_MAX samples, the owner's */
};

/* Silent and active: nothing has been played yet. */
void conceal_init(struct conceal *conceal, unsigned sample_rate, float cycle[PERIOD_MAX]);
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

/* ---- jitter.c: the whole ---- */

enum {
    /* What is kept in steady state: the history, a frame with a stretch of it, a packet as long. */
    SOUND_MS = HISTORY_MS + 60,
    SOUND_MS_MAX = HISTORY_MS + 2 * FRAME_MS + 2 * PERIOD_MAX_MS + PACKET_MS_MAX,
    SOUND_MAX = CODEC_RATE_MAX / 1000 * SOUND_MS_MAX,
};

struct jitter {
    const struct codec *codec;
    void *decoder;
    unsigned frame;    /* samples a tick */
    unsigned ms;       /* samples a millisecond */
    uint32_t ratio;    /* samples per unit of RTP timestamp */
    unsigned capacity; /* of `sound`, samples, as far as it is in use: it grows with the packets */

    bool has_sequence; /* next_sequence is set */
    bool started;      /* `time` is set */
    bool has_newest;
    bool is_paused;         /* the newest is that of jitter_pause */
    bool blank;             /* all of `sound` is zero up to history and frame, `read` stays there */
    bool decoder_is_behind; /* it has missed what was not silence */
    bool is_deceived;       /* the sender has said of sound that it was silence */
    uint16_t next_sequence; /* after the packet taken last */
    uint64_t taken;         /* bit n: next_sequence - 1 - n has come */
    uint16_t newest_sequence;
    uint32_t newest_time;
    uint32_t packet_length; /* samples in the packet taken last */
    unsigned late_run;
    unsigned idle;      /* packets of background in a row */
    unsigned unsampled; /* packets whose power is not known, since it was last looked at */
    float unheard;      /* see jitter_ignore */
    float sampled;      /* power of the packet looked at last */

    uint32_t time, played;
    unsigned made_up; /* samples of the gap that goes on, or went on last */
    unsigned read, write;
    unsigned zeros;          /* so many samples before `write` are 0, or more */
    unsigned rest, failures; /* see jitter_stretch */
    float delay;             /* ms, smoothed */
    float power;             /* of the silent packet taken last … */
    uint32_t power_end;      /* … and the time at which that ends */

    struct jitter_stats stats;
    struct lateness lateness;
    struct conceal conceal;
    struct packet_store store;
    /* From here on set when used, never before, and used from both ends: most codecs touch, and a
     * leg takes, only a part of this memory. */
    float sound[SOUND_MAX];
    float cycle[PERIOD_MAX];                  /* of `conceal` */
    uint8_t bytes[STORE_CHUNKS][STORE_CHUNK]; /* of `store` */
};

static inline unsigned jitter_ready(const struct jitter *jitter)
{
    return jitter->write - jitter->read;
}

/* A new time line: whatever waits and all that was learnt of it is void. */
void jitter_begin_anew(struct jitter *jitter);

/* ---- jitter_take.c: packets to sound ---- */

/* Makes room for `count` more samples behind the ready ones. */
void jitter_make_room(struct jitter *jitter, unsigned count);
/* So many have been written there. */
void jitter_append(struct jitter *jitter, unsigned count);
/* The packet and all before it are done with. */
void jitter_pass(struct jitter *jitter, struct stored_packet *packet);
/* Takes packets that follow without a gap, until `wanted` samples are ready. */
void jitter_take_contiguous(struct jitter *jitter, unsigned wanted, uint64_t now);
/* The sound goes on with `packet` after a gap. */
void jitter_resume(struct jitter *jitter, struct stored_packet *packet, uint64_t now);
/* Nothing to play: it is lost or late, or the sender is silent. `next`: the next packet there is;
 * NULL: none. */
void jitter_begin_gap(struct jitter *jitter, const struct stored_packet *next);
void jitter_make_up(struct jitter *jitter, unsigned count);
/* The `missing` samples before the packet, the next there is, as it repeats them itself (forward
 * error correction). Returns whether it does. */
bool jitter_recover(struct jitter *jitter, const struct stored_packet *packet, unsigned missing);

/* ---- jitter_delay.c ---- */

/* Samples to be made up before the packet, the next there is, is to be played; 0: now. */
unsigned jitter_wait_before(struct jitter *jitter, const struct stored_packet *packet);
/* More than DELAY_MAX_MS waits: what is oldest is left out, in one step. */
void jitter_drop_excess(struct jitter *jitter);
/* Moves the delay towards what lateness asks for, a pitch period at a time. A full frame is
 * ready. Costs nothing as long as nothing is to be done. */
void jitter_stretch(struct jitter *jitter, uint64_t now);

#endif
