#include "media/latch.h"

#include <string.h>

bool address_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family) {
        return false;
    }
    if (a->ss_family == AF_INET) {
        const struct sockaddr_in *x = (const struct sockaddr_in *)a;
        const struct sockaddr_in *y = (const struct sockaddr_in *)b;
        return x->sin_port == y->sin_port && x->sin_addr.s_addr == y->sin_addr.s_addr;
    }
    if (a->ss_family == AF_INET6) {
        const struct sockaddr_in6 *x = (const struct sockaddr_in6 *)a;
        const struct sockaddr_in6 *y = (const struct sockaddr_in6 *)b;
        return x->sin6_port == y->sin6_port &&
               memcmp(&x->sin6_addr, &y->sin6_addr, sizeof x->sin6_addr) == 0;
    }
    return false;
}

/* Something that can be sent to: 0.0.0.0 and :: are the old way to say "hold". */
static bool address_is_known(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        return v4->sin_port != 0 && v4->sin_addr.s_addr != INADDR_ANY;
    }
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
        return v6->sin6_port != 0 && !IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
    }
    return false;
}

void latch_signal(struct latch *latch, const struct sockaddr_storage *remote)
{
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

bool latch_accept(struct latch *latch, const struct sockaddr_storage *from, uint64_t now)
{
    bool is_same = address_equal(from, &latch->source);
    bool has_source = latch->source.ss_family != AF_UNSPEC;
    if (!is_same && !has_source && address_equal(from, &latch->former)) {
        former_heard(latch, now);
        return true;
    }
    bool is_silent = has_source && now > latch->last && now - latch->last >= LATCH_SILENCE_US;
    if (!is_same && has_source && !is_silent && !address_equal(from, &latch->signalled)) {
        return false;
    }
    if (!is_same) {
        latch->source = *from;
        latch->former.ss_family = AF_UNSPEC;
    }
    latch->last = now;
    return true;
}

const struct sockaddr_storage *latch_target(const struct latch *latch)
{
    if (latch->source.ss_family != AF_UNSPEC) {
        return &latch->source;
    }
    return latch->signalled.ss_family != AF_UNSPEC ? &latch->signalled : NULL;
}
