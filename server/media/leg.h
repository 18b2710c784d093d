/*
 * Inside the media room: a leg, which is one caller's audio. Every member says whose it is, the
 * focus thread's or that of the media thread that works the leg; atomics are shared.
 */
#ifndef MEDIA_LEG_H
#define MEDIA_LEG_H

#include "media/jitter.h"
#include "media/latch.h"
#include "media/level.h"
#include "media/loss.h"
#include "media/message.h"
#include "media/mixer.h"
#include "media/ring.h"
#include "media/rtcp.h"
#include "media/rtp.h"
#include "media/sockets.h"
#include "media/stream.h"
#include "media/telephone_event.h"
#include "media/voice.h"

#include <sys/queue.h>

/* Written by the media thread, read by the focus; relaxed, see leg_stats. */
struct leg_counters {
    _Atomic uint64_t received, sent, unsent, lost, late, rejected, concealed, clipped;
    _Atomic uint64_t missing, runs;                            /* see loss.h */
    _Atomic uint64_t remote_reports, remote_lost, remote_sent; /* `sent` at the last report */
    _Atomic float jitter, delay, level, round_trip;
    _Atomic float speech; /* mean square of what was spoken; 0: nothing yet */
    _Atomic float remote_loss, remote_discarded, remote_jitter, remote_delay;
    _Atomic float remote_rating; /* R that the peer tells of itself; 0: nothing */
    _Atomic unsigned packet_ms;  /* audio in the peer's last packet */
    _Atomic unsigned pause;      /* ms since that; 0: none came yet */
    _Atomic bool speaking;
    _Atomic uint32_t source;
};

/* What a leg's voice was made for. */
struct voice_plan {
    struct leg_voice wish;
    unsigned rate; /* Hz, of the codec that is heard, or is going to be; 0: not known yet */
    bool tones;
};

/* RTCP's memory; media thread. */
struct leg_rtcp {
    uint64_t next;            /* µs, when the next report is due */
    uint32_t sr_mid;          /* of the peer's last SR; 0: none */
    uint64_t sr_arrival;      /* µs */
    uint32_t rr_ssrc, rr_mid; /* of the peer's last reference time (RFC 3611 §4.4); 0: none */
    uint64_t rr_arrival;      /* µs */
    uint64_t xr_arrival;      /* µs, when the peer last told its metrics */
    uint64_t octets;          /* of payload sent */
    uint64_t sent_reported;   /* packets sent up to the last report */
    bool began;               /* a report has been sent: there will be a BYE */
    struct latch latch;
};

/* Counters at one moment; the difference of two is what happened between. */
struct leg_sample {
    uint64_t received, lost, late, missing, runs, remote_reports;
};

enum link_state {
    LINK_OPEN,     /* the RTP socket takes packets from everybody, the latch chooses */
    LINK_DORMANT,  /* the same, and it is read when there is something */
    LINK_DRAINING, /* connected, but what came before may still wait in it */
    LINK_DIRECT,   /* all in it is from the latch's source */
};

/* leg_link.c's memory; media thread. */
struct leg_link {
    enum link_state state;
    unsigned steady; /* ticks for which the stream has been so */
    int number;      /* by which the thread's ring knows the RTP socket; -1: it does not */
    int place;       /* of the packet that the ring has fetched for this tick; -1: none */
};

/* With thousands of legs none is in the processor's cache when its turn comes. So what each tick
 * looks at stands together, at the beginning, and is fetched ahead (leg_prefetch). */
struct leg {
    struct mail mail; /* first: in `told` of the thread */

    /* Shared, and in each tick. */
    struct leg_counters counters;

    /* Constant, but for `section` while no media thread has the leg (leg_move.c). */
    struct section *section;
    struct socket_pair sockets;
    unsigned timeout; /* ms */

    /* Media thread, in each tick. */
    TAILQ_ENTRY(leg) in_section;
    bool routed, leaving, timeout_told;
    bool follows;                        /* the peer sends what the last session agreed on */
    bool is_cautious;                    /* see struct leg_route */
    bool marker;                         /* the next packet begins a talk spurt */
    struct stream *stream;               /* NULL before the first session */
    struct jitter *jitter;               /* comes with the first session that has audio for us */
    const struct stream_format *hearing; /* that the jitter buffer decodes now */
    struct leg_link link;
    unsigned ticks; /* counted from a random number on: what is rare is not done by all at once */
    int owed;       /* ms of audio that the peer is behind the ticks, as far as its packets tell */
    uint32_t read_timestamp;  /* of the packet read last */
    uint32_t ssrc, timestamp; /* ours; `timestamp` belongs to the tick's first sample */
    uint16_t sequence;
    unsigned pending_ms; /* of audio that waits in the stream … */
    size_t pending;      /* … and bytes, when ptime is not FRAME_MS */
    uint64_t life;       /* µs, last sign of the peer */
    struct level level;
    double speech;          /* mean squares of the frames in which somebody spoke, summed */
    uint64_t speech_frames; /* how many those are */
    uint64_t clipped;       /* µs */
    struct loss loss;
    uint64_t late_seen;       /* of the jitter buffer's late packets, how many are in `loss` */
    uint64_t unplayable_seen; /* … and of what it could not play, in `rejected` */
    struct telephone_event event;
    uint32_t event_rate;           /* Hz, of its timestamps */
    struct voice *voice;           /* NULL: nothing is done */
    struct message *voice_message; /* that brought it, and takes back the one before; NULL: done */
    bool voice_is_warm;            /* it has had its first frame */
    bool sends_events; /* an event has come: the tones beside it are the same keys again */
    enum key_source keys;
    struct rtp_source source;
    struct leg_rtcp rtcp;
    struct latch latch;
    struct mixer_channel channel;
    LIST_HEAD(, recorder) recorders, tracks; /* of all that it says; of what it says on a bus */
    struct message *farewell;                /* goes back when it has departed */
    uint64_t departed; /* µs, from the section before; 0: this one is its first */

    /* Shared. `queued`: the leg is in `told` already. */
    atomic_bool queued;
    _Atomic unsigned silent_ms;  /* a timeout to be told; 0: none */
    atomic_bool lacks_encoder;   /* the mix needs more of them */
    _Atomic unsigned heard_rate; /* Hz, of the codec that is heard; 0: nothing yet */
    struct ring digits;          /* key << 16 | duration in ms */

    /* Focus thread, and constant. */
    TAILQ_ENTRY(leg) of_mix, of_media;
    struct media *media;
    struct sockets *ports;
    void *user;
    bool abandoned; /* leg_close was called: nothing is told any more */
    bool told_speaking, has_jitter;
    const struct stream *agreed; /* of the last session; NULL: none yet */
    const struct codec *sends;   /* NULL: none yet */
    struct leg_sample judged;    /* when its quality was judged last */
    const char *grade;           /* what came of it; "": nothing yet */
    struct voice_plan voice_plan;
    bool has_events;                     /* the session has telephone-events */
    struct section *home;                /* `section`, or where it is on the way to … */
    struct mail *waiting, **waiting_end; /* … and messages for when it is there */
    struct message add, close, move;
    int family;
    char cname[64];
};

/* ---- focus thread ---- */

/* leg.c: the leg's part of struct mixing. */
int leg_create(struct mix *mix, const struct leg_config *config, struct leg **legp);
void leg_address(const struct leg *leg, struct media_address *address);
void leg_session(struct leg *leg, const struct session *session);
int leg_route(struct leg *leg, const struct leg_route *route);
void leg_close(struct leg *leg);
void leg_stats(const struct leg *leg, struct leg_stats *stats);

/* leg_move.c */
int leg_move(struct leg *leg, struct mix *mix, void *user);
/* Its section's thread has let go of it. */
void leg_moved(struct leg *leg);
/* Posts a message about a leg to whichever thread it is with. */
void leg_post(struct leg *leg, struct message *message);
/* Counts legs of a section. */
void section_count_legs(struct section *section, int more);

/* leg_voice.c */
void leg_voice(struct leg *leg, const struct leg_voice *wish);
/* Makes what the leg's voice needs anew when its new session asks for other things. */
void leg_voice_session(struct leg *leg, const struct stream *stream);
/* The same when the phone has chosen another of the session's codecs. */
void leg_voice_heard(struct leg *leg);

/* Frees it all. The media thread knows it no more, and it is not in `told`. */
void leg_free(struct leg *leg);
/* Calls the handlers for what the leg has told. */
void leg_hand_up(struct leg *leg);

/* leg_quality.c */
struct quality_path;
/* What has been counted up to now. Any thread. */
struct leg_sample leg_sample_take(const struct leg *leg);
/* The way on which the peer was heard between two samples. Any thread. */
void leg_path_in(const struct leg *leg, const struct leg_sample *now,
                 const struct leg_sample *before, struct quality_path *path);
/* Fills in what the counters come to, for the whole life of the leg. */
void leg_quality_stats(const struct leg *leg, struct leg_stats *stats);

/* ---- media thread ---- */

/* tick.c */
/* The leg has faded out: it goes back to the focus. */
void leg_depart(struct leg *leg, struct media_thread *thread);

/* leg_media.c: one leg, one tick. */
void leg_apply_session(struct leg *leg, struct message *message, uint64_t now);
/* Has the mixer make what the session wants. */
void leg_tune(struct leg *leg);
/* leg_move.c: it has come from another section. */
void leg_arrive_again(struct leg *leg, uint64_t now);
void leg_listen(struct leg *leg, struct media_thread *thread);
void leg_speak(struct leg *leg, struct media_thread *thread);
void leg_watch_life(struct leg *leg, struct media_thread *thread);
/* The focus is to look at the leg. */
void leg_tell(struct leg *leg, struct media_thread *thread);

/* A key that the phone has sent as an event. */
void leg_tell_digit(struct leg *leg, struct media_thread *thread, char key, unsigned duration);
/* The same, whatever it was told from. */
void leg_put_digit(struct leg *leg, struct media_thread *thread, char key, unsigned duration);

/* leg_voice.c: the leg's samples on their way into the mix. */
void leg_apply_voice(struct leg *leg, struct media_thread *thread, struct message *message);
/* Works on thread->frame. Returns whether it holds more than zeros. */
bool leg_run_voice(struct leg *leg, struct media_thread *thread, bool is_heard);

/* leg_io.c */
/* Fetches the packets of many legs at once, this one's and those after it in the slot. Returns for
 * how many legs, at least 1. */
unsigned leg_fetch(struct leg *leg, struct media_thread *thread);
/* Take what waits on one of the leg's sockets. */
void leg_read_rtp(struct leg *leg, struct media_thread *thread);
void leg_read_rtcp(struct leg *leg, struct media_thread *thread);
/* Sends FRAME_MS of encoded audio, in packets as the peer wants them. */
void leg_write(struct leg *leg, struct media_thread *thread, const struct mixer_payload *payload);
/* Nothing is sent in this tick; the next packet begins anew. */
void leg_write_nothing(struct leg *leg);

/* leg_link.c */
void leg_link_open(struct leg *leg);
/* Something has come for a dormant leg. */
void leg_link_wake(struct leg *leg);
/* Once a tick, with a session, after reading. */
void leg_link_tick(struct leg *leg, uint64_t now);
/* The RTP socket was found empty. */
void leg_link_drained(struct leg *leg);
/* Where the next packet is to be written: in the ring that sends many at once, or in the thread's
 * own memory. */
uint8_t *leg_link_packet(const struct leg *leg, struct media_thread *thread);
/* Sends that from the RTP socket to the latch's target. False: the kernel did not take it. */
bool leg_link_send(struct leg *leg, struct media_thread *thread, size_t size,
                   const struct sockaddr_storage *target);

/* leg_rtcp.c */
void leg_rtcp_take(struct leg *leg, const uint8_t *data, size_t size, uint64_t arrival,
                   uint64_t now);
/* The round trip from what came back of a report of ours, which has waited here for `waited` µs:
 * that is no part of the way. */
void leg_rtcp_round_trip(struct leg *leg, uint32_t lsr, uint32_t dlsr, uint64_t waited);
/* Sends a report when it is due. */
void leg_rtcp_tick(struct leg *leg, struct media_thread *thread);
void leg_rtcp_bye(struct leg *leg, struct media_thread *thread);
/* Time to the next report, µs, randomised (RFC 3550 §6.3.1). */
uint64_t leg_rtcp_interval(struct media_thread *thread);

/* leg_xr.c: extended reports (RFC 3611). */
/* Fills in what is to be told now; false: nothing. `is_sender`: an SR goes out with it. */
bool leg_xr_report(const struct leg *leg, const struct media_thread *thread, bool is_sender,
                   struct rtcp_xr *xr);
void leg_xr_take(struct leg *leg, const struct rtcp_xr *xr, uint64_t arrival, uint64_t now);

static inline float counter_float(const _Atomic float *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* Adds to a counter that only this thread writes. */
static inline void counter_add(_Atomic uint64_t *counter, uint64_t count)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + count,
                          memory_order_relaxed);
}

#endif
