/*
 * Inside the focus: a participant, from its call to its leaving, and what it is in its conference.
 * Focus thread.
 */
#ifndef FOCUS_PARTICIPANT_H
#define FOCUS_PARTICIPANT_H

#include "focus/cause.h"
#include "focus/events.h"
#include "focus/focus.h"
#include "focus/keys.h"
#include "focus/private.h"
#include "focus/ration.h"

#include <uthash.h>

/* How it is with the application that attends to somebody. */
enum attendance {
    ATTENDANT_DUE,   /* it begins as soon as no other application talks with them */
    ATTENDANT_BEGUN, /* it talks with them, or has ended */
    ATTENDANT_FAILED /* its next key begins it anew */
};

struct participant {
    enum party party;
    uint64_t id;
    struct conference *conference;
    struct call *call;               /* NULL once it left */
    struct call_info info;           /* a copy that outlives the call */
    char *strings;                   /* where info's strings live */
    char role[32], display_name[64]; /* the latter "": as its phone says */
    char spoken_name[128];           /* a file; "": none says it */
    struct leg *leg;                 /* NULL once it left */
    struct leg_stats stats;          /* last ones, once it left */
    enum stream_direction direction; /* of its session, if it has_session */
    bool has_session, has_audio;
    bool joined, left, muted, speaking;
    bool held_by_phone, held_by_us, held_told;
    bool is_source;   /* it has never wanted to receive, which is no hold */
    bool is_outdated; /* it is to learn what has changed for all */
    bool is_doubted;  /* the policy is to be asked about it again */
    bool hidden, listen_only, has_floor;
    unsigned anonymous; /* its number among the nameless of the conference; 0: it has a name */
    struct cause causes[CAUSE_COUNT];
    struct departure departure;
    char *brought_by, *removed_by; /* URI of who had it called, or put it out; NULL: nobody whom the
                                      roster names */
    struct leg_voice voice;
    float speaks, hears; /* dB */
    bool hears_music;
    unsigned ear_bus;            /* that it alone hears; MIX_MAIN: none */
    unsigned ear_plays;          /* files that play there, or fade out */
    bool called, alerting;       /* by us, and not answered yet; the phone rings */
    uint64_t track;              /* id of what it says in a recording; 0: there was none yet */
    struct loop_timer *patience; /* runs while it is called */
    struct referrer *referrers;  /* list: who is told whether it comes in */
    struct visitor *visitor;     /* as which its application knows it; NULL: none any more */
    struct told_keys told_keys;
    char attendant[64];       /* application; "" or "none": none */
    bool has_usual_attendant; /* as the config said, and no policy otherwise */
    enum attendance attendance;
    struct music music;              /* that a policy gave it */
    char language[LANGUAGE_SIZE];    /* of prompts; "": the settings' */
    struct participant *main;        /* who it is in the parent, whose call and leg it has; NULL: it
                                        has its own */
    struct participant *aside;       /* the other way round: who it is in a sidebar; or NULL */
    float background;                /* dB; in a sidebar: how loud the parent is */
    char accept, decline;            /* keys that answer the question whether it comes in */
    bool is_prompted;                /* by what is played to it alone */
    char *question;                  /* files that it hears once it answers our call, before it is
                                        in; NULL: it is in at once. Owned. */
    bool is_confirming;              /* it hears them */
    uint64_t asked_at;               /* loop_now() then */
    struct participant *successor;   /* whose call is to replace this one when it is confirmed */
    struct participant *predecessor; /* the other way round; both NULL: none */
    bool speaking_told, speaking_queued;
    struct ration messages; /* that it has written */
    time_t joined_at, made_at;
    struct participant *prev, *next; /* in conference.members */
    struct queued_event last;        /* its place in the queue once it left */
    UT_hash_handle hh;
};

/* participant.c */
/* `leg`: the one that the call has; NULL: it gets one. */
int participant_make(struct conference *conference, struct call *call, struct leg *leg,
                     const struct request_params *params, struct participant **participantp);
/* One in a sidebar, who has the call of `main`, who is in its parent. ENOMEM. */
int participant_make_aside(struct conference *sidebar, struct participant *main,
                           const struct request_params *params, struct participant **participantp);
/* Whose call and leg it is. */
struct participant *participant_own(struct participant *participant);
/* Where it speaks and presses keys: in the sidebar, if it is in one. */
struct participant *participant_here(struct participant *participant);
/* Takes what signalling has learned about the call since the participant was made. */
void participant_learn(struct participant *participant);
/* Changes what is done to the participant's voice. */
void participant_enhance(struct participant *participant, const struct request_params *params);
/* Leaves the roster and the mix at once, whatever the call's dialog still has to do. `code` as in
 * signalling's on_ended. */
void participant_leave(struct participant *participant, enum departure_method method, int code,
                       const char *reason);
/* Whom we called has answered. */
void participant_answered(struct participant *participant);
/* The call is up: it has joined. */
void participant_established(struct participant *participant);
/* Leaves, and the call is ended. */
void participant_remove(struct participant *participant, enum departure_method method, int code,
                        const char *reason);
/* Takes a copy of a call's description, which outlives the call by one event. ENOMEM. */
int participant_describe(struct participant *participant, const struct call_info *info);
void participant_free(struct participant *participant);

/* It began or stopped to speak, here. */
void participant_set_speaking(struct participant *participant, bool speaking);

/* standing.c */
/* role, rename, floor, permit: what a participant is in its conference. */
bool verb_is_of_standing(enum verb verb);
/* The effect of such a verb. ENOMEM. */
int standing_change(struct participant *participant, enum verb verb,
                    const struct decision *decision);
/* The same for who is to replace the one whom it was decided about. */
void standing_pass_on(struct participant *participant, enum verb verb,
                      const struct decision *decision);

/* named.c */
/* As the roster names people: a user's URI names all its endpoints, an endpoint's only that one
 * (RFC 4575 §5.6, §5.7). */
bool participant_is_named(const struct participant *participant, const char *uri);
/* Whether "192.0.2.1:5060;udp" and the other are of one host. */
bool is_same_host(const char *peer, const char *other);
/* The participant who sends a request, within `call` or, when that is NULL, outside of any. NULL:
 * somebody from outside. */
struct participant *conference_find_caller(const struct conference *conference,
                                           const struct call *call, const struct caller *caller);

#endif
