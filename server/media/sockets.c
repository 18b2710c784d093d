#include "media/sockets.h"

#include "core/address.h"
#include "core/descriptors.h"
#include "core/id.h"

#include <errno.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    DSCP_EF = 46 << 2,  /* expedited forwarding, for voice (RFC 4594 §4.1) */
    PRIORITY_VOICE = 6, /* what the queues of the machine itself go by */
};

int sockets_init(struct sockets *sockets, const struct sockaddr_storage *address, uint16_t low,
                 uint16_t high)
{
    unsigned first = (low + 1u) & ~1u;
    unsigned start;

    if ((address->ss_family != AF_INET && address->ss_family != AF_INET6) || low == 0 ||
        first + 1 > high) {
        return EINVAL;
    }
    sockets->address = *address;
    sockets->low = (uint16_t)first;
    sockets->pairs = (high - first + 1) / 2;
    sockets->taken = calloc((sockets->pairs + 7) / 8, 1);
    if (sockets->taken == NULL) {
        return ENOMEM;
    }
    /* A random start: after a restart, packets of calls gone by find nobody. */
    random_bytes(&start, sizeof start);
    sockets->next = start % sockets->pairs;
    return 0;
}

void sockets_free(struct sockets *sockets)
{
    free(sockets->taken);
    sockets->taken = NULL;
}

/* What the kernel refuses here costs quality or exactness, no call. */
static void socket_tune(int fd, int family)
{
    int on = 1, priority = PRIORITY_VOICE, dscp = DSCP_EF;

    (void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    if (family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &dscp, sizeof dscp);
    } else {
        (void)setsockopt(fd, IPPROTO_IP, IP_TOS, &dscp, sizeof dscp);
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof priority);
}

static int socket_bind(const struct sockaddr_storage *address, uint16_t port, int *fdp)
{
    struct sockaddr_storage local = *address;
    int on = 1, err;
    int fd = socket(address->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return errno;
    }
    if (descriptor_is_reserve(fd)) {
        errno = EMFILE;
        goto fail;
    }
    if (address->ss_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) {
        goto fail;
    }
    address_set_port(&local, port);
    if (bind(fd, (const struct sockaddr *)&local, address_size(&local)) != 0) {
        goto fail;
    }
    socket_tune(fd, address->ss_family);
    *fdp = fd;
    return 0;

fail:
    err = errno;
    (void)close(fd);
    return err;
}

static int pair_bind(const struct sockets *sockets, uint16_t port, struct socket_pair *pair)
{
    int rtp = -1, rtcp = -1;
    int err = socket_bind(&sockets->address, port, &rtp);

    if (err != 0) {
        return err;
    }
    err = socket_bind(&sockets->address, (uint16_t)(port + 1), &rtcp);
    if (err != 0) {
        (void)close(rtp);
        return err;
    }
    *pair = (struct socket_pair){.rtp = rtp, .rtcp = rtcp, .port = port};
    return 0;
}

int sockets_open(struct sockets *sockets, struct socket_pair *pair)
{
    for (unsigned tried = 0; tried < sockets->pairs; tried++) {
        unsigned at = sockets->next;
        uint8_t bit = (uint8_t)(1u << at % 8);
        int err;

        sockets->next = (at + 1) % sockets->pairs;
        if (sockets->taken[at / 8] & bit) {
            continue;
        }
        err = pair_bind(sockets, (uint16_t)(sockets->low + 2 * at), pair);
        if (err == 0) {
            sockets->taken[at / 8] |= bit;
            return 0;
        }
        if (err != EADDRINUSE && err != EACCES) {
            return err;
        }
    }
    return EADDRINUSE;
}

void sockets_close(struct sockets *sockets, struct socket_pair *pair)
{
    unsigned at = (unsigned)(pair->port - sockets->low) / 2;

    (void)close(pair->rtp);
    (void)close(pair->rtcp);
    sockets->taken[at / 8] &= (uint8_t) ~(1u << at % 8);
    pair->rtp = pair->rtcp = -1;
}
