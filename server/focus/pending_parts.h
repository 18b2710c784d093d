/*
 * Inside the focus: requests that wait for somebody's decision. Focus thread.
 */
#ifndef FOCUS_PENDING_PARTS_H
#define FOCUS_PENDING_PARTS_H

#include "focus/events.h"
#include "focus/pending.h"

#include <uthash.h>

/* Whoever is to hear what has become of a request of theirs: accepted, or not. */
struct asker {
    void (*decided)(void *arg, const struct decision *result); /* NULL: nobody */
    void *arg;
};

struct pending {
    uint64_t id;
    struct request request;
    struct invitation invitation; /* request.invitation, if it has one */
    struct sidebar_wish sidebar;  /* the same, of request.sidebar */
    char *strings;                /* where their texts live */
    struct decision decision;     /* which lets it wait */
    struct visitor *caller;       /* whose call waits; NULL: none */
    struct asker asker;
    struct referral *referral; /* is told; NULL: nobody */
    bool tells_uncalled;       /* that somebody is not called is told as their failure to come */
    bool brings_creator;       /* whom the conference is over without */
    bool is_over;              /* which is still to be told */
    char decided_by[256];      /* who has: a URI; "": nobody who is named */
    time_t since;
    struct loop_timer *expiry;
    struct pending *prev, *next; /* in conference.pending */
    struct queued_event last;    /* its place in the queue once it is over */
    UT_hash_handle hh;
};

/* pending.c */
/* Keeps a request that may wait, and fills decision->pending: EINPROGRESS. EPERM: there is no room
 * for it, decision->code and reason say so. */
int pending_add(const struct request *request, struct decision *decision);
/* Once its end has been told. */
void pending_free(struct pending *pending);
/* The effect of an accepted decide; errors as of focus_submit. */
int pending_decide(struct pending *pending, const struct request *request,
                   struct decision *decision);
/* Who asked has gone, and hears nothing of it. */
void pending_withdraw(struct pending *pending, int code, const char *reason);
/* The conference is over, and all that waits in it. */
void pending_end_all(struct conference *conference, int code, const char *reason);
/* What is wished about the participant, here or in a sidebar, is wished about who goes on for it,
 * or about nobody: then it is over. */
void pending_target_left(const struct participant *participant);
/* moderators.c */
/* Those who are to decide, and are in, hear that it waits. */
void pending_announce(const struct pending *pending);
/* The participant has come in, and hears that something waits for its decision. */
void pending_greet(struct participant *participant);
/* Whether it is up to this actor when no policy says otherwise. */
bool pending_may_be_decided_by(const struct pending *pending, const struct actor *actor);

/* waiting.c */
/* The call waits for a decision about its request, if there is room for it. */
void waiting_begin(struct call *call, const struct request *request, struct decision *decision);
/* The same of a visitor whose application wants it in: EINPROGRESS. EPERM: there is no room. */
int waiting_join(struct visitor *visitor, const struct request *request, struct decision *decision);
/* There is audio: what is to be heard meanwhile begins. */
void waiting_play(struct visitor *visitor);
/* The file could not be played to it. True: a policy had given it that, and it hears the
 * conference's instead. */
bool waiting_lose_music(struct visitor *visitor, const char *file, const char *problem);
/* The visitor, who has waited, has left. */
void waiting_gone(struct visitor *visitor, int code, const char *reason);
/* The caller is not let in, and goes, unless it has an application … */
void waiting_refuse(struct pending *pending, const struct decision *result);
/* … or is: result->participant. ECANCELED: it could not be done, result->code and reason say why.
 */
int waiting_enter(struct pending *pending, struct decision *result);

/* named.c */
/* Whether the URI names who waits to come in, or to be called. */
bool pending_is_named(const struct pending *pending, const char *uri);

#endif
