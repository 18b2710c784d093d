/*
 * How a leg's RTP socket is read: whether it is connected to the phone. Media thread.
 *
 * From a phone that sends nothing (it waits with its microphone off, is on hold, or never begins)
 * nothing is read: its socket lies in the thread's poll set, and is read again in the first tick
 * after a packet has come.
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
#include <sys/epoll.h>

enum { STEADY_TICKS = 1000 / FRAME_MS };

static const uint64_t LIVELY_US = 100 * 1000; /* a stream with longer pauses is not steady */
static const uint64_t QUIET_US = LATCH_SILENCE_US / 2;
static const uint64_t DORMANT_US = 1000 * 1000; /* nothing for so long: nothing is expected */

void leg_link_open(struct leg *leg)
{
    static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    if (leg->link.state == LINK_DORMANT) {
        leg_link_wake(leg);
    } else if (leg->link.state != LINK_OPEN) {
        (void)connect(leg->sockets.rtp, &nobody, sizeof nobody);
    }
    if (leg->link.number >= 0) {
        uring_remove(leg->section->thread->uring, (unsigned)leg->link.number);
        leg->section->thread->direct--;
    }
    leg->link = (struct leg_link){.state = LINK_OPEN, .number = -1, .place = -1};
}

/* Without the memory for it, the socket is read in each tick. */
static void link_rest(struct leg *leg)
{
    struct media_thread *thread = leg->section->thread;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = leg};

    leg->link.steady = 0;
    if (epoll_ctl(thread->rtp_poll, EPOLL_CTL_ADD, leg->sockets.rtp, &event) == 0) {
        leg->link.state = LINK_DORMANT;
        thread->dormant++;
    }
}

void leg_link_wake(struct leg *leg)
{
    struct media_thread *thread = leg->section->thread;

    (void)epoll_ctl(thread->rtp_poll, EPOLL_CTL_DEL, leg->sockets.rtp, NULL);
    leg->link.state = LINK_OPEN;
    thread->dormant--;
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

    if (leg->link.state == LINK_DORMANT) {
        return;
    }
    if (leg->link.state != LINK_OPEN) {
        if (silent >= QUIET_US) {
            leg_link_open(leg);
        }
        return;
    }
    if (silent >= DORMANT_US) {
        link_rest(leg);
    } else if (leg->latch.source.ss_family == AF_UNSPEC || silent >= LIVELY_US) {
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
            leg->section->thread->direct++;
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
    if (leg->link.state == LINK_OPEN || leg->link.state == LINK_DORMANT) {
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
