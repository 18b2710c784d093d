/*
 * The callers' RTP side: sockets, the schedule of sending, and what is counted of what comes.
 *
 * One thread, called about every ms. Several legs share a socket of ours; they are told apart by
 * the port that the server sends from, which is its own for each leg.
 */
#ifndef BENCH_MEDIA_H
#define BENCH_MEDIA_H

#include "hearing.h"
#include "histogram.h"
#include "options.h"
#include "tone.h"
#include "voice.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { RTP_HEADER = 12, RTP_PACKET = RTP_HEADER + PACKET_SAMPLES };

#define PACKET_NS (20 * NS_PER_MS)

/* What one leg has heard since it joined or the measuring began. */
struct reception {
    bool begun;
    uint32_t ssrc;
    uint64_t base, highest; /* extended sequence numbers */
    uint64_t received, last_arrival;
};

struct leg {
    unsigned conference, member;
    bool sending; /* is up */
    unsigned socket;
    struct sockaddr_storage remote;
    uint16_t sequence;
    uint32_t timestamp, ssrc;
    bool marker; /* the next packet is the first */
    uint64_t since;
    struct reception reception;
    struct ear ear;
    uint8_t header[RTP_HEADER]; /* of the packet being sent */
};

struct media_stats {
    uint64_t sent, send_errors;
    uint64_t received, lost; /* lost: of the streams that have ended; media_stop adds the rest */
    uint64_t strays;         /* packets of no leg, not RTP, or of another codec */
    uint64_t restarts;       /* a stream that changed its SSRC */
    uint64_t skipped;        /* periods of 20 ms that we left out, being too far behind */
    struct histogram gap;    /* between two packets of a leg */
    struct histogram late;   /* how late our own packets were sent */
    double slowest;          /* packets a second of the leg with the fewest */
};

struct media {
    const struct options *options;
    struct leg *legs;
    unsigned leg_count;
    struct hall *halls; /* one a conference */
    struct media_stats stats;
    struct hearing hearing;
    bool measuring;
    uint64_t measuring_since;
    struct tone tones[TONES_MAX];
    struct voice *voice;       /* NULL: µ-law */
    struct media_wires *wires; /* sockets, batches and the schedule; media.c only */
};

/* `echo`: the legs hear themselves (a reflector), nobody else. 0 or an errno, with a complaint on
 * stderr. */
int media_create(struct media **mediap, const struct options *options, bool echo);
void media_destroy(struct media *media);

/* Where the leg wants to get its audio, for its SDP. */
void media_address(const struct media *media, unsigned leg, struct sockaddr_storage *addressp);
/* The leg talks to, and listens to, `remote` from now on. */
void media_join(struct media *media, unsigned leg, const struct sockaddr_storage *remote,
                uint64_t now);
void media_leave(struct media *media, unsigned leg);

/* Sends what is due and reads what has come. */
void media_tick(struct media *media, uint64_t now);

/* All figures are of the time between these two. */
void media_measure(struct media *media, uint64_t now);
void media_stop(struct media *media, uint64_t now);

#endif
