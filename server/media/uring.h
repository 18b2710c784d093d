/*
 * Packets moved by io_uring: one call into the kernel for many sockets, which need no look-up, as
 * the ring keeps them by number. Sockets must be connected.
 *
 * Optional: a kernel may not have it (it takes 6.1), a container may forbid it. Made by the focus
 * thread, used by one media thread alone from uring_begin on. After uring_create nothing allocates.
 */
#ifndef MEDIA_URING_H
#define MEDIA_URING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    URING_BATCH = 64,      /* packets that one call moves at most, each way */
    URING_DATAGRAM = 2048, /* bytes of a packet */
};

struct uring;

/* ENOSYS, EINVAL, EPERM: the kernel has it not, or not for us; ENOMEM. */
int uring_create(struct uring **ringp);
void uring_destroy(struct uring *ring); /* NULL is fine */

/* The calling thread is the one that uses it. */
void uring_begin(struct uring *ring);

/* The ring knows the socket by *numberp from now on. ENOSPC and what else the kernel says. */
int uring_add(struct uring *ring, int fd, unsigned *numberp);
/* Sends what waits first. The socket may be closed then. */
void uring_remove(struct uring *ring, unsigned number);

/* ---- in: ask for up to URING_BATCH sockets, then fetch ---- */

/* Asks for one packet of the socket, in the next place; returns the place, -1: none is left. */
int uring_ask(struct uring *ring, unsigned number);
/* Takes all that was asked for; waits for nothing. What was fetched before is gone. */
void uring_fetch(struct uring *ring);
/* The packet's size, larger than URING_DATAGRAM when it was cut short; or -errno, -EAGAIN for
 * none. */
int uring_got(const struct uring *ring, int place, const uint8_t **datap);

/* ---- out: put packets, then flush ---- */

/* Where to write the next packet, URING_DATAGRAM bytes. It flushes when the batch is full. */
uint8_t *uring_packet(struct uring *ring);
/* The packet just written goes out when the ring is flushed. `failedp` is counted up when the
 * kernel refuses it. */
void uring_put(struct uring *ring, unsigned number, size_t size, _Atomic uint64_t *failedp);
void uring_flush(struct uring *ring);

#endif
