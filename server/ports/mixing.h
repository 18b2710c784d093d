/*
 * The mixer, as the focus sees it: streams and rules, no conferences (RFC 4353 §4.3,
 * framework 4.3).
 *
 * A `mix` is a set of buses, pinned to one media thread. A `leg` is one RTP stream in each
 * direction. A leg speaks to buses and hears buses, each at a gain, always minus itself. All
 * functions run on the focus thread, never block, and take effect at the mix's next tick; what
 * is asked in one turn of the loop takes effect in one tick.
 */
#ifndef PORTS_MIXING_H
#define PORTS_MIXING_H

#include "ports/session.h"

enum {
    MIX_BUSES = 8, /* buses of one mix; bus 0 is the main one */
    MIX_MAIN = 0,
};

#define GAIN_OFF (-200.0f) /* dB: this or less is not at all */

struct mix;
struct leg;

/* Gains in dB towards and from each bus. Changes are ramped over one tick, they never click. */
struct leg_route {
    float speaks[MIX_BUSES];
    float hears[MIX_BUSES];
};

struct leg_config {
    int family;       /* AF_INET or AF_INET6 */
    unsigned timeout; /* ms without RTP and RTCP until on_timeout; 0: never */
    const char *name; /* for RTCP CNAME; copied */
    void *user;       /* comes back with the events */
};

/* Counted since the leg began. Written by the media thread, read at any time: each figure is
 * whole, together they may be of two neighbouring ticks. */
struct leg_stats {
    char codec[24];     /* what we send, "" before the session is known */
    uint64_t received;  /* RTP packets taken */
    uint64_t sent;      /* RTP packets sent */
    uint64_t lost;      /* sequence numbers that never came (RFC 3550 A.3, without duplicates) */
    uint64_t late;      /* came too late to be played */
    uint64_t rejected;  /* from a foreign source, not RTP, or of an unknown payload type */
    uint64_t concealed; /* ms of audio made up for what was missing */
    float jitter;       /* ms, interarrival (RFC 3550 §6.4.1) */
    float delay;        /* ms of audio in the jitter buffer at the moment */
    float level;        /* dBov of what came in, smoothed; -127 for silence */
    float round_trip;   /* ms, from RTCP; 0: not known */
    float remote_loss;  /* fraction 0–1 that the peer reports as lost; 0 when it says nothing */
    bool speaking;
    uint32_t source; /* SSRC of what comes in; 0: nothing came yet */
};

/* One media thread. */
struct mixing_thread_stats {
    unsigned mixes, legs;
    uint64_t ticks;         /* slots worked */
    uint64_t late_ticks;    /* began more than 5 ms after their time */
    uint64_t skipped_ticks; /* dropped since the thread was a whole tick behind */
    float lateness_p50, lateness_p99, lateness_max; /* ms */
    float load; /* fraction 0–1 of the last second spent working */
};

struct mixing {
    void *ctx;
    /* The codecs that offers and answers may use, best first. */
    const struct codec_format *(*codecs)(void *ctx, unsigned *countp);

    /* ENOMEM. The mix is placed on the least loaded thread. */
    int (*mix_create)(void *ctx, struct mix **mixp);
    /* Closes the legs that are left, too. */
    void (*mix_destroy)(struct mix *mix);

    /* Opens the leg's sockets. The leg is silent and deaf until it has a session and a route.
     * EADDRINUSE: no free port in the range; EAFNOSUPPORT: no address of this family;
     * EMFILE, ENOMEM. */
    int (*leg_create)(struct mix *mix, const struct leg_config *config, struct leg **legp);
    void (*leg_address)(const struct leg *leg, struct media_address *address);
    /* The session as negotiated; again after each change. */
    void (*leg_session)(struct leg *leg, const struct session *session);
    void (*leg_route)(struct leg *leg, const struct leg_route *route);
    /* Fades out, sends RTCP BYE, closes. No event comes after this; the pointer is gone. */
    void (*leg_close)(struct leg *leg);
    void (*leg_stats)(const struct leg *leg, struct leg_stats *stats);

    unsigned (*thread_count)(void *ctx);
    void (*thread_stats)(void *ctx, unsigned thread, struct mixing_thread_stats *stats);
};

/* What the mixer tells; called on the focus thread. `user` is the leg's. */
struct mixing_events {
    void (*on_speaking)(void *user, bool speaking, void *arg);
    /* One whole key press (RFC 4733), told once. `duration` in ms. */
    void (*on_digit)(void *user, char digit, unsigned duration, void *arg);
    /* Neither RTP nor RTCP for the time asked for, though the session lets the peer send. Told
     * once for every silence. */
    void (*on_timeout)(void *user, unsigned silent_ms, void *arg);
};

#endif
