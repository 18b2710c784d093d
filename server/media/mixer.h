/*
 * The mixer: channels with gains towards and from buses, a tick at a time. No sockets, no threads.
 *
 * A tick is mixer_begin, mixer_take for every channel, mixer_give for every channel that hears.
 * Each bus is summed once. Who contributes to a bus that it hears gets that sum minus itself; all
 * others that hear the same are a group and share one mix, one limiter and, for each stateless
 * codec, one encoded payload. So k talkers among n channels cost k + (codecs) mixes and encodes.
 *
 * Nothing here allocates. All of it belongs to one media thread.
 */
#ifndef MEDIA_MIXER_H
#define MEDIA_MIXER_H

#include "media/codec.h"
#include "ports/mixing.h"

enum {
    MIXER_GROUPS = 8,    /* shared mixes; a channel that finds none free has one of its own */
    MIXER_ENCODINGS = 3, /* codecs that a group encodes for; further ones encode for themselves */
};

/* A leg_route in linear gains. */
struct mixer_route {
    float speaks[MIX_BUSES];
    float hears[MIX_BUSES];
};

/* The gains of one direction, on their way from `now` to `target` within a tick. */
struct mixer_gains {
    float now[MIX_BUSES], target[MIX_BUSES];
    uint8_t buses; /* bit mask: either is not 0 */
    bool moving;
};

struct mixer_payload {
    const uint8_t *data; /* good until the next mixer_give or mixer_begin */
    size_t size;         /* 0: the codec failed */
};

struct mixer_encoding {
    const struct codec *codec; /* NULL: free */
    uint64_t tick;             /* that the payload is of */
    bool silent;               /* it is digital silence, and good for ever */
    size_t size;
    uint8_t data[PAYLOAD_MAX];
};

struct mixer_group {
    unsigned members;
    float hears[MIX_BUSES];
    float gain, gain_before; /* the limiter's at the end of `tick` and before it */
    uint64_t tick;           /* last mixed */
    bool silent;             /* nobody is to be heard in that tick */
    float frame[FRAME_MAX];
    struct mixer_encoding encodings[MIXER_ENCODINGS];
};

struct mixer_channel {
    struct mixer_gains speaks, hears;
    bool contributes;  /* in this tick, `own` is in the sums */
    float gate;        /* 0: below the threshold for long, 1: open; between, only within a frame */
    unsigned hangover; /* frames that the gate stays open without sound */
    bool alone;        /* the last mix was its own, with this gain of the limiter */
    float gain;
    struct mixer_group *group; /* of those who hear what `hears.target` says; NULL: none was free */
    float own[FRAME_MAX];
};

struct mixer {
    unsigned rate;  /* Hz */
    unsigned frame; /* samples in FRAME_MS */
    uint64_t tick;
    uint8_t used;     /* bit mask: buses that somebody contributes to in this tick */
    uint64_t mixes;   /* mixed so far, shared ones counted once */
    uint64_t encodes; /* encoded so far */
    float buses[MIX_BUSES][FRAME_MAX];
    struct mixer_group groups[MIXER_GROUPS];
    float scratch[FRAME_MAX], alone[FRAME_MAX];
    uint8_t payload[PAYLOAD_MAX];
};

/* dB to linear, 0 at GAIN_OFF; what is no number is off, more than +24 dB is that. */
float mixer_linear(float db);

/* `mixer` zeroed by its maker. */
void mixer_init(struct mixer *mixer, unsigned rate);

/* A silent and deaf channel. */
void mixer_channel_init(struct mixer_channel *channel);
/* New gains, from the next tick on. */
void mixer_channel_route(struct mixer *mixer, struct mixer_channel *channel,
                         const struct mixer_route *route);
/* Makes it one that hears nothing and speaks to one bus, from the next tick on. */
void mixer_channel_feed(struct mixer_channel *channel, unsigned bus, float gain);
/* Before the channel's memory goes. */
void mixer_channel_leave(struct mixer_channel *channel);

void mixer_begin(struct mixer *mixer);
/* What the channel says: mixer->frame samples and their power (level_power), or NULL for nothing.
 * `blocked`: it is no sound for others (a key press), fade it out. */
void mixer_take(struct mixer *mixer, struct mixer_channel *channel, const float *samples,
                float power, bool blocked);
/* What the channel hears, encoded. `encoder` is the channel's own, NULL when stateless. */
void mixer_give(struct mixer *mixer, struct mixer_channel *channel, const struct codec *codec,
                void *encoder, struct mixer_payload *payload);
/* The end of the channel's tick, given or not: gains have arrived. */
void mixer_settle(struct mixer_channel *channel);

#endif
