/*
 * A world without network: phones and a mixer that exist only as what the focus tells them. They
 * implement ports/signalling.h and ports/mixing.h.
 *
 * With a loop they live: a phone confirms what it is asked, a file takes its time to be played.
 * Without one they only remember what they were told, and a test says what happens next. Used by
 * simulation.c, by replay, and by the tests of the focus and of what sits on it. Focus thread.
 */
#ifndef SIMULATE_WORLD_H
#define SIMULATE_WORLD_H

#include "core/text.h"
#include "focus/focus.h"
#include "ports/referring.h"
#include "ports/simulating.h"

struct world;

struct text {
    struct text *prev, *next;
    unsigned player; /* of what was heard: whose id */
    char bytes[];
};

/* Adds a copy, and returns it; NULL: out of memory. */
const char *text_add(struct text **list, const char *bytes);
void texts_free(struct text **list);

/* Whoever wants to know how something goes. */
struct referral {
    int code; /* the last */
    char reason[96];
    unsigned reports;
    struct referral *next; /* in call.referrals */
};

struct call {
    uint64_t number; /* that no other call ever has */
    struct world *world;
    struct call_info info;
    void *user;
    struct answer answer; /* how the focus wants it: as it was answered, begun, or changed; what it
                             points to may be gone, but for this: */
    char contact[CONFERENCE_NAME_MAX + 1];
    const char *id, *uri;
    const char *name, *referrer, *referred_by, *replaces; /* of one that the focus makes */
    int progress;                                         /* last 1xx */
    bool invited, answered, ended;                        /* by the focus; ended with end_code */
    unsigned updates;                                     /* by the focus */
    int reject_code, end_code;
    unsigned retry_after;
    char reason[96], redirected[64];
    unsigned due; /* bits: what its phone is to do next */
    bool is_up, is_over, holds;
    int code; /* with which it is over */
    char why[96];
    struct text *read;          /* list: messages that were sent to it: "Alice: hello" */
    struct text *heard;         /* list: files that were played to it, in their order */
    unsigned heeded;            /* of those, by who tests */
    struct referral *referrals; /* list, the last first: what it has asked by REFER */
    struct text *strings;       /* list: what info and the like point to */
    struct recipients recipients;
    struct loop_timer *timer;
    struct call *prev, *next; /* in world.phones */
};

struct mix {
    struct world *world;
};

struct player {
    unsigned id;
    struct mix *mix;
    char *file, language[LANGUAGE_SIZE];
    void *user;
    unsigned bus;
    float gain;
    bool loop, shuffle, stopped;
    char *problem; /* why it cannot be played; NULL: it can */
    struct loop_timer *timer;
    struct player *next;
};

struct recorder {
    struct world *world;
    const struct mix *mix; /* NULL: gone */
    char file[256];
    struct record_config config;
    uint64_t began;             /* loop_now */
    uint64_t paused, paused_at; /* ms in all pauses before this one, and its beginning */
    bool stopped, is_paused;
    struct loop_timer *timer;
    struct recorder *next;
};

struct leg {
    struct mix *mix;
    void *user;
    struct leg_voice voice;
    bool has_route;
    struct leg_route route;
    struct session session;
    bool is_speaking;
    float level; /* dBov, of one that speaks */
    struct leg *next;
};

/* Begins zeroed, but for the first three. */
struct world {
    struct focus *focus;
    struct loop *loop; /* NULL: nothing happens by itself */
    const struct simulated_sounds *sounds;
    struct signalling signalling;
    struct mixing mixing;
    struct call *phones; /* list, of those that are not freed */
    struct leg *first_leg;
    struct player *first_player; /* the newest */
    struct recorder *first_recorder;
    char *note; /* beside a recording, the last; NULL: none */
    char note_file[256];
    unsigned legs, mixes; /* alive */
    unsigned calls;       /* made so far */
    unsigned plays;       /* begun so far */
    struct call *first_outgoing, *last_outgoing;
    struct outgoing_refer refer; /* the last; its strings are gone, but for these */
    char refer_target[80], refer_by[80];
    unsigned refers;
    /* What fails from now on, with which errno. */
    int leg_error, mix_error, route_error, answer_error, update_error, call_error;
    int play_error, record_error, turn_error, transfer_error;
    bool overloaded, mix_overloaded;
};

/* What the focus is to be connected with. */
const struct signalling *world_signals(struct world *world);
const struct mixing *world_mixer(struct world *world);
/* When the focus is gone. */
void world_close(struct world *world);

/* ---- calls.c -------------------------------------------------------------------------------- */

/* An INVITE that is not told yet; NULL: out of memory. */
struct call *phone_make(struct world *world, const struct simulated_caller *caller);
/* It is over for both. */
void phone_free(struct call *call);
/* Does, once the loop goes on, what the phone is to do; nothing without a loop. */
enum {
    DUE_RING = 1,
    DUE_SESSION = 2,
    DUE_UP = 4,
    DUE_UPDATED = 8,
    DUE_TRANSFERRED = 16,
    DUE_END = 32
};
void phone_is_due(struct call *call, unsigned what);

/* ---- phones.c ------------------------------------------------------------------------------- */

/* Offer and answer have come to this, as seen from Parley. */
void phone_session(struct call *call, enum stream_direction direction, bool held);
/* The call's dialog is over. */
void phone_ended(struct call *call, int code, const char *reason);
/* Does what is due. */
void phone_act(struct call *call);

/* ---- legs.c --------------------------------------------------------------------------------- */

void legs_open(struct mixing *mixing);
/* The one whose events go to `user`; NULL: none. */
struct leg *leg_of(const struct world *world, const void *user);

/* ---- files.c -------------------------------------------------------------------------------- */

void files_open(struct mixing *mixing);
/* All that play or record in the mix go, without a word; NULL: everywhere. */
void files_drop(struct world *world, const struct mix *mix);
/* It is over: told, and freed. */
void player_over(struct player *player, const char *problem);
void recorder_over(struct recorder *recorder, const struct recorded *recorded);
/* The leg is gone: what it says is no longer recorded. */
void recorders_lose(const struct leg *leg);
/* It has begun or ceased to speak. */
void recorders_hear(const struct leg *leg);
/* Who can hear what plays in the mix has heard it. */
void files_notice(const struct mix *mix);

/* ---- hearing.c ------------------------------------------------------------------------------ */

/* dB at which a leg hears another, or a player; GAIN_OFF: not at all. */
float leg_hears(const struct leg *listener, const struct leg *talker);
float leg_hears_file(const struct leg *listener, const struct player *player);

#endif
