/*
 * The pattern of a stream's losses: how many, in runs of what length, in bursts or alone
 * (RFC 3611 §4.7.2). By sequence numbers; a packet is missing when it has not come, or came too
 * late to be played, by the time that 64 later ones have. One media thread.
 */
#ifndef MEDIA_LOSS_H
#define MEDIA_LOSS_H

#include <stdbool.h>
#include <stdint.h>

enum { LOSS_GMIN = 16 }; /* packets between two losses that end a burst */

struct loss {
    bool started;
    uint16_t newest;
    uint64_t window; /* bit n: newest - n has come in time */
    unsigned empty;  /* oldest bits that stand for packets before the first one */

    /* Of packets whose fate is known. */
    uint64_t packets, missing, runs;
    uint64_t bursts, burst_packets, burst_missing;
    bool in_run;
    /* From the last loss back to the first that is not LOSS_GMIN packets off: a burst, if there is
     * more than one in it. */
    unsigned span, span_missing;
    unsigned since; /* good packets after the last loss */
};

/* Averages over all bursts, and over the gaps between them. */
struct loss_bursts {
    float burst_density, gap_density; /* 0–1 of the packets in them are missing */
    float burst_packets, gap_packets; /* mean length */
};

/* A packet has come, in any order; a step ahead leaves those between missing for now. */
void loss_take(struct loss *loss, uint16_t sequence);
/* The newest `count` of those that have come were too late. */
void loss_discard(struct loss *loss, unsigned count);
/* The sender begins anew: all of its old packets that could come have come. */
void loss_restart(struct loss *loss);
void loss_bursts(const struct loss *loss, struct loss_bursts *bursts);

#endif
