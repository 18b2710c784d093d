/*
 * Conferences as documents, for those who subscribe to them: the conference package (RFC 4575) and
 * the dialog package (RFC 4235).
 *
 * It reads the focus, listens to its events, and hands finished bodies to signalling by
 * ports/notifying.h. Used by main. Focus thread.
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include "core/loop.h"
#include "focus/focus.h"
#include "ports/notifying.h"

struct state;

struct state_config {
    struct loop *loop;
    struct focus *focus;
    const struct notifying *notifying;
    unsigned interval; /* ms, at least, between two changes of a conference that are told */
};

/* EINVAL, ENOMEM. */
int state_create(const struct state_config *config, struct state **statep);
/* When the subscriptions are gone (sip_agent_destroy); the focus may be gone, too. */
void state_destroy(struct state *state);

/* What signalling is to offer; lives as long as `state`. */
const struct package *state_packages(const struct state *state, unsigned *countp);

/* Conferences were changed, or taken away, by another way than an event tells: a reload. */
void state_touch(struct state *state);
/* The server is stopping: subscribers are told to come back later. */
void state_stop(struct state *state);

#endif
