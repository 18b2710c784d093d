/*
 * How good a call sounds, estimated from what the network does to it: the E-model of ITU-T G.107
 * in its transmission part. One direction of one leg. Pure functions, any thread.
 *
 * The scale is that of narrow-band telephony for every codec: a call without flaws is 4.4, and
 * what is told is how much the way takes from it. That wide-band sounds better is not counted.
 */
#ifndef MEDIA_QUALITY_H
#define MEDIA_QUALITY_H

/* One direction, from mouth to ear as far as we know it. */
struct quality_path {
    float delay; /* ms: half the round trip, jitter buffer, packet */
    float loss;  /* 0–1 of the packets, those that came too late included */
    float burst; /* BurstR (G.107): mean run of losses over that of random loss; at least 1 */
};

/* The transmission rating R, 0 to 93.2. */
float quality_rating(const struct quality_path *path);
/* Mean opinion score by G.107 annex B, 1 to 4.5. */
float quality_mos(float rating);
/* The inverse, for peers who tell nothing but their MOS. */
float quality_rating_of_mos(float mos);
/* BurstR of `missing` packets in `runs` runs, when `loss` (0–1) of all are missing. */
float quality_burst(float missing, float runs, float loss);

/* "good", "fair", "poor" or "bad". `before` is what it was ("" for nothing yet): a better grade
 * has to be reached by some margin, so that a call at a border is not told of for ever. */
const char *quality_grade(float rating, const char *before);

#endif
