/*
 * Private to the media room: what the focus thread and the media threads share, and how.
 *
 * Focus → media thread: messages, collected during one turn of the loop and posted as one chain.
 * Media thread → focus: messages handled (to be freed), and legs that have something to tell; an
 * eventfd wakes the focus at most once a slot. Memory is allocated and freed on the focus thread,
 * but for recordings, which a thread of their own reads (clip.h). Every member below says whose it
 * is; atomics are shared.
 */
#ifndef MEDIA_ENGINE_H
#define MEDIA_ENGINE_H

#include "core/address.h"
#include "core/clock.h"
#include "core/histogram.h"
#include "core/mailbox.h"
#include "core/worker.h"
#include "media/exchange.h"
#include "media/jitter.h"
#include "media/latch.h"
#include "media/level.h"
#include "media/levels.h"
#include "media/loss.h"
#include "media/media.h"
#include "media/mixer.h"
#include "media/overload.h"
#include "media/playing.h"
#include "media/record_file.h"
#include "media/ring.h"
#include "media/rtcp.h"
#include "media/rtp.h"
#include "media/sockets.h"
#include "media/stream.h"
#include "media/tape.h"
#include "media/telephone_event.h"
#include "media/uring.h"
#include "media/voice.h"

#include <pthread.h>
#include <sys/queue.h>
#include <sys/socket.h>

enum {
    SLOTS = 10, /* phases of the tick; each mix has one */
    SECTIONS_MAX = 16,
    SLOT_US = FRAME_MS * 1000 / SLOTS,
    RECEIVE_BATCH = 8,   /* packets that one recvmmsg takes */
    DATAGRAM_MAX = 2048, /* longer ones are cut short, and then no valid RTP */
};

/* ---- messages: focus → media thread ---- */

enum message_kind {
    MESSAGE_SECTION_ADD,
    MESSAGE_SECTION_REMOVE, /* comes back when its legs are gone */
    MESSAGE_SECTION_SUPPLY,
    MESSAGE_LEG_ADD,
    MESSAGE_LEG_SESSION, /* brings the new stream, takes the old one back */
    MESSAGE_LEG_ROUTE,
    MESSAGE_LEG_VOICE,     /* comes back with the old voice once that has faded out */
    MESSAGE_LEG_CLOSE,     /* comes back when the leg is gone */
    MESSAGE_LEG_MOVE,      /* comes back when the leg has left its section */
    MESSAGE_PLAYER_ADD,    /* comes back when all has been played */
    MESSAGE_PLAYER_STOP,   /* comes back behind that */
    MESSAGE_RECORDER_ADD,  /* comes back when all has been put on the tape */
    MESSAGE_RECORDER_STOP, /* comes back behind that */
    MESSAGE_STOP,
};

struct message {
    struct mail mail; /* first: a mail is its message */
    enum message_kind kind;
    struct section *section;
    struct leg *leg;
    struct player *player;
    struct recorder *recorder;
    struct stream *stream;
    struct jitter *jitter;           /* with a leg's first session */
    const struct mixer_route *route; /* behind the message */
    bool is_cautious;                /* with the route */
    struct mixer_supply *supply;
    struct voice *voice; /* NULL: none */
    enum key_source keys;
};

/* ---- a leg ---- */

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
    LIST_HEAD(, recorder) recorders;
    struct message *farewell; /* goes back when it has departed */
    uint64_t departed;        /* µs, from the section before; 0: this one is its first */

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

/* ---- a player ---- */

/* One of the files that it plays, one behind the other. */
struct player_part {
    struct clip *clip;    /* focus thread */
    struct playing sound; /* media thread, once it plays */
};

struct player {
    /* Focus thread. */
    TAILQ_ENTRY(player) of_mix;
    struct media *media;
    void *user;
    bool playing, stopping, abandoned;
    unsigned fade; /* ms */
    bool loop;
    struct message add, stop;

    /* Constant, `plane` and the parts' sounds once it plays. */
    unsigned part_count;
    struct mix *mix;
    struct section *section; /* the mix's first one */
    unsigned bus, plane;
    float gain; /* linear */

    /* Media thread, once it plays. */
    TAILQ_ENTRY(player) in_section;
    bool ended, stop_asked;
    unsigned part; /* that plays */
    struct mixer_channel channel;

    struct player_part parts[];
};

/* ---- a recorder ---- */

struct recorder {
    struct job job; /* first: to the disk's thread, and back when the file is closed */

    /* Focus thread. */
    TAILQ_ENTRY(recorder) of_media;
    struct media *media;
    void *user;
    bool is_stopping;
    bool is_returned; /* by its media thread */
    bool is_written;  /* by the disk's */
    bool is_told;
    struct loop_timer *patience;
    struct message add, stop;

    /* Constant. */
    struct section *section; /* of the leg, or the mix's first one */
    struct leg *leg;         /* NULL: buses are recorded */
    uint64_t buses;
    unsigned most, silence_most; /* ticks; 0: no limit */

    /* Media thread. */
    LIST_ENTRY(recorder) of_source;
    bool ended, stop_asked;
    uint64_t last_tick, ticks;
    unsigned silent;  /* ticks without speech */
    uint32_t silence; /* ms, not put on the tape yet */
    struct mixer_channel channel;

    /* Shared. */
    struct tape tape;
    atomic_bool failed;    /* the disk's thread cannot write it */
    atomic_bool finished;  /* the tape has all, `tail` ms of silence come behind it */
    _Atomic unsigned lost; /* ms that the tape had no room for */
    uint32_t tail;

    /* Disk's thread until it is written. */
    LIST_ENTRY(recorder) on_disk;
    struct record_file *file;
    unsigned duration; /* ms */
    uint64_t bytes;
    char problem[200];
    char path[PATH_SIZE];
};

/* ---- a mix ---- */

TAILQ_HEAD(leg_list, leg);
TAILQ_HEAD(player_list, player);

/*
 * The legs of a mix that one thread works. Most mixes have one section; a huge one has several, on
 * as many threads, which exchange what is said on each bus.
 */
struct section {
    /* Focus thread. */
    unsigned leg_count;
    struct mixer_stock stock;
    struct message add, remove;

    /* Constant. */
    struct mix *mix;
    struct media_thread *thread;
    unsigned slot;             /* the same for all sections of a mix */
    struct exchange *exchange; /* there before the mix has a second section */

    /* Media thread. */
    TAILQ_ENTRY(section) in_slot, in_waiting;
    struct leg_list legs;
    struct player_list players;
    LIST_HEAD(, recorder) recorders; /* of buses */
    uint64_t last_slot;              /* number of the slot it was last listened to in; 0: never */
    bool leaving;
    bool waits; /* its legs have been listened to, and not yet spoken to */
    /* Messages that came meanwhile, oldest first: between the halves of a tick nothing changes. */
    struct mail *deferred, **deferred_end;
    struct mixer mixer;
};

TAILQ_HEAD(section_list, section);

struct mix {
    /* Focus thread. */
    TAILQ_ENTRY(mix) of_media;
    struct media *media;
    struct leg_list legs_open;
    struct player_list players_open;
    unsigned sections_gone;

    /* Shared: the sections up to the count are constant. */
    _Atomic unsigned section_count;
    struct section *sections[SECTIONS_MAX];
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
    uint64_t load_since, busy; /* µs */
    struct overload overload;
    uint32_t random;
    struct receive_batch batch;
    float frame[FRAME_MAX], resampled[FRAME_MAX], fading[FRAME_MAX];
    uint8_t packet[LEVELS_HEADER_MAX + PAYLOAD_MAX];
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
    struct clips *clips;
    struct worker *disk; /* writes what is recorded */
    char *recordings;    /* where that lies */
    TAILQ_HEAD(, recorder) recorders_open;
    bool io_uring;
    unsigned section_legs;
    struct loop_timer *watch_timer; /* runs while there are legs */
    unsigned watch_turn;
    _Atomic unsigned overload_late, overload_load; /* percent; set on the focus thread */
    unsigned thread_count;
    struct media_thread *threads;
};

/* ---- focus thread ---- */

/* Adds a message to those of this turn of the loop. */
void media_post(struct media *media, struct media_thread *thread, struct message *message);
/* A message to be posted; NULL: out of memory, which is logged with `what`. */
struct message *message_create(enum message_kind kind, const char *what);
/* With what it brings; not for those that are part of something else. */
void message_free(struct message *message);

/* mix.c: the mix's part of struct mixing. */
int mix_create(void *ctx, struct mix **mixp);
void mix_destroy(struct mix *mix);
/* Makes what a player for this bus needs, and chooses its plane. ENOMEM. */
int mix_supply_player(struct mix *mix, unsigned bus, unsigned *planep);
bool mix_is_overloaded(void *ctx, const struct mix *mix);
/* Frees it all; the media threads know it no more. */
void mix_free(struct mix *mix);
/* The thread of a section knows it no more; the last one frees the mix. */
void mix_section_gone(struct section *section);
/* The section that a new leg belongs in. */
struct section *mix_place(struct mix *mix);
/* Makes and posts what a section, and all others that hear it, are going to need for a leg that
 * sends `codec` (NULL: none known) and uses these buses (a bit mask). `lacking`: it has run out of
 * encoders. ENOMEM. */
int mix_supply(struct section *section, const struct codec *codec, uint64_t buses, bool lacking);

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

/* player.c */
int player_create(struct mix *mix, const struct play_config *config, struct player **playerp);
void player_stop(struct player *player);
/* A clip has been read: who waits for it plays. */
void players_clip_read(struct clip *clip, void *media);
/* One of its messages has come back. */
void player_returned(struct player *player, enum message_kind kind);
/* Nothing is told any more; they go with their mix. */
void players_abandon(struct mix *mix);
void player_free(struct player *player);

/* recorder.c */
int recorder_create(struct mix *mix, const struct record_config *config,
                    struct recorder **recorderp);
void recorder_stop(struct recorder *recorder);
/* One of its messages has come back. */
void recorder_returned(struct recorder *recorder, enum message_kind kind);
/* The disk's thread has closed its file. */
void recorder_written(struct job *job, void *media);
/* The media threads have ended: what they have recorded is all. Nothing is told any more. */
void recorders_end(struct media *media);
/* record_disk.c: what the disk's thread runs. */
void recorders_run(struct worker *worker, void *arg);

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
/* Begins to judge the legs' quality every few seconds, as long as there are legs. */
void media_watch(struct media *media);

int thread_start(struct media *media, struct media_thread *thread);
/* Waits until it has ended. Harmless when it was never started. */
void thread_join(struct media_thread *thread);
void thread_wake(struct media_thread *thread);
/* Any thread. */
static inline bool thread_is_overloaded(const struct media_thread *thread)
{
    return atomic_load_explicit(&thread->overloaded, memory_order_relaxed);
}

/* ---- media thread ---- */

/* tick.c */
void thread_apply_messages(struct media_thread *thread);
void thread_work_slot(struct media_thread *thread, uint64_t slot);
/* When there is something to be told. */
void thread_wake_focus(struct media_thread *thread);
/* The focus is to free a message. */
void thread_give_back(struct media_thread *thread, struct message *message);
/* Says good-bye for all legs. */
void thread_end_legs(struct media_thread *thread);

/* The leg has faded out: it goes back to the focus. */
void leg_depart(struct leg *leg, struct media_thread *thread);

/* section.c */
void section_listen(struct section *section, struct media_thread *thread, uint64_t slot);
/* Whether all is there that its legs are to hear, or can no longer be waited for. */
bool section_is_ready(const struct section *section, uint64_t slot);
void section_speak(struct section *section, struct media_thread *thread);

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

/* player.c */
void player_apply_add(struct player *player);
void player_apply_stop(struct player *player, struct media_thread *thread);
/* All of a mix, one tick. */
void players_speak(struct section *section, struct media_thread *thread);
/* Ends them within the next tick. */
void players_begin_leaving(struct section *section);

/* recorder.c */
void recorder_apply_add(struct recorder *recorder, struct media_thread *thread);
void recorder_apply_stop(struct recorder *recorder, struct media_thread *thread);
/* What the leg says in this tick: the thread's frame, at the rate that it is heard at, unless
 * `samples` is NULL. */
void leg_record(struct leg *leg, struct media_thread *thread, const float *samples);
/* What is said on buses, once all have spoken. */
void section_record(struct section *section, struct media_thread *thread);
/* The leg, or the section, goes. */
void leg_end_recorders(struct leg *leg, struct media_thread *thread);
void section_end_recorders(struct section *section, struct media_thread *thread);

/* leg_voice.c: the leg's samples on their way into the mix. */
void leg_apply_voice(struct leg *leg, struct media_thread *thread, struct message *message);
/* Works on thread->frame. Returns whether it holds more than zeros. */
bool leg_run_voice(struct leg *leg, struct media_thread *thread, bool is_heard);

/* leg_io.c */
/* Fetches the packets of many legs at once, this one's and those after it in its section. Returns
 * for how many legs, at least 1. */
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
