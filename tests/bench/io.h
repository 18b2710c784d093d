/*
 * parley-io: what the kernel alone needs to receive and send one packet a leg on every tick, by
 * each way of asking it. bench.py --io prints its table.
 */
#ifndef BENCH_IO_H
#define BENCH_IO_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    IO_PACKET = 172, /* RTP header and 20 ms of G.711 */
    IO_BUFFER = 256,
    IO_CALLERS = 16, /* sockets of the far end; each serves that part of the legs */
};

/* Both ends of the legs; the callers' end is worked by a process of its own. */
struct io_legs {
    unsigned count;
    int *fds;                      /* one a leg; all the same where a socket is shared */
    struct sockaddr_in *addresses; /* of `fds` */
    int callers[IO_CALLERS];
    struct sockaddr_in caller_addresses[IO_CALLERS];
    uint64_t packets; /* received and sent back */
};

static inline unsigned io_caller_of(const struct io_legs *legs, unsigned leg)
{
    return (unsigned)((uint64_t)leg * IO_CALLERS / legs->count);
}

/* One way of asking the kernel. */
struct io_way {
    const char *name;
    bool shared;    /* one socket for all legs */
    bool connected; /* each to its caller */
    bool stamped;   /* the kernel tells when each packet came (SO_TIMESTAMPNS) */
    /* Before the first tick: 0 or the errno with which the kernel refuses. NULL: nothing to do. */
    int (*open)(const struct io_legs *legs);
    /* Receives at most one packet a leg and sends it back. */
    void (*tick)(struct io_legs *legs);
    void (*close)(void);
};

extern const struct io_way io_ways[];
extern const unsigned io_way_count;

/* io_ring.c, where liburing is there. */
int io_ring_open(const struct io_legs *legs);
void io_ring_tick(struct io_legs *legs);
void io_ring_tick_connected(struct io_legs *legs);
void io_ring_close(void);

/* Starts the process that sends each leg its 50 packets a second, spread over the 20 ms, and reads
 * what comes back; it ends with us. -1 and errno. */
pid_t io_callers_start(const struct io_legs *legs);

#endif
