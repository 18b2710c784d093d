/*
 * Inside the focus: the focus itself, and the one way from a request to what becomes of it. Nobody
 * outside this folder includes this, nor the headers below. Focus thread.
 *
 * conference.h
 *   conference.c   conferences: find, make, reserve; and reading them
 *   about.c        what a conference tells of itself
 *   create.c       conferences with names of their own; who made a conference
 *   ending.c       how conferences end: for all, empty, in time, with their creator
 *   gone.c         names that no conference has any more
 * participant.h
 *   participant.c  participants: make, leave; and reading them
 *   standing.c     what they are in it: role, shown name, floor, leave to speak
 *   named.c        whom a URI names, and who sends a request
 * arrangement.h
 *   routing.c      what each hears and is heard by: routes to the buses of the mix; those buses
 *   arrange.c      media policy: asking for the plan of a mix, and carrying it out
 *   plan.h         such a plan, as data
 *   streams.c      which streams the calls have: sessions, hold, changes for all
 * sidebar.h
 *   sidebar.c      conferences within a conference
 *   aside.c        participants who come into one from its parent, by the call that they have
 * sound.h
 *   sound.c        how a conference sounds: its defaults
 *   music.c        music for who waits
 *   playback.c     a file that plays, there or to a visitor, or waits until another is over
 * take.h
 *   take.c         what is recorded of a conference
 *   take_note.c    what that is, told beside it
 *   recording.c    a file that is written, there or of a visitor
 * announce.h
 *   announce.c     what is played to all, or to a bus; softer while somebody speaks
 *   ear.c          what is played to one participant alone
 * admit.h
 *   admit.c        a call that wants in: create, join, answer
 *   factory.c      a call to a conference factory
 *   replace.c      a call that takes the place of another
 *   invite.c       a call of ours to somebody who is to come in
 * wishes.h
 *   wishes.c       several people to be called, or put out, at the wish of one
 *   uncalled.c     those whom nobody could call
 *   initiate.c     INITIATE: a conference, and others in it, for its owner
 *   refer.c        what is asked by REFER, and who is told how it goes
 *   refer_waiting.c  … about those who wait
 * pending_parts.h
 *   pending.c      requests that wait for somebody's decision
 *   moderators.c   who is to decide it
 *   waiting.c      callers who wait to be let in
 * visitor_parts.h
 *   visitor.c      callers who talk with an application, and are in no conference
 *   enter.c        … and come into one, with their application still there
 *   attendant.c    an application for who has come in without one
 * keys.h
 *   keys.c         for whom a key is that somebody presses
 * events.h
 *   events.c       the queue of what has happened, and who is told
 * and of the focus as a whole
 *   focus.c        create, connect, shut down
 *   subscribe.c    who wants to be told what happens: decision
 *   calls.c        what becomes of a call: session, established, ended; OPTIONS
 *   decide.c       the one way from a request to a decision
 *   submit.c       a participant's or script's wish: decision, effect
 *   recheck.c      asking anew about those who are in
 *   cause.c        what has led to a state
 *   incidents.c    who was lately kept or put out
 *   explain.c      why somebody does or does not hear another; explain_text.c: in one line
 *   media_events.c what the mixer tells
 *   cascade.c      conferences linked with those of other focuses (cascade.h)
 *   message.c      what is written to a conference (message.h); ration.h: how often
 */
#ifndef FOCUS_PRIVATE_H
#define FOCUS_PRIVATE_H

#include "focus/application.h"
#include "focus/focus.h"
#include "focus/policy.h"
#include "focus/sound.h"

#include <uthash.h>

enum {
    FOCUS_LISTENERS = 8,
    RETRY_AFTER = 10, /* s, said to callers when we are full */
};

/* First in what stands on a call (signalling.set_user) and on its leg. */
enum party { PARTY_PARTICIPANT, PARTY_VISITOR, PARTY_LEFT };

/* What stands on a call whose participant has left: its dialog still has to end. NULL stands on one
 * that was never let in. */
#define CALL_HAS_LEFT ((void *)&focus_call_has_left)
extern const enum party focus_call_has_left;

static inline bool is_party(const void *user, enum party party)
{
    return user && *(const enum party *)user == party;
}

/* NULL: somebody else, or nobody. */
static inline struct participant *participant_of(void *user)
{
    return is_party(user, PARTY_PARTICIPANT) ? user : NULL;
}

static inline struct visitor *visitor_of(void *user)
{
    return is_party(user, PARTY_VISITOR) ? user : NULL;
}

struct focus {
    struct loop *loop;
    char *domain;
    bool (*is_taken)(void *arg, const char *name);
    void *is_taken_arg;
    unsigned max_calls;
    unsigned media_timeout, answer_timeout; /* ms */
    const struct signalling *signalling;
    const struct mixing *mixing;
    const struct policy *policy;
    const struct application *application; /* NULL: there are none */
    const struct journalling *journalling; /* NULL: nothing is kept */
    struct sound sound;
    char attendant[64];          /* application; "": none */
    struct conference_life life; /* of those that calls create */
    unsigned patience;           /* ms that a conference waits for who comes first */
    unsigned gone_time;          /* ms that a generated name is remembered */
    struct gone *gone;           /* hash by name, oldest first */

    struct conference *by_id;         /* hash; ended ones too, until their event is told */
    struct conference *by_name;       /* hash; only those that can be called */
    struct participant *participants; /* hash; those who left too, until their event is told */
    struct visitor *visitors;         /* hash */
    struct recording *recordings;     /* list */
    struct pending *pending;          /* hash; decided ones too, until that has been told */
    unsigned calls;                   /* that were let in and are not yet over */

    struct queued_event *events, **events_tail;
    struct loop_timer *events_timer;
    const struct conference_event *telling; /* its hooks run; NULL: none do */
    bool is_telling_answer;                 /* and it was itself caused by an event hook */
    struct {
        void (*handler)(const struct conference_event *event, void *arg);
        void *arg;
    } listeners[FOCUS_LISTENERS];
    unsigned listener_count;

    struct {
        unsigned threads;            /* media threads that are */
        time_t since;                /* the first of them */
        uint64_t turned_away;        /* calls, since the start */
        uint64_t turned_away_before; /* and before `since` */
    } overload;

    bool shutting_down;
    struct loop_timer *shutdown_timer;
    void (*shutdown_done)(void *arg);
    void *shutdown_arg;
};

/* decide.c */
void decide(struct focus *focus, const struct request *request, struct decision *decision);
/* What it accepted could not be done, as its code and reason say: for the journal. */
void decision_failed(struct focus *focus, const struct request *request,
                     const struct decision *decision);
void actor_of_call(struct actor *actor, const struct call_info *info, uint64_t participant);

/* Whether nobody may learn who asks: they are without a name in the conference, or hidden. */
bool actor_is_secret(struct focus *focus, const struct actor *actor);

/* URI of who asks, as far as the roster may name it; NULL: it may not. To be freed. */
char *actor_name(struct focus *focus, const struct actor *actor);

/* submit.c */
/* Carries out what was accepted; errors as focus_submit. */
int submit_accepted(struct focus *focus, const struct request *request, struct decision *decision);
/* The same of what may be pending. */
int submit_decided(struct focus *focus, const struct request *request, struct decision *decision);

/* focus.c */
void focus_call_gone(struct focus *focus);
/* Something is over: who waits for the end of the server may be told. */
void focus_quiet_down(struct focus *focus);

#endif
