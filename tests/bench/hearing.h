/*
 * Who hears whom, how loud, how clean and how late. (How it is done: parley-load --help.)
 *
 * The talkers of a conference follow one score of 50 packets, a second: all silent, then one of
 * them (in turn) begins alone with full level, then the others join in.
 */
#ifndef BENCH_HEARING_H
#define BENCH_HEARING_H

#include "clock.h"
#include "histogram.h"
#include "tone.h"

#include <stdbool.h>
#include <stdint.h>

/* The score, in packets of 20 ms. */
enum {
    SCORE_PACKETS = 50,
    SCORE_HUSH = 46,    /* from here on all are silent */
    SCORE_OTHERS = 4,   /* from here on the others talk, too; the one begins at 0 */
    ONSET_SAMPLES = 80, /* what is looked at to know who began */
};

/* A conference: where it is in the score. */
struct hall {
    unsigned offset; /* of its score, in packets, so that not all conferences hush at once */
    uint64_t round;  /* rounds begun, by the hush before it */
    bool has_begun;  /* packet 0 of this round is due */
    bool has_onset;  /* the one has sent its first packet of this round */
    uint64_t begun, onset;
    unsigned soloist;            /* member that begins this round */
    uint64_t talking[TONES_MAX]; /* since when each talker is up; 0: is not */
};

/* One leg's ear. */
struct ear {
    uint64_t onset_round; /* last round whose onset it looked for, or looks for */
    bool onset_found;
    uint64_t onset_at;      /* when its first sample came, while the rest is collected */
    unsigned onset_samples; /* collected; 0: still waiting for the first loud one */
    float onset[ONSET_SAMPLES];
    unsigned quiet; /* samples of silence before the place that was looked at last */
    uint64_t window_round;
    bool window_open;
    unsigned window_packets;
    uint16_t window_sequence; /* expected next */
    uint64_t window_begun;
    uint8_t window[WINDOW_PACKETS][PACKET_SAMPLES];
    uint16_t good[TONES_MAX], bad[TONES_MAX]; /* windows in which each talker was right, was not */
    uint16_t echoes;                          /* windows with its own tone */
};

struct hearing {
    unsigned talkers;
    bool echo, check, onsets;
    double tolerance; /* dB */
    const struct tone *tones;
    struct histogram delay; /* added by the bridge, ns */
    uint64_t wrong_onsets;  /* somebody else was heard first: the one came late or cut */
    struct histogram sinad; /* of the mix; its ms are dB */
    uint64_t windows, bad_windows;
    double worst; /* dB, of the windows that count as heard at all */
};

/* What all ears together say. */
struct hearing_verdict {
    unsigned pairs, heard; /* a listener and another talker */
    unsigned unmeasured;   /* pairs without a single window */
    unsigned echoing;      /* legs that hear themselves */
};

/* Whether talker `member` has its tone on in packet `period`; keeps the hall's score. `now` is
 * when this packet is being sent. */
bool hall_plays(struct hall *hall, unsigned talkers, unsigned member, uint64_t period,
                uint64_t now);

/* Packet `sequence` came to the leg `member` of the hall. */
void ear_hear(struct hearing *hearing, struct ear *ear, const struct hall *hall, unsigned leg,
              unsigned member, uint16_t sequence, const uint8_t payload[PACKET_SAMPLES],
              uint64_t arrival);

/* Adds one leg that was there all the time to the verdict. */
void ear_judge(const struct hearing *hearing, const struct ear *ear, unsigned member,
               unsigned members, struct hearing_verdict *verdict);

#endif
