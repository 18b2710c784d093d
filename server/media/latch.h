/*
 * Symmetric RTP with protection: which source address a leg believes, and where it sends.
 *
 * The address in the SDP is right, or a NAT stands between and the first packet tells the true
 * one. A stranger who sends to our port must get nothing, not even when he comes first or while the
 * phone only listens: believed are the hosts that the SDP names and that the signalling comes from.
 * Any other only when a NAT is evident, which is when the SDP names a private address that the
 * signalling does not come from; and then only the first. A source that equals the SDP address
 * always wins over one that does not. Otherwise a running stream is given away only to the address
 * that a new offer/answer names; after LATCH_SILENCE to the same stream (its SSRC, which nobody
 * guesses), whose NAT has given it another port; and to another stream, which may as well be
 * somebody else behind the same NAT, after LATCH_GONE without a sign of the phone: that is longer
 * than the time from one RTCP report to the next, so a phone that is only silent loses nothing.
 */
#ifndef MEDIA_LATCH_H
#define MEDIA_LATCH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    LATCH_SILENCE_US = 1000 * 1000,
    LATCH_GONE_US = 10 * 1000 * 1000,
};

struct latch {
    uint64_t last;                     /* µs, last packet from `source` … */
    uint32_t ssrc;                     /* … and its SSRC */
    struct sockaddr_storage source;    /* believed; family 0: none yet */
    struct sockaddr_storage signalled; /* from SDP; family 0: none */
    struct sockaddr_storage peer;      /* where the signalling comes from; family 0: not known */
    /* Believed before the last offer/answer named another address; family 0: none. */
    struct sockaddr_storage former;
    uint64_t former_since; /* µs, its first packet after that; 0: none yet */
    uint64_t life;         /* µs, see latch_keep */
};

/* A new offer/answer: `remote` as signalled (family 0, port 0 or 0.0.0.0: not known; a source that
 * runs goes on). An address that is the same as before changes nothing; another one is where we
 * send from now on. `peer`: its port does not matter. */
void latch_signal(struct latch *latch, const struct sockaddr_storage *remote,
                  const struct sockaddr_storage *peer);
/* Whether a packet of the stream `ssrc` from `from` at `now` (µs) is to be taken; learns from it.
 */
bool latch_accept(struct latch *latch, const struct sockaddr_storage *from, uint32_t ssrc,
                  uint64_t now);
/* The phone is there, as something else than the stream tells. */
void latch_keep(struct latch *latch, uint64_t now);
/* Where to send: the source, else the signalled address; NULL: nowhere yet. */
const struct sockaddr_storage *latch_target(const struct latch *latch);

#endif
