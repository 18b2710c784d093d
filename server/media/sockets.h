/* Pairs of UDP sockets for RTP and RTCP from a range of ports (RFC 3550 §11). Focus thread. */
#ifndef MEDIA_SOCKETS_H
#define MEDIA_SOCKETS_H

#include <netinet/in.h>
#include <stdint.h>

/* The ports of one local address. */
struct sockets {
    struct sockaddr_storage address;
    uint16_t low;   /* first even port */
    unsigned pairs; /* of ports, from `low` on */
    unsigned next;  /* pair to be tried first: a port just closed is the last to come again, so that
                       late packets of one call do not reach another */
    uint8_t *taken; /* a bit for each pair that is open */
};

struct socket_pair {
    int rtp, rtcp; /* non-blocking; -1: closed */
    uint16_t port; /* of RTP, host order; RTCP has the next one */
};

/* EINVAL: the range holds no pair, or no such family; ENOMEM. */
int sockets_init(struct sockets *sockets, const struct sockaddr_storage *address, uint16_t low,
                 uint16_t high);
void sockets_free(struct sockets *sockets);

/* EADDRINUSE when all pairs are taken, by us or others; EMFILE, EADDRNOTAVAIL, and the like. */
int sockets_open(struct sockets *sockets, struct socket_pair *pair);
void sockets_close(struct sockets *sockets, struct socket_pair *pair);

#endif
