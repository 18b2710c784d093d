/*
 * RTCP extended reports (RFC 3611): VoIP metrics (§4.7), and the receiver's reference time with
 * its answer (§4.4, §4.5), by which who sends no audio learns the round trip. Other blocks are
 * passed over. Part of rtcp.h's compound packets; pure functions.
 */
#ifndef MEDIA_RTCP_XR_H
#define MEDIA_RTCP_XR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RTCP_XR = 207,
    XR_UNKNOWN = 127, /* a level, a rating or a MOS that is not known */
    XR_MAX = 72,      /* bytes of a packet that rtcp_xr_write makes */
};

/* What somebody hears, since the beginning (RFC 3611 §4.7). */
struct voip_metrics {
    float loss, discard; /* 0–1 of the packets: never came; came but were not played */
    float burst_density, gap_density;  /* 0–1 of the packets in bursts, and between them */
    unsigned burst_length, gap_length; /* ms, mean */
    unsigned round_trip, system_delay; /* ms; system_delay: jitter buffer and all else in the end */
    int signal, noise;                 /* dBm0, or XR_UNKNOWN */
    unsigned rating;                   /* R, 0–100, or XR_UNKNOWN */
    unsigned mos_listening, mos;       /* tenths, 10–50, or XR_UNKNOWN; `mos`: in conversation */
    unsigned jitter_buffer, jitter_buffer_max; /* ms: nominal; longest it may get */
};

/* What one XR packet says; written or read. */
struct rtcp_xr {
    bool has_metrics;
    struct voip_metrics metrics;
    bool has_rrtr;
    uint32_t rrtr_ssrc; /* who asks; only read */
    uint32_t rrtr_mid;  /* middle 32 bits of its NTP time; only read, written is the time now */
    bool has_dlrr;
    uint32_t dlrr_ssrc; /* who is answered; only written */
    uint32_t lrr, dlrr; /* as lsr and dlsr of a report block */
};

/* The XR packet of `ssrc`, its metrics about what `source` sends. Returns its end. */
uint8_t *rtcp_xr_write(uint8_t *data, uint32_t ssrc, uint32_t source, const struct rtcp_xr *xr,
                       uint64_t ntp);
/* Adds to *xr what a packet of `bytes` in all says about `our_ssrc`. A broken block ends the
 * reading; what came before it counts. */
void rtcp_xr_parse(struct rtcp_xr *xr, const uint8_t *packet, size_t bytes, uint32_t our_ssrc);

#endif
