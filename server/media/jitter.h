/*
 * The jitter buffer: packets in, as they come; a steady 20 ms of samples out, each tick.
 *
 * Its delay follows the measured jitter: next to nothing on a clean network, more only as long as
 * packets really come late, and it shrinks again. Lost packets are concealed by repeating the
 * pitch period and fading to silence within 60 ms or so. It takes any packet length from 2.5 to
 * PACKET_MS_MAX ms, mixed as well; and a sender whose clock runs a little fast or slow. Growing
 * and shrinking overlap-add a pitch period or happen in silence; they never click.
 *
 * Memory is allocated by jitter_create; after that nothing allocates. One media thread.
 */
#ifndef MEDIA_JITTER_H
#define MEDIA_JITTER_H

#include "media/codec.h"
#include "media/rtp.h"

struct jitter;

struct jitter_stats {
    uint64_t late;              /* packets that came too late to be played */
    uint64_t unplayable;        /* packets that do not decode, or are too long, in bytes or ms */
    uint64_t concealed;         /* samples made up for what was lost or late */
    uint64_t inserted, removed; /* samples, to follow jitter and drift */
};

/* Decodes with `codec` (and `decoder`, its state, NULL when stateless; stays the caller's).
 * Samples come out at codec->sample_rate. NULL: out of memory. */
struct jitter *jitter_create(const struct codec *codec, void *decoder);
void jitter_destroy(struct jitter *jitter);

/* Forgets all that is waiting: the sender began anew or changed the codec. */
void jitter_reset(struct jitter *jitter, const struct codec *codec, void *decoder);

/* Takes a packet of the codec. `arrival` in µs of the monotonic clock, or RTP_NOT_TIMED.
 * The payload is copied.
 * Comfort noise (RFC 3389) and DTX gaps: see jitter_noise. Hand in all that has arrived before
 * each jitter_get: lateness is measured against the ticks. */
void jitter_put(struct jitter *jitter, const struct rtp_packet *packet, uint64_t arrival);

/* The sender says that silence begins here (a CN packet): what is missing now is no loss, it is
 * to be played as silence. */
void jitter_noise(struct jitter *jitter, const struct rtp_packet *packet, uint64_t arrival);

/* The same by a packet whose timestamp is of another clock, as that of telephone-event/8000 is
 * beside Opus: the silence begins where the packet before it ends. */
void jitter_pause(struct jitter *jitter, uint16_t sequence);

/* What comes in from now on with at most this mean square, nobody is going to hear: it is played as
 * silence, if possible without being decoded. 0: all is heard; INFINITY: nothing. */
void jitter_ignore(struct jitter *jitter, float power);

/* The next frame: FRAME_MS of samples at codec->sample_rate. `now` in µs. Returns false when the
 * frame is all silence since nothing is there (samples are zeroed then). */
bool jitter_get(struct jitter *jitter, uint64_t now, float *samples);

/* When that has returned false: the mean square of what would have been heard, as far as known. */
float jitter_power(const struct jitter *jitter);

/* Hints for the cache: the jitter buffer will be used soon; its next packet may come. */
void jitter_prefetch(const struct jitter *jitter);
void jitter_expect(const struct jitter *jitter);

/* How long audio waits here from a packet's arrival to the tick that plays its first sample, ms,
 * smoothed over half a second or so; 0 before the first packet. */
float jitter_delay(const struct jitter *jitter);
void jitter_stats(const struct jitter *jitter, struct jitter_stats *stats);

#endif
