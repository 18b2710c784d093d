/*
 * Inside the media room: a media thread. Media thread → focus: messages handled (to be freed), and
 * legs that have something to tell; an eventfd wakes the focus at most once a slot. Memory is
 * allocated and freed on the focus thread, but for recordings, which a thread of their own reads
 * (clip.h). Every member says whose it is; atomics are shared.
 */
#ifndef MEDIA_THREAD_H
#define MEDIA_THREAD_H

#include "core/address.h"
#include "core/clock.h"
#include "core/histogram.h"
#include "core/mailbox.h"
#include "media/levels.h"
#include "media/message.h"
#include "media/mix.h"
#include "media/mixer.h"
#include "media/overload.h"
#include "media/rtp.h"
#include "media/uring.h"

#include <pthread.h>
#include <sys/socket.h>

enum {
    SLOTS = 10, /* phases of the tick; each mix has one */
    SLOT_US = FRAME_MS * 1000 / SLOTS,
    RECEIVE_BATCH = 8,   /* packets that one recvmmsg takes */
    DATAGRAM_MAX = 2048, /* longer ones are cut short, and then no valid RTP */
};

struct receive_batch {
    bool ready;
    struct mmsghdr messages[RECEIVE_BATCH];
    struct iovec vectors[RECEIVE_BATCH];
    struct sockaddr_storage from[RECEIVE_BATCH];
    union {
        char space[CMSG_SPACE(sizeof(struct timespec)) * 2];
        struct cmsghdr align;
    } control[RECEIVE_BATCH];
    uint8_t data[RECEIVE_BATCH][DATAGRAM_MAX];
};

struct media_thread {
    /* Shared. */
    struct mailbox inbox;      /* messages to the thread */
    struct mailbox returned;   /* messages handled */
    struct mailbox told;       /* legs that have something to tell */
    atomic_bool idle;          /* the thread sleeps on wake_fd, or is about to */
    struct histogram lateness; /* µs */
    _Atomic uint64_t ticks, late_ticks, skipped_ticks;
    _Atomic float load;
    atomic_bool overloaded;

    /* Constant. */
    struct uring *uring; /* NULL: packets are moved one by one */
    int wake_fd;         /* eventfd, the thread waits for it while it has no section */
    int event_fd;        /* eventfd, the focus watches it */
    int rtcp_poll;       /* epoll set of the RTCP sockets */
    int rtp_poll;        /* the same, of the RTP sockets of dormant legs */

    /* Focus thread. */
    struct media *media;
    pthread_t id;
    bool running;
    struct mail *newest, *oldest; /* messages of this turn of the loop */
    unsigned sections, legs;
    unsigned slot_load[SLOTS]; /* legs and sections */
    bool told_overloaded;
    struct loop_watch *watch;
    struct message stop;

    /* The thread itself. */
    struct section_list slots[SLOTS];
    struct section_list waiting; /* listened to, not yet spoken to */
    unsigned section_count;
    bool stopping, signal; /* `signal`: the focus is to be woken at the end of the slot */
    uint64_t now;          /* µs of the monotonic clock, at the begin of the slot */
    int64_t wall_offset;   /* µs from the monotonic clock to the wall's */
    uint64_t rtcp_checked;
    unsigned dormant;          /* legs */
    unsigned direct;           /* legs whose packets the ring moves */
    unsigned fetched;          /* of the next legs, by the ring (leg_fetch) */
    uint64_t load_since, busy; /* µs */
    struct overload overload;
    uint32_t random;
    struct receive_batch batch;
    float frame[FRAME_MAX], resampled[FRAME_MAX], fading[FRAME_MAX];
    uint8_t packet[LEVELS_HEADER_MAX + PAYLOAD_MAX];
};

/* thread.c: for the focus thread */
int thread_start(struct media *media, struct media_thread *thread);
/* Waits until it has ended. Harmless when it was never started. */
void thread_join(struct media_thread *thread);
void thread_wake(struct media_thread *thread);
/* Any thread. */
static inline bool thread_is_overloaded(const struct media_thread *thread)
{
    return atomic_load_explicit(&thread->overloaded, memory_order_relaxed);
}

/* tick.c: on the media thread */
void thread_apply_messages(struct media_thread *thread);
void thread_work_slot(struct media_thread *thread, uint64_t slot);
/* Sections that wait for those of other threads speak, as far as those are done; all that is ready
 * goes out. `slot`: the last that was worked. */
void thread_finish_waiting(struct media_thread *thread, uint64_t slot);
/* When there is something to be told. */
void thread_wake_focus(struct media_thread *thread);
/* The focus is to free a message. */
void thread_give_back(struct media_thread *thread, struct message *message);
/* Says good-bye for all legs. */
void thread_end_legs(struct media_thread *thread);

#endif
