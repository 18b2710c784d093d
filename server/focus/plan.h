/*
 * The plan of a mix: what a policy wants it to be like, as data (framework 4.3). Buses with names,
 * who speaks to them and hears them at what gain, and exceptions for one listener and one talker.
 * It knows neither scripts nor the mixer; routing.c carries it out.
 *
 * What a plan does not say: who is given no bus to speak to is silent, and who is given none to
 * hear hears the main bus.
 *
 * A talker with exceptions has a bus of their own in place of all others, which everybody hears as
 * loud as they would otherwise hear the talker, but for the exceptions. So such a talker costs one
 * bus, however many exceptions there are.
 */
#ifndef FOCUS_PLAN_H
#define FOCUS_PLAN_H

#include "ports/mixing.h"

struct plan;

enum {
    PLAN_MAIN = 0,                           /* the index of the main bus, which is always there */
    PLAN_BUSES = 1 + (MIX_BUSES - MIX_FREE), /* with those of talkers who have exceptions */
    PLAN_SPEAKS = MIX_SPEAKS - 1,            /* buses that one may speak to, besides MIX_RECORD */
    PLAN_NAME = 32,                          /* bytes of a bus's name with NUL */
};

/* NULL: out of memory. */
struct plan *plan_create(void);
void plan_destroy(struct plan *plan); /* NULL is fine */

/* ---- making one ----------------------------------------------------------------------------- */

/* `place` is where that is said, to be told why: "policy/lecture.lua:12". What is said later about
 * the same counts. Gains in dB, GAIN_OFF: not at all. ENOMEM. */

/* One of that name, be it new or not. ENOSPC: it would be one too many. EINVAL: too long a name. */
int plan_add_bus(struct plan *plan, const char *name, const char *place, unsigned *busp);
int plan_set_speaks(struct plan *plan, uint64_t participant, unsigned bus, float gain,
                    const char *place);
int plan_set_hears(struct plan *plan, uint64_t participant, unsigned bus, float gain,
                   const char *place);
/* ENOSPC: no bus is left for the talker. EINVAL: they are the same. */
int plan_set_pair(struct plan *plan, uint64_t listener, uint64_t talker, float gain,
                  const char *place);
void plan_set_ramp(struct plan *plan, unsigned ms);
/* It is complete. Only now it can be read. E2BIG: *placep has somebody speak to more than
 * PLAN_SPEAKS buses. */
int plan_seal(struct plan *plan, const char **placep);

/* ---- reading -------------------------------------------------------------------------------- */

bool plan_is_empty(const struct plan *plan); /* nothing was said: it is none */
unsigned plan_ramp(const struct plan *plan); /* ms */
unsigned plan_bus_count(const struct plan *plan);
/* "": it is a talker's own. */
const char *plan_bus_name(const struct plan *plan, unsigned bus);
/* Of a bus with a name: the index of such a one; PLAN_BUSES: none. */
unsigned plan_find_bus(const struct plan *plan, const char *name);
/* The bus that means the same as another plan's; PLAN_BUSES: none does. */
unsigned plan_find_same_bus(const struct plan *plan, const struct plan *other, unsigned bus);

/* A participant's gains in dB towards and from each of the plan's buses. */
struct plan_route {
    float speaks[PLAN_BUSES], hears[PLAN_BUSES];
};

void plan_route(const struct plan *plan, uint64_t participant, struct plan_route *route);
/* dB of the loudest way by which the participant speaks to others; GAIN_OFF: there is none. */
float plan_loudness(const struct plan *plan, uint64_t participant);

/* One way from a talker to a listener; the places are "" for what nobody has said. */
struct plan_path {
    const char *bus;
    float speaks, hears; /* dB */
    const char *speaks_place, *hears_place;
};

/* How loud one hears another, and why. Borrowed from the plan. */
struct plan_reason {
    float gain; /* dB; GAIN_OFF: not at all */
    const char
        *exception; /* where it is said for the two of them; NULL: nowhere, the paths count */
    struct plan_path paths[PLAN_BUSES]; /* those that are off, too */
    unsigned path_count;                /* 0: the talker is given no bus to speak to */
};

void plan_explain(const struct plan *plan, uint64_t listener, uint64_t talker,
                  struct plan_reason *reason);

#endif
