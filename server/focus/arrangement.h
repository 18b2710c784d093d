/*
 * Inside the focus: media of those who are in: who hears whom by which bus of the mix, and which
 * streams their calls have. Focus thread.
 */
#ifndef FOCUS_ARRANGEMENT_H
#define FOCUS_ARRANGEMENT_H

#include "focus/cause.h"
#include "focus/plan.h"
#include "focus/policy.h"

/* Those of a mix, but for the reserved ones. */
struct bus_set {
    uint64_t taken;                  /* bit mask */
    uint64_t rests_until[MIX_BUSES]; /* ms, of one that has been given back */
};

enum { BUS_NONE = MIX_BUSES }; /* a plan's bus is to get one of the mix when there is one */

/* How the plan of a mix is carried out. */
struct arrangement {
    struct plan *plan;         /* NULL: all speak to the main bus and hear it. Owned. */
    uint8_t buses[PLAN_BUSES]; /* of the mix, for each of the plan's */
    bool lacks_buses;          /* it has BUS_NONE, or could not come in force at all */
    bool is_behind;            /* somebody still has the route of another plan … */
    uint64_t stale;            /* … which may lead to these buses (bit mask) */
    const char *fault;        /* why the last answer of the hook mix is not in force; NULL: it is */
    struct cause cause;       /* why it is as it is, but for `by`: a place in the plan */
    unsigned watched;         /* what it was made from, besides what is told by events: mix_watch */
    struct loop_timer *timer; /* until policies are asked anew … */
    uint64_t asks_at;         /* … in ms */
    uint64_t asked_at, idle_until; /* ms */
};

/* routing.c */
/* Tells the mixer what the participant hears, and who hears it. ENOMEM: it goes on as before. */
int participant_route(struct participant *participant);
/* The same for what cannot be taken back: without the memory for it the participant has to go. */
void participant_route_or_remove(struct participant *participant);
/* Neither muted nor on hold, and with leave to speak. */
bool participant_is_heard(const struct participant *participant);
/* What the route is under the arrangement. */
void routing_compute(const struct participant *participant, const struct arrangement *arrangement,
                     struct leg_route *route);
/* All whose legs are in its mix, those who have called its sidebars included; one whom an error
 * concerns goes on as before. */
int conference_route(struct conference *conference);
/* A bus of the conference's mix that nobody else has. ENOSR. */
int conference_take_bus(struct conference *conference, unsigned *busp);
/* ms after which there is one more, as some rest; 0: none does. */
unsigned conference_bus_rest(const struct conference *conference);
/* Once no participant's route leads there. It rests until no leg speaks to it any more, `ramp` ms
 * and some more. */
void conference_give_bus(struct conference *conference, unsigned bus, unsigned ramp);

/* arrange.c */
/* The event has been told: it may be one after which the mix has to be another. */
void arrange_after(struct focus *focus, const struct conference_event *event);
/* Something has changed that only those are asked about who have made their plan from it. */
void conference_changed(struct conference *conference, enum mix_watch what);
/* A bus of the mix has been given back. */
void arrangement_supply(struct conference *conference);
/* The bus of the mix that the conference's plan calls so; BUS_NONE: it has none. */
unsigned arrangement_find_bus(const struct conference *conference, const char *name);
/* With the mix. */
void arrangement_drop(struct conference *conference);

/* streams.c */
/* Whether it is on hold, if that has changed. */
void participant_tell_held(struct participant *participant);
/* How the participant's call is to be answered, offered or changed. */
void participant_answer(const struct participant *participant, struct answer *answer);
/* Offer/answer has ended well. */
void participant_session(struct participant *participant, const struct session *session);
/* A change of ours is in force (200), or refused. */
/* Its call is told anew what it is to be, in a re-INVITE. */
void participant_refresh(struct participant *participant);
void participant_updated(struct participant *participant, int code, const char *reason);
/* ENOMEM; ECANCELED: the call cannot be changed. */
int participant_hold(struct participant *participant, bool held);
/* Changes the media of all who are in, one after the other, and of who comes later. EINVAL: no
 * codec of that name. */
int conference_change_media(struct conference *conference, const struct request_params *params);
/* It is over: from now on media are as for any other. */
void conference_reset_media(struct conference *conference);

#endif
