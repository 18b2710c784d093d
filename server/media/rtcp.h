/* RTCP (RFC 3550 §6): compound SR or RR with SDES CNAME, XR, BYE; and reading the peer's. */
#ifndef MEDIA_RTCP_H
#define MEDIA_RTCP_H

#include "media/rtcp_xr.h"
#include "media/rtp.h"

enum {
    RTCP_MAX = 512,
    RTCP_DELAY_MAX_MS = 10000, /* whatever a peer tells that is longer, no call would survive */
};

/* Our sender's side of the report; packets 0: an RR is written. */
struct rtcp_sender {
    uint32_t ssrc;
    uint64_t packets, octets;
    uint32_t timestamp; /* RTP timestamp that belongs to the time of writing */
    const char *cname;
    const struct rtcp_xr *xr; /* NULL: no extended report */
};

/* What the peer has said. */
struct rtcp_report {
    bool has_sr; /* remember sr_ntp_mid and the arrival for LSR/DLSR */
    uint32_t sr_ssrc, sr_ntp_mid;
    bool has_block;      /* a report block about `our ssrc` */
    float fraction_lost; /* 0–1, since the report before */
    uint32_t lost;       /* packets, since the beginning */
    uint32_t jitter;     /* timestamp units */
    uint32_t lsr, dlsr;  /* 0: the peer has had no SR yet */
    bool has_bye;
    uint32_t bye_ssrc; /* the first that it names; meaningful with has_bye */
    struct rtcp_xr xr;
};

/* `source` NULL or inactive: no report block. `lsr`: middle 32 bits of the NTP time of the
 * peer's last SR (0: none), `dlsr` in 1/65536 s. `ntp` is 64-bit NTP time now. Returns bytes,
 * 0 when `size` is too small (RTCP_MAX always suffices; a CNAME is cut at 255 bytes). */
size_t rtcp_write(uint8_t *data, size_t size, const struct rtcp_sender *sender,
                  struct rtp_source *source, uint32_t lsr, uint32_t dlsr, uint64_t ntp, bool bye);

/* False when it is no valid compound packet (RFC 3550 A.2; a single packet is taken, too). */
bool rtcp_parse(struct rtcp_report *report, const uint8_t *data, size_t size, uint32_t our_ssrc);

/* Who has sent a packet of any kind; 0 when it is cut short. */
uint32_t rtcp_ssrc(const uint8_t *data, size_t size);

/* 64-bit NTP timestamp of the wall clock now. */
uint64_t rtcp_ntp_now(void);
/* Round trip in ms from LSR and DLSR of a block that arrived at `ntp`; 0 when they make none that
 * can be true. */
float rtcp_round_trip(uint32_t lsr, uint32_t dlsr, uint64_t ntp);

#endif
