/* Who speaks to which buses of the conference's mix and hears which, at what gain. The only place
 * that computes a route: from how a participant is, and nothing else. */
#include "focus/private.h"

#include "core/log.h"

#include <errno.h>
#include <string.h>
#include <utlist.h>

/* ms: longer than any ramp, and than a media thread is behind. For so long, and at most twice that,
 * legs may still speak to a bus that has been given back. */
enum { BUS_REST = MIX_RAMP_MAX + 1000 };

static bool is_heard(const struct participant *participant)
{
    return !participant->muted && !participant->listen_only && !participant_is_held(participant);
}

static float sum(float one, float other)
{
    return one > GAIN_OFF && other > GAIN_OFF ? one + other : GAIN_OFF;
}

/* The participant's own gains, OFF for neither, come on top of the plan's. */
static void follow_plan(const struct participant *participant,
                        const struct arrangement *arrangement, float speaks, float hears,
                        struct leg_route *route)
{
    struct plan_route planned;

    plan_route(arrangement->plan, participant->id, &planned);
    for (unsigned i = 0; i < plan_bus_count(arrangement->plan); i++) {
        route->speaks[arrangement->buses[i]] = sum(planned.speaks[i], speaks);
        route->hears[arrangement->buses[i]] = sum(planned.hears[i], hears);
    }
}

void routing_compute(const struct participant *participant, const struct arrangement *arrangement,
                     struct leg_route *route)
{
    float speaks = is_heard(participant) ? participant->speaks : GAIN_OFF;
    float hears = participant->held_by_us ? GAIN_OFF : participant->hears;

    *route = (struct leg_route){.ramp = MIX_RAMP};
    for (unsigned bus = 0; bus < MIX_BUSES; bus++)
        route->speaks[bus] = route->hears[bus] = GAIN_OFF;
    route->speaks[MIX_MAIN] = speaks;
    route->hears[MIX_MAIN] = hears;
    if (arrangement->plan)
        follow_plan(participant, arrangement, speaks, hears, route);
    route->hears[MIX_MUSIC] = participant->hears_music ? participant->hears : GAIN_OFF;
    route->hears[MIX_ANNOUNCE] = participant->conference->has_announced ? hears : GAIN_OFF;
}

int participant_route(struct participant *participant)
{
    struct leg_route route;

    /* Not before the ACK: a forged INVITE must not aim our audio at its victim. */
    if (!participant->joined)
        return 0;
    routing_compute(participant, &participant->conference->arrangement, &route);
    return participant->conference->focus->mixing->leg_route(participant->leg, &route);
}

void participant_route_or_remove(struct participant *participant)
{
    struct conference *conference = participant->conference;

    if (!participant_route(participant))
        return;
    participant_remove(participant, FAILED, 500, "Out of memory");
    conference_end_if_over(conference);
}

int conference_route(struct conference *conference)
{
    struct participant *participant;
    int error = 0, failure;

    DL_FOREACH(conference->members, participant)
    {
        failure = participant_route(participant);
        error = failure ? failure : error;
    }
    return error;
}

/* ---- buses ---------------------------------------------------------------------------------- */

static void buses_rest(struct bus_set *buses, uint64_t now)
{
    if (now - buses->turned_at < BUS_REST)
        return;
    buses->rested = now - buses->turned_at < 2 * BUS_REST ? buses->resting : 0;
    buses->resting = 0;
    buses->turned_at = now;
}

int conference_take_bus(struct conference *conference, unsigned *busp)
{
    const uint64_t reserved = (UINT64_C(1) << MIX_FREE) - 1;
    struct bus_set *buses = &conference->buses;
    uint64_t left;

    buses_rest(buses, loop_now(conference->focus->loop));
    left = ~(reserved | buses->taken | buses->resting | buses->rested);
    if (!left)
        return ENOSPC;
    *busp = (unsigned)__builtin_ctzll(left);
    buses->taken |= UINT64_C(1) << *busp;
    return 0;
}

void conference_give_bus(struct conference *conference, unsigned bus)
{
    struct bus_set *buses = &conference->buses;

    buses_rest(buses, loop_now(conference->focus->loop));
    buses->taken &= ~(UINT64_C(1) << bus);
    buses->resting |= UINT64_C(1) << bus;
}
