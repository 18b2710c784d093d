/*
 * A server that is simulated, as those who try scripts in it see it: the real focus, scripts and
 * documents, upon phones, a mixer, a store and a web that do not exist, on a clock that only moves
 * when it is told to. Nothing in it knows that it is none.
 *
 * Implemented by the simulate room (struct simulating), used by lua. All functions run on one
 * thread, which need not be the focus thread of a server beside it.
 */
#ifndef PORTS_SIMULATING_H
#define PORTS_SIMULATING_H

#include "core/account.h"
#include "core/body.h"
#include "ports/fetching.h"
#include "ports/initiating.h"
#include "ports/mixing.h"
#include "ports/notifying.h"
#include "ports/referring.h"
#include "ports/signalling.h"

#include <jansson.h>
#include <time.h>

struct simulation;
struct focus;
struct loop;
struct lua_engine;
struct request;
struct decision;

/* How long sound files are. */
struct simulated_sounds {
    void *ctx;
    /* EINVAL: it cannot be played, and `error` says why. */
    int (*look)(void *ctx, const char *file, unsigned *msp, char *error, size_t error_size);
};

/* What the simulation is to be like; borrowed for its life. */
struct simulation_config {
    const char *site_policy; /* as in struct lua_engine_config, like … */
    const char *config_file;
    const json_t *applications; /* … these */
    const char *language;
    const char *domain;                    /* "": it answers for every host name */
    const struct accounts *accounts;       /* NULL: only those of the site policy */
    const struct simulated_sounds *sounds; /* NULL: each file is there, and takes a second */
    /* Makes the conferences that are there from the beginning. An errno. NULL: there are none. */
    int (*prepare)(void *arg, struct focus *focus);
    void *prepare_arg;
    time_t when; /* by the wall clock, when it begins */
};

/* Who calls, and where; NULL: "" or what is usual. Copied. */
struct simulated_caller {
    const char *user, *host;  /* of its address; "example.com" */
    const char *to, *to_host; /* the user part that is called; "127.0.0.1" */
    const char *display_name;
    const char *user_agent;
    const char *groups;
    const char *referred_by;
    enum proof proof;
    bool anonymous;
    const struct recipients *recipients; /* whom the conference is to call, too (RFC 5366) */
};

enum simulated_state {
    SIMULATED_RINGS, /* begun, and not answered */
    SIMULATED_EARLY, /* with audio before the answer */
    SIMULATED_UP,
    SIMULATED_REJECTED, /* over without an answer */
    SIMULATED_ENDED,
};

struct simulated_call {
    enum simulated_state state;
    int code;           /* of one that is over; 0: hung up by the phone */
    const char *reason; /* "" */
    const char *target; /* where it was redirected or transferred to; "" */
    const char *contact;
    bool is_focus;
    bool is_outgoing; /* the simulated server has begun it */
    int referred;     /* what was reported last of its last REFER; 0: nothing */
};

/* One decision, whoever has made it. */
struct simulated_decision {
    const char *verb, *verdict; /* "join"; "accept", "reject", "pending" */
    const char *actor, *conference, *by, *reason;
    int code;
};

struct simulating {
    void *ctx;
    /* Loads the scripts, too. EINVAL, ENOMEM, with "file:line: what" in `error`. */
    int (*create)(void *ctx, const struct simulation_config *config,
                  struct simulation **simulationp, char *error, size_t error_size);
    void (*destroy)(struct simulation *simulation);
    struct focus *(*focus)(struct simulation *simulation);
    struct lua_engine *(*engine)(struct simulation *simulation);
    /* A virtual one: see core/loop.h. */
    struct loop *(*loop)(struct simulation *simulation);
    /* A copy of each of them is kept, the first 10,000. NULL: there is none of that number, from
     * 0. */
    const struct simulated_decision *(*decision)(const struct simulation *simulation,
                                                 unsigned index);
    /* Who answers for the web from now on. The answer goes to fetch_answer, at once or later; until
     * then the fetch may be cancelled, which is not told. NULL: nothing can be reached. */
    void (*answer_web)(struct simulation *simulation,
                       void (*handler)(const struct fetch_request *request,
                                       struct fetch_answer *answer, void *arg),
                       void *arg);

    /* A phone calls; what comes of it, the loop's next turns tell. The call stays until the
     * simulation ends. ENOMEM. */
    int (*dial)(struct simulation *simulation, const struct simulated_caller *caller,
                struct call **callp);
    /* All calls, those that the server has begun included. The first one for NULL; NULL after the
     * last one. */
    struct call *(*next)(const struct simulation *simulation, const struct call *after);
    /* No two calls of any simulation have the same id. NULL: that is none of this one. */
    uint64_t (*id)(const struct call *call);
    struct call *(*find)(const struct simulation *simulation, uint64_t id);
    void (*look)(const struct call *call, struct simulated_call *view);
    const struct call_info *(*info)(const struct call *call);
    /* The id of the participant, else of the visitor that it is; 0: neither. */
    uint64_t (*participant)(const struct call *call);
    uint64_t (*visitor)(const struct call *call);

    /* What a phone does; false: it cannot, as the call is not that far, or is over. */
    bool (*answer)(struct call *call);           /* a call that rings there */
    bool (*refuse)(struct call *call, int code); /* the same */
    bool (*hang_up)(struct call *call);          /* also before the answer */
    bool (*hold)(struct call *call, bool on);
    bool (*press)(struct call *call, char key);
    bool (*speak)(struct call *call, float level); /* dBov; -127: it is silent again */
    bool (*lose)(struct call *call, unsigned ms);  /* nothing has come from it for so long */
    bool (*judge)(struct call *call, const struct leg_quality *quality);
    /* It sends a REFER within its call, about that URI: `code` and `reason` of *reference say what
     * is answered. */
    bool (*refer)(struct call *call, enum reference_method method, const char *uri,
                  struct reference *reference);
    /* A phone without a call sends an INITIATE about its recipients; *initiation says what is
     * answered. ENOMEM. */
    int (*initiate)(struct simulation *simulation, const struct simulated_caller *caller,
                    struct initiation *initiation);

    /* Sends a MESSAGE to the conference that it calls or is in, in its call while that is up; the
     * status that it is answered with, and why. */
    int (*write)(struct call *call, const char *text, char reason[96]);
    /* The messages that were sent to it, as a phone shows them; NULL: there were not so many. */
    const char *(*read)(const struct call *call, unsigned index);

    /* dB at which the mixer would let one hear another; GAIN_OFF: not at all. */
    float (*hears)(const struct call *listener, const struct call *talker);
    /* The files that were played to it, in their order; NULL: there were not so many. */
    const char *(*heard)(const struct call *call, unsigned index);
    /* How many of them whoever tests has taken note of: theirs to count, 0 at first. */
    unsigned *(*heeded)(struct call *call);
    /* The same, of those that play now. */
    const char *(*plays)(const struct call *call, unsigned index);
    /* What the caller sees who subscribes to that event package: a new reference. NULL: it is told
     * nothing, `code` and `reason` of *subscriber say why. */
    struct body *(*document)(struct call *call, const char *package, struct subscriber *subscriber);
    /* The same of the conference package, as data (see simulate/sight.c): a new reference. */
    json_t *(*sees)(struct call *call, struct subscriber *subscriber);
};

#endif
