/* RTP packets (RFC 3550 §5.1): parse, write, and the receiver's bookkeeping (A.1, A.3, A.8). */
#ifndef MEDIA_RTP_H
#define MEDIA_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RTP_HEADER = 12,
    RTP_NOT_TIMED = 0, /* an arrival that nobody knows; for audio alone */
    /* Header extensions, RFC 8285 §4.2 and §4.3; the last four bits of the latter may be any. */
    RTP_ONE_BYTE = 0xbede,
    RTP_TWO_BYTES = 0x1000,
};

struct rtp_packet {
    uint8_t payload_type;
    bool marker;
    uint16_t sequence;
    uint32_t timestamp, ssrc;
    bool has_power;
    float power;      /* mean square of the samples, as the sender says: see levels_read */
    uint16_t profile; /* of the header extension; 0: there is none */
    size_t extension_size;
    const uint8_t *extension;
    const uint8_t *payload; /* into the buffer parsed; padding, CSRCs and extensions taken off */
    size_t payload_size;
};

/* False for what is not RTP version 2, is cut short, or is RTCP muxed in (RFC 5761 §4). */
bool rtp_parse(struct rtp_packet *packet, const uint8_t *data, size_t size);

/* The data of the header extension with this id, in either form (RFC 8285 §4.2, §4.3); NULL: there
 * is none. */
const uint8_t *rtp_extension(const struct rtp_packet *packet, uint8_t id, size_t *sizep);

/* Writes the 12-byte header. */
void rtp_write_header(uint8_t header[RTP_HEADER], uint8_t payload_type, bool marker,
                      uint16_t sequence, uint32_t timestamp, uint32_t ssrc);

/* What we know of a sender, for reports and status. */
struct rtp_source {
    uint32_t ssrc;
    uint32_t clock_rate;
    bool active; /* ssrc is set */
    uint16_t max_sequence;
    uint32_t cycles; /* shifted count of sequence number cycles */
    uint32_t base_sequence, bad_sequence;
    uint64_t received;
    uint64_t expected_prior, received_prior; /* at the last report */
    uint32_t transit;
    double jitter; /* in timestamp units */
    /* sums over earlier SSRCs of the same leg, so that totals only grow */
    uint64_t lost_before, received_before;
};

enum rtp_verdict {
    RTP_OK,
    RTP_RESTART, /* a new SSRC or a jump in sequence: the sender began anew; play it anew */
    RTP_DUPLICATE_OR_STALE, /* very old or a jump not yet confirmed; do not play */
};

void rtp_source_init(struct rtp_source *source, uint32_t clock_rate);
/* Counts a packet. `arrival` in µs of a monotonic clock, for the jitter, which is measured between
 * the packets whose arrival is known (otherwise RTP_NOT_TIMED). The first packet of all is
 * RTP_OK. Plain duplicates and packets out of order are RTP_OK as well: the jitter buffer knows. */
enum rtp_verdict rtp_source_update(struct rtp_source *source, const struct rtp_packet *packet,
                                   uint64_t arrival);
/* Packets that never came, over the life of the leg. */
uint64_t rtp_source_lost(const struct rtp_source *source);
double rtp_source_jitter_ms(const struct rtp_source *source);

#endif
