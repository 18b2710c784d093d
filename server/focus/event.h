/*
 * Effect → event: what has happened in a conference, for scripts, logs, subscribers, metrics.
 *
 * Events are queued while a request is carried out and told afterwards, in order, never from
 * within the request: a listener may ask for changes freely. Focus thread.
 */
#ifndef FOCUS_EVENT_H
#define FOCUS_EVENT_H

#include "ports/mixing.h"

#define CONFERENCE_EVENTS(X)                                                                       \
    X(EVENT_CREATED, "created") /* the conference exists (or a reserved one became active) */      \
    X(EVENT_ENDING, "ending")   /* its time will soon be over: duration is what is left */         \
    X(EVENT_ENDED, "ended")     /* the conference is over; the handle is still good in the hook */ \
    X(EVENT_DIALING, "dialing") /* somebody is being called, to become a participant */            \
    X(EVENT_ALERTING, "alerting") /* and the phone rings */                                        \
    X(EVENT_ASKED, "asked")       /* and has answered, and is asked whether they come in */        \
    X(EVENT_FAILED, "failed")     /* but will not come in; code, reason */                         \
    X(EVENT_JOINED, "joined")     /* a participant is in */                                        \
    X(EVENT_LEFT, "left")         /* a participant is out; code, reason */                         \
    X(EVENT_REPLACED, "replaced") /* is in with another call; other: who it was before */          \
    X(EVENT_SPEAKING, "speaking") /* began or stopped to speak: on */                              \
    X(EVENT_MUTED, "muted")       /* was muted or unmuted: on */                                   \
    X(EVENT_HELD, "held")         /* is on hold, by its phone or by us, or is back: on */          \
    X(EVENT_CHANGED, "changed") /* its media have changed (200), or it refuses to: code, reason */ \
    X(EVENT_ROLE, "role_changed")   /* has another role; reason: the one before */                 \
    X(EVENT_RENAMED, "renamed")     /* is shown by another name; reason: the one before */         \
    X(EVENT_FLOOR, "floor_changed") /* got or lost the floor: on */                                \
    X(EVENT_PERMITTED, "permitted") /* may speak from now on, or only listen: on */                \
    X(EVENT_DIGIT, "digit")         /* pressed a key: digit, duration */                           \
    X(EVENT_QUALITY, "quality")     /* the call sounds better or worse than before: quality */     \
    X(EVENT_LOCKED, "locked")       /* was locked or unlocked: on */                               \
    X(EVENT_ASIDE, "aside")         /* went into a sidebar, or is back from it: on, sidebar */     \
    X(EVENT_RELOADED, "reloaded")   /* the scripts were read anew, which is this one's first */    \
    X(EVENT_LIMITED, "limited")     /* its time was set: duration is what is left, 0: no end */    \
    X(EVENT_RECORDED, "recorded") /* is recorded: on; or not: is_paused, duration, reason; file */ \
    X(EVENT_PLAYED, "played")     /* what was announced is over; reason, "" when all was played */ \
    X(EVENT_MESSAGED, "messaged") /* has written to the conference: message */                     \
    X(EVENT_PENDING, "pending")   /* a request waits for somebody's decision: pending */           \
    X(EVENT_DECIDED, "decided")   /* and does no longer; on: it was approved; code, reason */

enum conference_event_kind {
#define X(name, hook) name,
    CONFERENCE_EVENTS(X)
#undef X
        EVENT_COUNT
};

/* "joined" */
const char *event_name(enum conference_event_kind kind);

struct message;

struct conference_event {
    enum conference_event_kind kind;
    uint64_t conference;  /* id */
    uint64_t participant; /* id; 0 when it is about the conference as a whole */
    uint64_t other;       /* id; replaced */
    uint64_t sidebar;     /* id of the conference; aside */
    uint64_t visitor;     /* id, see application.h: it is about this one, and no conference */
    uint64_t pending;     /* id, see pending.h; pending, decided */
    uint64_t playback;    /* of a visitor's played, recorded: what visitor_play, _record gave */
    bool on;        /* speaking, muted, held, locked, floor_changed, permitted, aside, decided */
    bool is_paused; /* recorded */
    char digit;
    unsigned duration; /* ms; recorded, digit, ending, limited */
    int code;          /* failed, left, changed, decided: SIP status; 0: hung up */
    char reason[96];   /* failed, left, changed, ended, played, decided; role_changed, renamed: what
                          was before */
    char file[RECORD_FILE]; /* recorded, played */
    struct leg_quality quality;
    struct message *message; /* messaged (message.h): borrowed, and the queue's own reference while
                                it is told; else NULL */
};

#endif
