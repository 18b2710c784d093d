/*
 * Private to the media room: what the focus thread and the media threads share, and how.
 *
 * Focus → media thread: messages, collected during one turn of the loop and posted as one chain.
 * Media thread → focus: messages handled (to be freed), and legs that have something to tell; an
 * eventfd wakes the focus at most once a slot. Memory is allocated and freed on the focus thread
 * only. Every member below says whose it is; atomics are shared.
 */
#ifndef MEDIA_ENGINE_H
#define MEDIA_ENGINE_H

#include "core/address.h"
#include "core/clock.h"
#include "media/histogram.h"
#include "media/jitter.h"
#include "media/latch.h"
#include "media/level.h"
#include "media/mailbox.h"
#include "media/media.h"
#include "media/mixer.h"
#include "media/ring.h"
#include "media/rtcp.h"
#include "media/rtp.h"
#include "media/sockets.h"
#include "media/stream.h"
#include "media/telephone_event.h"

#include <pthread.h>
#include <sys/queue.h>
#include <sys/socket.h>

enum {
    SLOTS = 10, /* phases of the tick; each mix has one */
    SLOT_US = FRAME_MS * 1000 / SLOTS,
    RECEIVE_BATCH = 8,   /* packets that one recvmmsg takes */
    DATAGRAM_MAX = 2048, /* longer ones are cut short, and then no valid RTP */
};

/* ---- messages: focus → media thread ---- */

enum message_kind {
    MESSAGE_MIX_ADD,
    MESSAGE_MIX_REMOVE, /* comes back when its legs are gone */
    MESSAGE_LEG_ADD,
    MESSAGE_LEG_SESSION, /* brings the new stream, takes the old one back */
    MESSAGE_LEG_ROUTE,
    MESSAGE_LEG_CLOSE, /* comes back when the leg is gone */
    MESSAGE_STOP,
};

struct message {
    struct mail mail; /* first: a mail is its message */
    enum message_kind kind;
    struct mix *mix;
    struct leg *leg;
    struct stream *stream;
    struct jitter *jitter; /* with a leg's first session */
    struct mixer_route route;
};

/* ---- a leg ---- */

/* Written by the media thread, read by the focus; relaxed, see leg_stats. */
struct leg_counters {
    _Atomic uint64_t received, sent, unsent, lost, late, rejected, concealed;
    _Atomic float jitter, delay, level, round_trip, remote_loss;
    _Atomic bool speaking;
    _Atomic uint32_t source;
};

/* RTCP's memory; media thread. */
struct leg_rtcp {
    struct latch latch;
    uint64_t next;          /* µs, when the next report is due */
    uint32_t sr_mid;        /* of the peer's last SR; 0: none */
    uint64_t sr_arrival;    /* µs */
    uint64_t octets;        /* of payload sent */
    uint64_t sent_reported; /* packets sent up to the last report */
    bool began;             /* a report has been sent: there will be a BYE */
};

struct leg {
    struct mail mail; /* first: in `told` of the thread */

    /* Shared. `queued`: the leg is in `told` already. */
    atomic_bool queued;
    _Atomic unsigned silent_ms; /* a timeout to be told; 0: none */
    struct ring digits;         /* key << 16 | duration in ms */
    struct leg_counters counters;

    /* Focus thread. */
    TAILQ_ENTRY(leg) of_mix, of_media;
    struct media *media;
    struct sockets *ports;
    void *user;
    bool abandoned; /* leg_close was called: nothing is told any more */
    bool told_speaking, has_jitter;
    char codec[24];
    struct message add, close;

    /* Constant once it is created. */
    struct mix *mix;
    struct socket_pair sockets;
    int family;
    unsigned timeout; /* ms */
    char cname[64];

    /* Media thread. */
    TAILQ_ENTRY(leg) in_mix;
    bool routed, leaving;
    struct stream *stream;               /* NULL before the first session */
    struct jitter *jitter;               /* comes with the first session that has audio for us */
    const struct stream_format *hearing; /* that the jitter buffer decodes now */
    struct latch latch;
    struct rtp_source source;
    int owed; /* ms of audio that the peer is behind the ticks, as far as its packets tell */
    uint32_t read_timestamp; /* of the packet read last */
    struct telephone_event event;
    uint32_t event_rate; /* Hz, of its timestamps */
    struct level level;
    struct leg_rtcp rtcp;
    uint64_t life; /* µs, last sign of the peer */
    bool timeout_told;
    uint32_t ssrc, timestamp; /* ours; `timestamp` belongs to the tick's first sample */
    uint16_t sequence;
    bool marker;    /* the next packet begins a talk spurt */
    size_t pending; /* bytes in `packet` that wait for more, when ptime is not FRAME_MS */
    unsigned pending_ms;
    uint8_t packet[PAYLOAD_MAX];
    struct mixer_channel channel;
};

/* ---- a mix ---- */

TAILQ_HEAD(leg_list, leg);

struct mix {
    /* Focus thread. */
    TAILQ_ENTRY(mix) of_media;
    struct media *media;
    struct leg_list legs_open;
    struct message add, remove;

    /* Constant. */
    struct media_thread *thread;
    unsigned slot;

    /* Media thread. */
    TAILQ_ENTRY(mix) in_slot;
    struct leg_list legs;
    uint64_t last_slot; /* number of the slot it was last worked in; 0: never */
    bool leaving;
    struct mixer mixer;
};

TAILQ_HEAD(mix_list, mix);

/* ---- a media thread ---- */

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
    struct mailbox inbox;    /* messages to the thread */
    struct mailbox returned; /* messages handled */
    struct mailbox told;     /* legs that have something to tell */
    atomic_bool idle;        /* the thread sleeps on wake_fd, or is about to */
    struct histogram lateness;
    _Atomic uint64_t ticks, late_ticks, skipped_ticks;
    _Atomic float load;

    /* Constant. */
    int wake_fd;   /* eventfd, the thread waits for it while it has no mix */
    int event_fd;  /* eventfd, the focus watches it */
    int rtcp_poll; /* epoll set of the RTCP sockets */

    /* Focus thread. */
    struct media *media;
    pthread_t id;
    bool running;
    struct mail *newest, *oldest; /* messages of this turn of the loop */
    unsigned mixes, legs;
    unsigned slot_load[SLOTS]; /* legs and mixes */
    struct loop_watch *watch;
    struct message stop;

    /* The thread itself. */
    struct mix_list slots[SLOTS];
    unsigned mix_count;
    bool stopping, signal; /* `signal`: the focus is to be woken at the end of the slot */
    uint64_t now;          /* µs of the monotonic clock, at the begin of the slot */
    int64_t wall_offset;   /* µs from the monotonic clock to the wall's */
    uint64_t rtcp_checked;
    uint64_t load_since, busy; /* µs */
    uint32_t random;
    struct receive_batch batch;
    float frame[FRAME_MAX];
    uint8_t packet[RTP_HEADER + PAYLOAD_MAX];
};

struct media {
    struct mixing mixing;
    struct loop *loop;
    const struct mixing_events *events;
    void *events_arg;
    unsigned address_count;
    struct sockets sockets[2];
    struct mix_list mixes;
    struct leg_list legs;
    struct loop_timer *flush_timer;
    unsigned thread_count;
    struct media_thread *threads;
};

/* ---- focus thread ---- */

/* Adds a message to those of this turn of the loop. */
void media_post(struct media *media, struct media_thread *thread, struct message *message);
/* A message to be posted; NULL: out of memory, which is logged with `what`. */
struct message *message_create(enum message_kind kind, const char *what);

/* leg.c: the leg's part of struct mixing. */
int leg_create(struct mix *mix, const struct leg_config *config, struct leg **legp);
void leg_address(const struct leg *leg, struct media_address *address);
void leg_session(struct leg *leg, const struct session *session);
void leg_route(struct leg *leg, const struct leg_route *route);
void leg_close(struct leg *leg);
void leg_stats(const struct leg *leg, struct leg_stats *stats);
/* Frees it all. The media thread knows it no more, and it is not in `told`. */
void leg_free(struct leg *leg);
/* Calls the handlers for what the leg has told. */
void leg_hand_up(struct leg *leg);

int thread_start(struct media *media, struct media_thread *thread);
/* Waits until it has ended. Harmless when it was never started. */
void thread_join(struct media_thread *thread);
void thread_wake(struct media_thread *thread);

/* ---- media thread ---- */

/* tick.c */
void thread_apply_messages(struct media_thread *thread);
void thread_work_slot(struct media_thread *thread, uint64_t slot);
/* Says good-bye for all legs. */
void thread_end_legs(struct media_thread *thread);

/* leg_media.c: one leg, one tick. */
void leg_apply_session(struct leg *leg, struct message *message, uint64_t now);
void leg_listen(struct leg *leg, struct media_thread *thread);
void leg_speak(struct leg *leg, struct media_thread *thread);
void leg_watch_life(struct leg *leg, struct media_thread *thread);
/* The focus is to look at the leg. */
void leg_tell(struct leg *leg, struct media_thread *thread);

void leg_tell_digit(struct leg *leg, struct media_thread *thread, char key, unsigned duration);

/* leg_io.c */
/* Takes what waits on one of the leg's sockets. */
void leg_read(struct leg *leg, struct media_thread *thread, int fd);
/* Sends FRAME_MS of encoded audio, in packets as the peer wants them. */
void leg_write(struct leg *leg, struct media_thread *thread, const uint8_t *data, size_t size);
/* Nothing is sent in this tick; the next packet begins anew. */
void leg_write_nothing(struct leg *leg);

/* leg_rtcp.c */
void leg_rtcp_take(struct leg *leg, const uint8_t *data, size_t size, uint64_t arrival,
                   uint64_t now);
/* Sends a report when it is due. */
void leg_rtcp_tick(struct leg *leg, struct media_thread *thread);
void leg_rtcp_bye(struct leg *leg, struct media_thread *thread);
/* Time to the next report, µs, randomised (RFC 3550 §6.3.1). */
uint64_t leg_rtcp_interval(struct media_thread *thread);

/* Adds to a counter that only this thread writes. */
static inline void counter_add(_Atomic uint64_t *counter, uint64_t count)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + count,
                          memory_order_relaxed);
}

#endif
