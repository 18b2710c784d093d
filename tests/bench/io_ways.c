#include "io.h"

#include <stddef.h>
#include <sys/socket.h>

enum {
    SHARED_BATCH = 64,
    CONTROL_SIZE = 64,
};

static void leg_reply(struct io_legs *legs, unsigned leg, const char *data, size_t size,
                      const struct sockaddr_in *to)
{
    ssize_t sent = sendto(legs->fds[leg], data, size, MSG_DONTWAIT, (const struct sockaddr *)to,
                          to != NULL ? sizeof(*to) : 0);

    legs->packets += sent == (ssize_t)size;
}

static void tick_recvfrom(struct io_legs *legs)
{
    char data[IO_BUFFER];

    for (unsigned i = 0; i < legs->count; i++) {
        struct sockaddr_in from;
        socklen_t from_size = sizeof(from);
        ssize_t size = recvfrom(legs->fds[i], data, sizeof(data), MSG_DONTWAIT,
                                (struct sockaddr *)&from, &from_size);

        if (size > 0)
            leg_reply(legs, i, data, (size_t)size, &from);
    }
}

static void tick_recvmmsg_of_one(struct io_legs *legs)
{
    char data[IO_BUFFER], control[CONTROL_SIZE] = {0};

    for (unsigned i = 0; i < legs->count; i++) {
        struct sockaddr_in from;
        struct iovec part = {data, sizeof(data)};
        struct mmsghdr message = {
            .msg_hdr = {&from, sizeof(from), &part, 1, control, sizeof(control), 0}};

        if (recvmmsg(legs->fds[i], &message, 1, MSG_DONTWAIT, NULL) == 1)
            leg_reply(legs, i, data, message.msg_len, &from);
    }
}

static void tick_recvmsg(struct io_legs *legs)
{
    char data[IO_BUFFER], control[CONTROL_SIZE] = {0};

    for (unsigned i = 0; i < legs->count; i++) {
        struct sockaddr_in from;
        struct iovec part = {data, sizeof(data)};
        struct msghdr head = {&from, sizeof(from), &part, 1, control, sizeof(control), 0};
        ssize_t size = recvmsg(legs->fds[i], &head, MSG_DONTWAIT);

        if (size > 0)
            leg_reply(legs, i, data, (size_t)size, &from);
    }
}

static void tick_recv(struct io_legs *legs)
{
    char data[IO_BUFFER];

    for (unsigned i = 0; i < legs->count; i++) {
        ssize_t size = recv(legs->fds[i], data, sizeof(data), MSG_DONTWAIT);

        if (size > 0)
            leg_reply(legs, i, data, (size_t)size, NULL);
    }
}

static void tick_shared(struct io_legs *legs)
{
    static char data[SHARED_BATCH][IO_BUFFER];
    struct sockaddr_in from[SHARED_BATCH];
    struct iovec parts[SHARED_BATCH];
    struct mmsghdr messages[SHARED_BATCH];
    unsigned left = legs->count;

    while (left > 0) {
        unsigned wanted = left < SHARED_BATCH ? left : SHARED_BATCH;
        int count;

        for (unsigned i = 0; i < wanted; i++) {
            parts[i] = (struct iovec){data[i], IO_BUFFER};
            messages[i].msg_hdr =
                (struct msghdr){&from[i], sizeof(from[i]), &parts[i], 1, NULL, 0, 0};
        }
        count = recvmmsg(legs->fds[0], messages, wanted, MSG_DONTWAIT, NULL);
        if (count <= 0)
            return;
        for (int i = 0; i < count; i++)
            parts[i].iov_len = messages[i].msg_len;
        left -= (unsigned)count;
        count = sendmmsg(legs->fds[0], messages, (unsigned)count, MSG_DONTWAIT);
        legs->packets += count > 0 ? (unsigned)count : 0;
    }
}

const struct io_way io_ways[] = {
    {.name = "a socket a leg, recvfrom + sendto", .tick = tick_recvfrom},
    {.name = "the same, recvmmsg of one with its time + sendto",
     .stamped = true,
     .tick = tick_recvmmsg_of_one},
    {.name = "the same, recvmsg with its time + sendto", .stamped = true, .tick = tick_recvmsg},
    {.name = "connected sockets, recv + send", .connected = true, .tick = tick_recv},
    {.name = "one shared socket, recvmmsg + sendmmsg", .shared = true, .tick = tick_shared},
#ifdef WITH_LIBURING
    {.name = "io_uring, a socket a leg, batches of recvmsg, of send",
     .open = io_ring_open,
     .tick = io_ring_tick,
     .close = io_ring_close},
    {.name = "io_uring, connected sockets, batches of recv, of send",
     .connected = true,
     .open = io_ring_open,
     .tick = io_ring_tick_connected,
     .close = io_ring_close},
#endif
};

const unsigned io_way_count = sizeof(io_ways) / sizeof(io_ways[0]);
