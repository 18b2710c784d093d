/* When a datagram came, as the kernel stamped it (SO_TIMESTAMPNS). */
#ifndef BENCH_ARRIVAL_H
#define BENCH_ARRIVAL_H

#include "clock.h"

#include <string.h>
#include <sys/socket.h>

/* `offset` is that of clock_wall_offset(). */
static inline uint64_t arrival_time(struct msghdr *header, int64_t offset)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part != NULL;
         part = CMSG_NXTHDR(header, part)) {
        struct timespec ts;

        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS)
            continue;
        memcpy(&ts, CMSG_DATA(part), sizeof(ts));
        return (uint64_t)((int64_t)timespec_ns(&ts) + offset);
    }
    return clock_now();
}

#endif
