/*
 * Request → decision: every wish to change a conference, by whatever way it came, is one
 * struct request; the policy answers it with one struct decision (RFC 4353 §4.6, framework 5.5).
 *
 * Plain data. The strings belong to whoever made the struct and live for the call in which it is
 * handed over. Focus thread.
 */
#ifndef FOCUS_REQUEST_H
#define FOCUS_REQUEST_H

#include "focus/event.h"
#include "ports/mixing.h"
#include "ports/signalling.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct conference;
struct referral; /* ports/referring.h */

/* Who may do it when no policy has an opinion. A stranger is a caller who has not proven who it is:
 * strangers may come in where they are let in, see there who else is in, and change nothing. */
enum verb_right {
    RIGHT_NOBODY,
    RIGHT_SAME,   /* who has proven to be the same as the target; scripts and the server */
    RIGHT_KNOWN,  /* all but strangers */
    RIGHT_INSIDE, /* these, and strangers who are participants of the conference */
    RIGHT_ANYBODY,
    RIGHT_CHOSEN, /* known participants whose role is among those that are to decide the target;
                     scripts and the server */
};

/* verb, what the policy hook is called, who may by default */
#define REQUEST_VERBS(X)                                                                           \
    X(VERB_CREATE, "create", RIGHT_KNOWN)        /* have a conference made */                      \
    X(VERB_JOIN, "join", RIGHT_ANYBODY)          /* come in as a participant */                    \
    X(VERB_REPLACE, "replace", RIGHT_SAME)       /* go on as the target, by another call */        \
    X(VERB_INVITE, "invite", RIGHT_KNOWN)        /* call somebody and bring them in: invitation */ \
    X(VERB_TIMEOUT, "timeout", RIGHT_ANYBODY)    /* remove who has sent no media for long */       \
    X(VERB_MUTE, "mute", RIGHT_KNOWN)            /* mute or unmute the target: params.muted */     \
    X(VERB_HOLD, "hold", RIGHT_KNOWN)            /* put the target on hold or back: params.held */ \
    X(VERB_ENHANCE, "enhance", RIGHT_KNOWN)      /* change what is done to the target's voice */   \
    X(VERB_VOLUME, "volume", RIGHT_KNOWN)        /* change the target's gains */                   \
    X(VERB_MEDIA, "media", RIGHT_KNOWN)          /* change the media of all: direction, codecs */  \
    X(VERB_ANNOUNCE, "announce", RIGHT_KNOWN)    /* play a file to all or the target, or stop */   \
    X(VERB_MESSAGE, "message", RIGHT_INSIDE)     /* write to all or the target: text */            \
    X(VERB_ROLE, "role", RIGHT_KNOWN)            /* give the target another role: params.role */   \
    X(VERB_RENAME, "rename", RIGHT_KNOWN)        /* show it by another name: display_name */       \
    X(VERB_FLOOR, "floor", RIGHT_KNOWN)          /* give it the floor, or take it: params.floor */ \
    X(VERB_PERMIT, "permit", RIGHT_KNOWN)        /* give it leave to speak, or only to listen */   \
    X(VERB_RECORD, "record", RIGHT_KNOWN)        /* write what is said to a file, pause, stop */   \
    X(VERB_REMOVE, "remove", RIGHT_KNOWN)        /* remove the target */                           \
    X(VERB_LOCK, "lock", RIGHT_KNOWN)            /* lock or unlock against joins: params.locked */ \
    X(VERB_LIMIT, "limit", RIGHT_KNOWN)          /* how long it goes on: duration, warning */      \
    X(VERB_SIDEBAR, "sidebar", RIGHT_KNOWN)      /* make one, or take the target into one */       \
    X(VERB_END, "close", RIGHT_KNOWN)            /* end the conference for all */                  \
    X(VERB_SUBSCRIBE, "subscribe", RIGHT_INSIDE) /* be told what happens: package */               \
    X(VERB_DECIDE, "decide", RIGHT_CHOSEN)       /* approve or refuse what is pending: approved */

enum verdict {
    DECISION_ACCEPT,
    DECISION_REJECT,
    DECISION_PENDING, /* somebody is to decide: see struct waiting */
};

enum verb {
#define X(name, hook, right) name,
    REQUEST_VERBS(X)
#undef X
        VERB_COUNT
};

/* The hook's name: "join". */
const char *verb_name(enum verb verb);
/* Whether its requests can wait for somebody's decision. A conference that is not there has nobody
 * to decide, a dead line is no question, and who decides does so at once. */
bool verb_can_wait(enum verb verb);

/* Who may do it by default, in a word: "nobody", "same", "known", "inside", "chosen",
 * "anybody". */
const char *verb_right_name(enum verb verb);

/* What a subscriber may see of a conference (RFC 4575 §8.2). */
#define VIEWS(X)                                                                                   \
    X(VIEW_PLAIN, "plain")         /* who is in, but for the hidden ones */                        \
    X(VIEW_MODERATOR, "moderator") /* the hidden ones, too, and the dialogs of all */

enum view {
#define X(name, text) name,
    VIEWS(X)
#undef X
        VIEW_COUNT
};

/* "password", "peer", "registration", "none" */
const char *proof_name(enum proof proof);

/* "plain" */
const char *view_name(enum view view);

enum actor_kind {
    ACTOR_CALLER, /* somebody on the phone */
    ACTOR_SCRIPT, /* a Lua script */
    ACTOR_SERVER, /* Parley itself: a timer, the operator's command line */
};

/* Who asks. */
struct actor {
    enum actor_kind kind;
    const char *uri;  /* "sip:alice@example.com"; for a script its file */
    const char *user; /* "alice" */
    const char *host;
    const char *display_name;
    const char *user_agent;
    const char *position; /* of a script: its line that asks, "policy/open.lua:12"; of the operator:
                             "command line"; else NULL */
    const char *peer;     /* "192.0.2.1:5060;udp" */
    const char *groups;   /* of the account, separated by blanks; may be NULL */
    const char *referred_by; /* whom it names as having sent it here (RFC 3892), which proves
                                nothing; NULL or "": nobody */
    bool authenticated;
    enum proof proof;
    bool anonymous;
    bool is_focus;        /* another conference asks, which wants to be linked */
    uint64_t participant; /* whose id, when it is a participant; else 0 */
};

/* How those who may see who is in a conference are told of its sidebar (RFC 4575 §5.9). Moderators
 * see at least that it is there. */
#define SIDEBAR_SHOWN(X)                                                                           \
    X(SIDEBAR_HIDDEN, "none")                                                                      \
    X(SIDEBAR_BY_REF, "ref") /* its URI and title, for who wants to subscribe to it */             \
    X(SIDEBAR_BY_VAL, "val") /* with all who are in it */

enum sidebar_shown {
#define X(name, text) name,
    SIDEBAR_SHOWN(X)
#undef X
        SIDEBAR_SHOWN_COUNT
};

/* "ref" */
const char *sidebar_shown_name(enum sidebar_shown shown);

/* dB: a participant's gains are between them. */
enum { REQUEST_GAIN_MIN = -60, REQUEST_GAIN_MAX = 12 };

/* When a conference ends by itself (RFC 4579 §5.12). */
struct conference_life {
    unsigned empty_timeout; /* ms that it stays when nobody is left in it */
    unsigned duration;      /* ms from its beginning to its end; 0: as long as somebody is in it */
    unsigned warning;       /* ms before that end when `ending` is told; 0: it is not */
    bool ends_with_creator; /* it ends when who made it leaves */
};

enum { REQUEST_CODECS = 96 };

/* What the asker wishes; an accepting decision may change it. Entry is by join, replace and invite;
 * who replaces another begins with all that the other has. */
struct request_params {
    char role[32];               /* entry, role: "participant" unless the policy says otherwise */
    char display_name[64];       /* entry, rename: shown in place of its own; "": its own */
    char spoken_name[128];       /* entry, rename: a file that says it; "": none does */
    char attendant[64];          /* entry, create: the application that attends to who comes in;
                                    "": none, or of create: as the server says */
    char hold_music[256];        /* entry, create: a file or folder for who waits, "none": silence,
                                    "": as the conference has it, or the settings */
    float hold_music_softer;     /* dB; with hold_music */
    bool hold_music_shuffle;     /* with hold_music: a folder's files in an order of chance */
    bool muted;                  /* entry, mute */
    bool held;                   /* entry, hold */
    bool listen_only;            /* entry, permit: heard by nobody, whether muted or not */
    bool floor;                  /* floor: whether the target has it */
    bool anonymous;              /* entry: shown to nobody by name (RFC 3323) */
    bool hidden;                 /* entry: shown to moderators only */
    bool locked;                 /* lock */
    char title[64];              /* create, sidebar */
    char policy[256];            /* create: the new conference's own policies, "a,b"; "" for none;
                                    sidebar: "" for the parent's */
    enum sidebar_shown shown;    /* sidebar */
    char reason[96];             /* remove, end, timeout: said in the BYE */
    bool agc, denoise, vad;      /* entry, enhance: see struct leg_voice */
    float speaks, hears;         /* dB; entry, volume: how loud the target is heard, and hears */
    char pin[32];                /* join: what was given to be let in; "": nothing */
    float background;            /* dB; entry to a sidebar: how loud its parent is; sidebar */
    char file[1024];             /* announce: what is played, record: what is written; "": that is
                                    stopped; sidebar: what the target hears while asked; end, as
                                    `after`: what all hear before; invite, as `confirm`: what who
                                    has answered hears, and comes in by a key only. Of what is
                                    played several, PLAY_NEXT between them */
    bool tracks;                 /* record: of each participant, besides what all say */
    bool paused;                 /* record: of the file that is written, it pauses, or goes on */
    float gain;                  /* announce, dB */
    bool loop;                   /* announce: … until it is stopped, or another one waits */
    bool interrupt;              /* announce: in place of what plays and waits there */
    float duck;                  /* announce, dB: added to gain while somebody speaks */
    char bus[32];                /* announce: the name of a bus; "": all hear it, or the target */
    enum view view;              /* subscribe */
    struct conference_life life; /* create; limit: from now on */
    bool hide_focus;             /* create: it looks like an ordinary phone (RFC 4579 §4.2) */
    bool unrelayed;              /* message: only the scripts are told, as of a command */
    bool approved;               /* decide */
    int code;                    /* decide, not approved: SIP status 400–699; 0: 603 */
    enum stream_direction direction; /* media: of our streams */
    char language[LANGUAGE_SIZE]; /* entry, create: of prompts; "": that of the settings. Announce,
                                     end: in which `file` was said */
    char codecs[REQUEST_CODECS];  /* media: names, best first, separated by blanks; "": all */
};

/* Whom an invite calls (RFC 4579 §5.2). */
struct invitation {
    const char *uri;      /* "sip:bob@example.com;transport=tcp" */
    const char *name;     /* the display name that goes with it; "" for none */
    const char *device;   /* the URI of the one of their phones that is called; NULL or "": all */
    bool is_proven;       /* that phone has proven that it is theirs */
    unsigned timeout;     /* ms to wait for an answer; 0: as long as the server's setting says */
    const char *referrer; /* the URI of whoever has asked for it, as the roster shows it; NULL or
                             "": nobody */
    const char *referred_by; /* Referred-By header of the call (RFC 3892); NULL or "": none */
    const char *replaces;    /* Replaces header of the call (RFC 3891), which takes the place of one
                                of the callee's; NULL or "": none */
    bool by_refer; /* is asked to call the conference, instead of being called (RFC 4579 §5.7) */
    struct referral *referral; /* is told how it goes once the invite is accepted; NULL: nobody */
};

/* What is wished of a sidebar (framework 5.6), besides the parameters. */
struct sidebar_wish {
    const struct json_t *options; /* a new one: for its policy; NULL: none, or with the parent's
                                     policy the parent's */
    bool asks;                    /* the target first, instead of bringing it in at once */
    unsigned timeout;             /* ms for the answer; 0: as long as a phone may ring */
    char accept, decline;         /* keys that answer; '\0': none does */
};

struct request {
    enum verb verb;
    struct actor actor;
    struct conference *conference; /* NULL for create */
    const char *conference_name;   /* always set */
    const char *factory;           /* create: the factory that was called; NULL: none */
    bool is_name_given; /* create: by who asks, who has called a name that is nobody's; else it is
                           one that nobody can guess */
    uint64_t target;    /* participant id, 0 for none; join: whose call was named to say which
                           conference (RFC 3911); decide: the id of what is pending */
    bool by_dialog;     /* join: nothing else said which */
    const struct invitation *invitation; /* of an invite; NULL for all others */
    const struct sidebar_wish *sidebar;  /* of that verb; NULL for all others. Without a target the
                                            conference is to have a new one; else it is the sidebar
                                            that the target, its parent's participant, comes into */
    const char *text;                    /* message: what is written; else NULL */
    const char *call;                    /* call id for the log, or NULL */
    const char *package;                 /* subscribe: the event package, "conference"; else NULL */
    const struct request_params *instead; /* decide: what is approved in place of what was asked
                                             for; NULL: that */
    struct request_params params;
};

/* What a caller meets with who waits to be let in. */
#define MEANWHILES(X)                                                                              \
    X(MEANWHILE_MUSIC, "music")     /* an answer, and the conference's hold music */               \
    X(MEANWHILE_EARLY, "early")     /* the same music, before an answer */                         \
    X(MEANWHILE_RING, "ring")       /* it rings */                                                 \
    X(MEANWHILE_SILENCE, "silence") /* an answer, and nothing to hear */

enum meanwhile {
#define X(name, text) name,
    MEANWHILES(X)
#undef X
        MEANWHILE_COUNT
};

/* "music" */
const char *meanwhile_name(enum meanwhile meanwhile);

enum {
    DECIDERS_MAX = 4,
    WAITING_EXPIRES = 5 * 60 * 1000, /* ms, unless the policy says otherwise */
    WAITING_RINGS_MOST = 180 * 1000, /* ms that a call may be without an answer */
    WAITING_MOST = 24 * 3600 * 1000, /* ms */
};

/* How a request waits. */
struct waiting {
    enum meanwhile meanwhile;
    char decided_by[DECIDERS_MAX][32]; /* roles; "" ends them */
    unsigned expires;                  /* ms until it counts as refused; at most WAITING_MOST */
    char announce[256];                /* a file that tells those who are to decide; "": none */
};

/* The verdict when no policy speaks. */
enum verdict verb_default(const struct request *request);

/* What has led to a decision, and so to the state that it made (cause.h). `at` 0: nothing has. */
struct cause {
    enum verb verb; /* VERB_COUNT: none, it is what the hook `mix` says */
    enum actor_kind asker;
    char who[96]; /* URI of a caller, "policy/open.lua:12" of a script; "": not to be named */
    char by[128]; /* who decided, as in the decision */
    unsigned generation; /* of the scripts then; 0: none were asked */
    time_t at;
    bool is_moderated;                /* a policy has left it to somebody: */
    enum actor_kind moderator;        /* who decided; `by` has allowed that */
    char moderated_by[96];            /* as `who` */
    enum conference_event_kind event; /* that was being told when it was asked; EVENT_COUNT: none */
    uint64_t event_participant;       /* whom that was about; 0: nobody */
    char digit;                       /* of EVENT_DIGIT */
};

struct decision {
    enum verdict verdict;
    struct request_params params; /* as the request's, changed by the policy */
    int code;                     /* reject: SIP status 300–699; 401: prove who you are */
    char reason[96];              /* reject: reason phrase, "" for the standard one */
    char by[128];                 /* who decided: "policy/open.lua:12" or "default" */
    unsigned generation;          /* of the scripts that were asked; 0: none were */
    bool failed;                  /* a script error made the safe default decide */
    struct cause cause;           /* but for `by` and `generation`, which stand above */
    uint64_t participant;   /* who is called by an accepted invite, or has come in; 0: nobody */
    uint64_t sidebar;       /* the conference that was made; 0: none */
    struct waiting waiting; /* pending */
    uint64_t pending;       /* its id (focus/pending.h), once it waits */
};

#endif
