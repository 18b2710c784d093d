#include "media/latch.h"

#include "core/address.h"

/* Something that can be sent to: 0.0.0.0 and :: are the old way to say "hold". */
static bool address_is_known(const struct sockaddr_storage *address)
{
    return !address_is_unspecified(address) && address_port(address) != 0;
}

/* Whether this host can be the phone at all. */
static bool is_plausible(const struct latch *latch, const struct sockaddr_storage *from)
{
    bool knows_peer = latch->peer.ss_family != AF_UNSPEC;
    bool knows_remote = latch->signalled.ss_family != AF_UNSPEC;

    if ((!knows_peer && !knows_remote) || address_same_host(from, &latch->signalled) ||
        address_same_host(from, &latch->peer)) {
        return true;
    }
    if (latch->source.ss_family != AF_UNSPEC) {
        return address_same_host(from, &latch->source);
    }
    /* A phone on this machine that has bound to all addresses sends from 127.0.0.1. */
    if (address_is_loopback(from) && address_is_loopback(&latch->signalled) &&
        address_port(from) == address_port(&latch->signalled)) {
        return true;
    }
    return knows_peer && knows_remote && address_is_private(&latch->signalled) &&
           !address_same_host(&latch->signalled, &latch->peer);
}

void latch_signal(struct latch *latch, const struct sockaddr_storage *remote,
                  const struct sockaddr_storage *peer)
{
    latch->peer = *peer;
    if (!address_is_known(remote)) {
        latch->signalled.ss_family = AF_UNSPEC;
        return;
    }
    if (address_equal(remote, &latch->signalled)) {
        return;
    }
    latch->signalled = *remote;
    if (latch->source.ss_family != AF_UNSPEC && !address_equal(remote, &latch->source)) {
        /* From now on we send to the new address. What is still under way from the old one must
         * not win us back. */
        latch->former = latch->source;
        latch->former_since = 0;
        latch->source.ss_family = AF_UNSPEC;
    }
}

/* A packet from the source that the last offer/answer has replaced. Its audio is still welcome,
 * but it is believed again only when nothing else has come for LATCH_SILENCE: then the new
 * address in the SDP was one behind the same NAT. */
static void former_heard(struct latch *latch, uint64_t now)
{
    if (latch->former_since == 0) {
        latch->former_since = now;
    } else if (now - latch->former_since >= LATCH_SILENCE_US) {
        latch->source = latch->former;
        latch->former.ss_family = AF_UNSPEC;
        latch->last = now;
    }
}

/* Whether a running stream may be given away to another one, or to itself from elsewhere. */
static bool is_over(const struct latch *latch, uint32_t ssrc, uint64_t now)
{
    uint64_t last = ssrc == latch->ssrc || latch->life < latch->last ? latch->last : latch->life;

    return now > last &&
           now - last >= (ssrc == latch->ssrc ? (uint64_t)LATCH_SILENCE_US : LATCH_GONE_US);
}

void latch_keep(struct latch *latch, uint64_t now)
{
    latch->life = now;
}

bool latch_accept(struct latch *latch, const struct sockaddr_storage *from, uint32_t ssrc,
                  uint64_t now)
{
    bool is_same = from == &latch->source || address_equal(from, &latch->source);
    bool has_source = latch->source.ss_family != AF_UNSPEC;
    if (!is_same && !has_source && address_equal(from, &latch->former)) {
        former_heard(latch, now);
        return true;
    }
    if (!is_same && !is_plausible(latch, from)) {
        return false;
    }
    if (!is_same && has_source && !address_equal(from, &latch->signalled) &&
        !is_over(latch, ssrc, now)) {
        return false;
    }
    if (!is_same) {
        latch->source = *from;
        latch->former.ss_family = AF_UNSPEC;
    }
    latch->last = now;
    latch->ssrc = ssrc;
    return true;
}

const struct sockaddr_storage *latch_target(const struct latch *latch)
{
    if (latch->source.ss_family != AF_UNSPEC) {
        return &latch->source;
    }
    return latch->signalled.ss_family != AF_UNSPEC ? &latch->signalled : NULL;
}
