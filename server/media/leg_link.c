/*
 * Whether a leg's RTP socket is connected to the phone. Media thread.
 *
 * While a stream is steady it is: the kernel then remembers the way to the phone and keeps
 * strangers out by itself, which makes receiving and sending a sixth cheaper. The latch decides
 * whom to connect to; before it can change its mind (the phone falls silent, a new offer/answer)
 * the socket is open to all again.
 *
 * Connected sockets are handed to the thread's ring (uring.h), where there is one, which moves the
 * packets of many legs by one call.
 */
#include "media/leg.h"
#include "media/thread.h"

#include <errno.h>

enum { STEADY_TICKS = 1000 / FRAME_MS };

static const uint64_t LIVELY_US = 100 * 1000; /* a stream with longer pauses is not steady */
static const uint64_t QUIET_US = LATCH_SILENCE_US / 2;

void leg_link_open(struct leg *leg)
{
    static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    if (leg->link.state != LINK_OPEN) {
        (void)connect(leg->sockets.rtp, &nobody, sizeof nobody);
    }
    if (leg->link.number >= 0) {
        uring_remove(leg->section->thread->uring, (unsigned)leg->link.number);
    }
    leg->link = (struct leg_link){.state = LINK_OPEN, .number = -1, .place = -1};
}

static void link_connect(struct leg *leg)
{
    const struct sockaddr_storage *source = &leg->latch.source;

    leg->link.steady = 0;
    if (connect(leg->sockets.rtp, (const struct sockaddr *)source, address_size(source)) == 0) {
        leg->link.state = LINK_DRAINING;
    }
}

void leg_link_tick(struct leg *leg, uint64_t now)
{
    uint64_t silent = now > leg->latch.last ? now - leg->latch.last : 0;

    if (leg->link.state != LINK_OPEN) {
        if (silent >= QUIET_US) {
            leg_link_open(leg);
        }
        return;
    }
    if (leg->latch.source.ss_family == AF_UNSPEC || silent >= LIVELY_US) {
        leg->link.steady = 0;
    } else if (++leg->link.steady >= STEADY_TICKS) {
        link_connect(leg);
    }
}

void leg_link_drained(struct leg *leg)
{
    struct uring *ring = leg->section->thread->uring;
    unsigned number;

    if (leg->link.state == LINK_DRAINING) {
        leg->link.state = LINK_DIRECT;
        if (ring != NULL && uring_add(ring, leg->sockets.rtp, &number) == 0) {
            leg->link.number = (int)number;
        }
    }
}

uint8_t *leg_link_packet(const struct leg *leg, struct media_thread *thread)
{
    return leg->link.number >= 0 ? uring_packet(thread->uring) : thread->packet;
}

bool leg_link_send(struct leg *leg, struct media_thread *thread, size_t size,
                   const struct sockaddr_storage *target)
{
    const uint8_t *data = thread->packet;
    const struct sockaddr *to = NULL;
    socklen_t to_size = 0;
    ssize_t sent;

    if (leg->link.number >= 0) {
        uring_put(thread->uring, (unsigned)leg->link.number, size, &leg->counters.unsent);
        return true;
    }
    if (leg->link.state == LINK_OPEN) {
        to = (const struct sockaddr *)target;
        to_size = address_size(target);
    }
    sent = sendto(leg->sockets.rtp, data, size, MSG_DONTWAIT | MSG_NOSIGNAL, to, to_size);
    if (sent < 0 && errno == ECONNREFUSED) {
        /* That tells of an earlier packet; this one has not been tried. */
        sent = sendto(leg->sockets.rtp, data, size, MSG_DONTWAIT | MSG_NOSIGNAL, to, to_size);
    }
    return sent >= 0;
}
