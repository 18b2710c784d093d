/* Inside a plan: used by plan*.c only. */
#ifndef FOCUS_PLAN_PARTS_H
#define FOCUS_PLAN_PARTS_H

#include "focus/plan.h"

/* A participant's gain towards or from a bus, or with a listener. */
struct plan_gain {
    uint64_t participant; /* of a pair: the talker */
    uint64_t with;        /* index of a bus, or id of the listener */
    float gain;
    unsigned order;
    const char *place; /* one of the plan's */
};

/* Once the plan is sealed: by participant, then by `with`. */
struct plan_gains {
    struct plan_gain *gains;
    unsigned count, room;
};

struct plan_bus {
    char name[PLAN_NAME]; /* "": a talker's own */
    uint64_t talker;
    const char *place;
};

struct plan {
    struct plan_gains speaks, hears, pairs;
    struct plan_bus buses[PLAN_BUSES];
    unsigned bus_count, ramp;
    bool is_said;
    char **places;
    unsigned place_count;
};

/* PLAN_BUSES: the talker has none. */
unsigned plan_own_bus(const struct plan *plan, uint64_t talker);

#endif
