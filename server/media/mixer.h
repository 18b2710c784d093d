/*
 * The mixer: channels with gains towards and from buses, a tick at a time. No sockets, no threads.
 *
 * A tick is mixer_begin, mixer_take for every channel, mixer_give for every channel that hears.
 * Each bus is summed once, and once for each sample rate: a plane is what is said and heard at one
 * rate. What is said in a plane that somebody hears from another is resampled once a bus, not once
 * a channel; where nobody listens nothing is resampled. A channel speaks and hears in one plane,
 * so taking its own voice from the sum is exact.
 *
 * Who contributes to a bus that it hears gets that sum minus itself; all others of a plane that
 * hear the same, or come to hear it in the same way, are a group and share one mix, one limiter
 * and, for each codec, one encoded payload. So k talkers among n channels cost k + (codecs) mixes
 * and encodes.
 *
 * Encoders with a state belong to the mixer and serve a group or a channel, as it comes. Whoever
 * goes over to another encoder hears it begin with the frame that the last one has sent, thrown
 * away, so that both codecs know the same past and nothing clicks.
 *
 * Nothing here allocates but mixer_supply_*, which the focus thread uses to make what the members
 * need. All the rest belongs to one media thread.
 */
#ifndef MEDIA_MIXER_H
#define MEDIA_MIXER_H

#include "media/codec.h"
#include "media/resampler.h"
#include "ports/mixing.h"

enum {
    MIXER_PLANES = 3,
    MIXER_GROUPS = 6,    /* shared mixes a plane; who finds none free has one of its own */
    MIXER_ENCODINGS = 3, /* stateless codecs that a group encodes for; others for themselves */
    MIXER_CODECS = 4,    /* codecs with a state */
    MIXER_SPEAKERS =
        15, /* who are told apart in a mix: the loudest; as many as fit into a packet */
};

extern const unsigned mixer_rates[MIXER_PLANES]; /* Hz, growing; a plane is named by its index */

/* A leg_route in linear gains. */
struct mixer_route {
    float speaks[MIX_BUSES];
    float hears[MIX_BUSES];
    unsigned ticks; /* in which they are reached; 0 is 1 */
    uint64_t at_once, at_last;
};

struct mixer_gain {
    float now, target; /* when the tick begins, and where it is on its way to */
};

/* The gains of one direction. */
struct mixer_gains {
    uint64_t buses;        /* bit mask: where either is not 0 */
    uint64_t late;         /* those that stay as they are until the last tick of the way */
    unsigned moving;       /* ticks, this one included, until all are where they should be … */
    unsigned early_moving; /* … and until these are, which were changed at another time */
    uint64_t early;
    struct mixer_gain of[MIX_BUSES];
};

/* Who is heard in a mix. */
struct mixer_speaker {
    uint32_t source; /* SSRC */
    uint8_t level;   /* -dBov */
};

struct mixer_payload {
    const uint8_t *data; /* good until the next mixer_give or mixer_begin */
    size_t size;         /* 0: nothing is to be sent */
    /* As far as the channel wants to know: */
    uint8_t level; /* of the whole, -dBov */
    unsigned speaker_count;
    struct mixer_speaker speakers[MIXER_SPEAKERS];
};

/* Who contributes in a tick. */
struct mixer_voice {
    const struct mixer_channel *channel; /* to know it again, it may be gone; NULL: elsewhere */
    uint32_t source;
    float power;
    unsigned bus_count;
    struct {
        unsigned bus;
        float gain;
    } speaks[MIX_SPEAKS];
};

struct mixer_encoding {
    const struct codec *codec; /* NULL: free */
    uint64_t tick;             /* that the payload is of */
    bool silent;               /* it is digital silence, and good for ever */
    size_t size;
    uint8_t *data; /* plane->payload_max bytes */
};

struct mixer_group {
    unsigned members;
    struct mixer_gains hears;
    uint64_t heard;          /* the tick that `hears` is of */
    float gain, gain_before; /* the limiter's at the end of `tick` and before it */
    uint64_t tick;           /* last mixed */
    bool silent;             /* nobody is to be heard in that tick */
    uint8_t level;           /* -dBov, in the tick `measured` */
    uint64_t measured;
    uint64_t asked; /* as a channel's */
    float *frame;
    struct mixer_encoding encodings[MIXER_ENCODINGS];
};

/* What comes to a bus from the same bus of another plane. */
struct mixer_link {
    struct resampler *resampler; /* NULL: there is no such plane */
    uint64_t tick;               /* last run */
    bool ringing;                /* it ended with sound, and has not yet been run out */
};

/* One bus of one plane. */
struct mixer_bus {
    uint64_t said, summed; /* ticks that `own` and `heard` are of */
    const float *heard;    /* `own`, `sum`, or NULL: nothing */
    float *own;            /* what the channels of the plane say */
    float *sum;            /* and those of other planes */
    struct mixer_link links[MIXER_PLANES];
};

/* Room for what channels say in a tick. Whoever speaks takes a place; one that was never taken was
 * never touched, and costs no memory. */
union mixer_place {
    union mixer_place *next; /* while nobody has it */
    float samples[1];        /* a frame */
};

struct mixer_room {
    struct mixer_room *next;
    unsigned taken, places; /* `taken`: ever */
    float samples[];
};

struct mixer_plane {
    unsigned rate;             /* Hz */
    unsigned frame;            /* samples in FRAME_MS */
    struct mixer_room *rooms;  /* the one made last first */
    union mixer_place *places; /* taken before, and given back */
    size_t payload_max;        /* bytes that a stateless codec makes of them at most */
    struct mixer_bus *buses[MIX_BUSES];
    struct mixer_group groups[MIXER_GROUPS];
    float *scratch, *alone;
};

/* An encoder with a state; it serves one user at a time. */
struct mixer_encoder {
    struct mixer_encoder *next;
    const struct codec *codec;
    void *state;
    uint32_t tuning;
    const void *user; /* the group or channel that it encodes for */
    uint64_t tick;    /* last used */
    unsigned served;  /* channels, in that tick */
    bool went_on;     /* it was used in the tick before that, too */
    size_t size;
    uint8_t data[PAYLOAD_MAX];
    unsigned newest;
    float *frames[2]; /* encoded last, and before that */
};

struct mixer_channel {
    struct mixer_plane *plane;     /* NULL: silent and deaf */
    const struct codec *codec;     /* that it hears */
    uint32_t tuning;               /* of an encoder for it */
    struct mixer_encoder *encoder; /* that served it last */
    bool lacks_encoder;            /* the focus is to make more of them */
    uint64_t asked;                /* tick in which that was set last; 0: never */
    uint32_t source;               /* SSRC of what it says */
    bool wants_level, wants_each;  /* mixer_give is to say how loud it is, and who is heard */
    bool contributes;              /* in this tick, `own` is in the sums */
    float gate;        /* 0: below the threshold for long, 1: open; between, only within a frame */
    unsigned hangover; /* frames that the gate stays open without sound */
    float last, slope; /* sample that it has said, and how it got there from the one before */
    struct mixer_plane *broken; /* where what it said has broken off there; NULL: nowhere */
    bool alone;                 /* the last mix was its own, with this gain of the limiter */
    float gain;
    struct mixer_group *group; /* of those who hear what `hears` is on its way to; NULL: none was
                                  free */
    union mixer_place *own;    /* NULL: silent, deaf, or none was left: then it hears itself, too */
    /* Last, since few of the buses are ever looked at. */
    struct mixer_gains speaks, hears;
};

struct mixer {
    uint64_t tick;
    uint64_t audible;   /* bit mask of buses on which something is to be heard in this tick, … */
    uint64_t ringing;   /* … and in the next one, by a resampler */
    uint64_t mixes;     /* mixed so far, shared ones counted once */
    uint64_t encodes;   /* encoded so far */
    uint64_t resamples; /* frames resampled so far */
    struct mixer_plane *planes[MIXER_PLANES];
    struct mixer_encoder *encoders;
    unsigned voice_count; /* in this tick */
    struct mixer_voice voices[MIXER_SPEAKERS];
    uint8_t payload[PAYLOAD_MAX];
};

/* dB to linear, 0 at GAIN_OFF; what is no number is off, more than +24 dB is that. */
float mixer_linear(float db);

/* ---- what the members need: made on the focus thread, handed over, freed with the mixer ---- */

/* The focus thread's account of what a mixer has. Zeroed by its maker. */
struct mixer_stock {
    uint8_t planes; /* bit masks */
    uint64_t buses;
    unsigned channels[MIXER_PLANES], places[MIXER_PLANES];
    struct mixer_demand {
        const struct codec *codec; /* NULL: free */
        unsigned channels, made;
    } demands[MIXER_CODECS];
};

struct mixer_supply;

/* Whether the two below would have nothing to make. */
bool mixer_stock_suffices(struct mixer_stock *stock, unsigned rate, uint64_t buses,
                          const struct codec *codec, bool lacking);
/* What is missing for the channels that there are, of these buses (a bit mask) and of this rate (0:
 * no further one), in *supplyp; NULL when nothing is. ENOMEM. */
int mixer_supply_create(struct mixer_stock *stock, unsigned rate, uint64_t buses,
                        struct mixer_supply **supplyp);
/* Frees what has not been installed. NULL is fine. */
void mixer_supply_destroy(struct mixer_supply *supply);
/* A channel begins or ends to use the codec. NULL is fine. */
void mixer_stock_add(struct mixer_stock *stock, const struct codec *codec);
void mixer_stock_remove(struct mixer_stock *stock, const struct codec *codec);
/* Adds encoders of the codec to *supplyp, which may be NULL: the first few, or, `lacking` any, some
 * more, as long as there are channels for them. ENOMEM. */
int mixer_supply_encoders(struct mixer_stock *stock, const struct codec *codec, bool lacking,
                          struct mixer_supply **supplyp);
/* Media thread: takes all that is in the supply. */
void mixer_install(struct mixer *mixer, struct mixer_supply *supply);
/* Focus thread, when the media thread has done with it: all that was installed. */
void mixer_free(struct mixer *mixer);

/* ---- a tick: media thread. `mixer` and channels zeroed by their maker ---- */

/* A silent and deaf channel. */
void mixer_channel_init(struct mixer_channel *channel);
/* It hears this codec from now on, encoded as `tuning` says, and speaks at the codec's rate. NULL:
 * it is silent and deaf. */
void mixer_channel_tune(struct mixer *mixer, struct mixer_channel *channel,
                        const struct codec *codec, uint32_t tuning);
/* What it said does not go on: it begins anew at another rate. Its last sample is let down to
 * silence in the next tick, so that it does not click. */
void mixer_channel_break(struct mixer_channel *channel);
/* New gains, from the next tick on. */
void mixer_channel_route(struct mixer_channel *channel, const struct mixer_route *route);
/* Makes it one that hears nothing and speaks to one bus of one plane, from the next tick on, at a
 * gain that it reaches in so many ticks. */
void mixer_channel_feed(struct mixer *mixer, struct mixer_channel *channel, unsigned plane,
                        unsigned bus, float gain, unsigned ticks);
/* What it has said on a bus in this tick, as loud as there, at its plane's rate: between mixer_take
 * and the next one. False: nothing. */
bool mixer_channel_said(const struct mixer_channel *channel, unsigned bus, float *samples);
/* Before the channel's memory goes. */
void mixer_channel_leave(struct mixer_channel *channel);

/* Up to which power nobody is going to hear what the channel says in the next tick; INFINITY:
 * whatever it is. */
float mixer_channel_unheard(const struct mixer_channel *channel);

void mixer_begin(struct mixer *mixer);
/* What the channel says: FRAME_MS of samples at its plane's rate and their power (level_power), or
 * NULL for nothing. `blocked`: it is no sound for others (a key press), fade it out. */
void mixer_take(struct mixer *mixer, struct mixer_channel *channel, const float *samples,
                float power, bool blocked);
/* What all channels of one plane say on a bus in this tick, and its length in samples; NULL:
 * nothing, or there is no such bus. */
const float *mixer_said(const struct mixer *mixer, unsigned plane, unsigned bus, unsigned *countp);
/* Adds to that. Where there is no such plane or bus, nobody hears it. Before the first
 * mixer_give. */
void mixer_add(struct mixer *mixer, unsigned plane, unsigned bus, const float *samples);
/* Somebody else contributes: what mixer_add brings. */
void mixer_add_voice(struct mixer *mixer, const struct mixer_voice *voice);
/* What the channel hears, encoded. Nothing when it has no plane. */
void mixer_give(struct mixer *mixer, struct mixer_channel *channel, struct mixer_payload *payload);
/* The end of the channel's tick, given or not: gains have arrived. */
void mixer_settle(struct mixer_channel *channel);

#endif
