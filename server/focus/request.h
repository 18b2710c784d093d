/*
 * Request → decision: every wish to change a conference, by whatever way it came, is one
 * struct request; the policy answers it with one struct decision (RFC 4353 §4.6, framework 5.5).
 *
 * Plain data. The strings belong to whoever made the struct and live for the call in which it is
 * handed over. Focus thread.
 */
#ifndef FOCUS_REQUEST_H
#define FOCUS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conference;

/* verb, what the policy hook is called, what happens when no policy has an opinion */
#define REQUEST_VERBS(X)                                                                           \
    X(VERB_CREATE, "create", DECISION_REJECT)   /* a conference of this name, by a first call */   \
    X(VERB_JOIN, "join", DECISION_ACCEPT)       /* come in as a participant */                     \
    X(VERB_TIMEOUT, "timeout", DECISION_ACCEPT) /* remove who has sent no media for long */        \
    X(VERB_MUTE, "mute", DECISION_ACCEPT)       /* mute or unmute the target: params.muted */      \
    X(VERB_REMOVE, "remove", DECISION_ACCEPT)   /* remove the target */                            \
    X(VERB_LOCK, "lock", DECISION_ACCEPT)       /* lock or unlock against joins: params.locked */  \
    X(VERB_END, "end", DECISION_ACCEPT)         /* end the conference for all */                   \
    X(VERB_SUBSCRIBE, "subscribe", DECISION_REJECT) /* be told what happens; see decide.c */

enum verdict {
    DECISION_ACCEPT,
    DECISION_REJECT,
};

enum verb {
#define X(name, hook, fallback) name,
    REQUEST_VERBS(X)
#undef X
        VERB_COUNT
};

/* The hook's name: "join". */
const char *verb_name(enum verb verb);
/* The verdict when no policy speaks. */
enum verdict verb_default(enum verb verb);

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
    const char *peer; /* "192.0.2.1:5060;udp" */
    bool authenticated;
    bool anonymous;
    uint64_t participant; /* whose id, when it is a participant; else 0 */
};

/* What the asker wishes; an accepting decision may change it. */
struct request_params {
    char role[32];    /* join: "participant" unless the policy says otherwise */
    bool muted;       /* join, mute */
    bool anonymous;   /* join: shown to nobody by name (RFC 3323) */
    bool hidden;      /* join: shown to moderators only */
    bool locked;      /* lock */
    char title[64];   /* create */
    char policy[256]; /* create: the new conference's own policy, "" for none */
    char reason[96];  /* remove, end, timeout: said in the BYE */
    enum view view;   /* subscribe */
};

struct request {
    enum verb verb;
    struct actor actor;
    struct conference *conference; /* NULL for create */
    const char *conference_name;   /* always set */
    uint64_t target;               /* participant id, 0 for none */
    const char *call;              /* call id for the log, or NULL */
    const char *package;           /* subscribe: the event package, "conference"; else NULL */
    struct request_params params;
};

struct decision {
    enum verdict verdict;
    struct request_params params; /* as the request's, changed by the policy */
    int code;                     /* reject: SIP status 300–699 */
    char reason[96];              /* reject: reason phrase, "" for the standard one */
    char by[128];                 /* who decided: "policy/open.lua:12" or "default" */
    bool failed;                  /* a script error made the safe default decide */
};

#endif
