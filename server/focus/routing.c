/* Who speaks to which buses of the conference's mix and hears which, at what gain. The only place
 * that computes a route: from how a participant is, and nothing else. */
#include "focus/announce.h"
#include "focus/arrangement.h"
#include "focus/conference.h"
#include "focus/participant.h"
#include "focus/sidebar.h"
#include "focus/visitor_parts.h"

#include "core/log.h"

#include <errno.h>
#include <string.h>
#include <utlist.h>

/* ms: longer than a media thread is behind. For so long after the ramp legs may still speak to a
 * bus that has been given back. */
enum { BUS_REST = 1000 };

bool participant_is_heard(const struct participant *participant)
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
        if (arrangement->buses[i] == BUS_NONE)
            continue;
        route->speaks[arrangement->buses[i]] = sum(planned.speaks[i], speaks);
        route->hears[arrangement->buses[i]] = sum(planned.hears[i], hears);
    }
}

/* Each voice is recorded once, by whatever ways it is heard. */
static float record_gain(const struct participant *participant,
                         const struct arrangement *arrangement, float speaks)
{
    if (!participant->conference->is_tapped)
        return GAIN_OFF;
    return arrangement->plan ? sum(plan_loudness(arrangement->plan, participant->id), speaks)
                             : speaks;
}

static void compute(const struct participant *participant, const struct arrangement *arrangement,
                    struct leg_route *route)
{
    float speaks = participant_is_heard(participant) ? participant->speaks : GAIN_OFF;
    float hears = participant->held_by_us ? GAIN_OFF : participant->hears;

    route->speaks[MIX_MAIN] = speaks;
    route->hears[MIX_MAIN] = hears;
    if (arrangement->plan)
        follow_plan(participant, arrangement, speaks, hears, route);
    route->speaks[MIX_RECORD] = record_gain(participant, arrangement, speaks);
    route->hears[MIX_MUSIC] = participant->hears_music ? participant->hears : GAIN_OFF;
    route->hears[MIX_ANNOUNCE] = participant->conference->has_announced ? hears : GAIN_OFF;
}

/* ---- sidebars ------------------------------------------------------------------------------- */

static void lower(struct leg_route *route, float by)
{
    for (unsigned bus = 0; bus < MIX_BUSES; bus++) {
        bool is_off = route->hears[bus] <= GAIN_OFF || by <= GAIN_OFF;
        route->hears[bus] = is_off ? GAIN_OFF : route->hears[bus] + by;
    }
}

/* `in`: who it is there. What it would hear in the parent is its background; nothing of it is heard
 * but on the sidebar's bus. */
static void route_aside(const struct participant *in, float hears, struct leg_route *route)
{
    unsigned bus = in->conference->bus;

    lower(route, in->background);
    if (*in->conference->parent->farewell) /* it is for them, too */
        route->hears[MIX_ANNOUNCE] = hears;
    for (unsigned i = 0; i < MIX_BUSES; i++)
        route->speaks[i] = GAIN_OFF;
    route->speaks[bus] = participant_is_heard(in) ? in->speaks : GAIN_OFF;
    route->hears[bus] = hears;
}

static void compose(const struct participant *participant, struct leg_route *route)
{
    const struct participant *aside = participant->aside;
    const struct conference *parent = participant->conference->parent;
    float hears = participant->held_by_us ? GAIN_OFF : participant->hears;

    if (aside && aside->joined) {
        route_aside(aside, participant->held_by_us ? GAIN_OFF : aside->hears, route);
    } else if (aside && aside->is_prompted && participant->ear_bus != MIX_MAIN) {
        lower(route, aside->background); /* so that it is understood */
    } else if (parent) {
        route->hears[MIX_ANNOUNCE] = parent->has_announced ? hears : GAIN_OFF;
        route_aside(participant, hears, route);
    }
}

void routing_compute(const struct participant *participant, const struct arrangement *arrangement,
                     struct leg_route *route)
{
    if (participant->visitor && participant->visitor->is_out) {
        visitor_compute(participant->visitor, route);
        return;
    }
    *route = (struct leg_route){.ramp = MIX_RAMP};
    for (unsigned bus = 0; bus < MIX_BUSES; bus++)
        route->speaks[bus] = route->hears[bus] = GAIN_OFF;
    if (participant->joined) { /* else it hears but the question */
        compute(participant, arrangement, route);
        compose(participant, route);
    }
    if (participant->ear_bus != MIX_MAIN)
        route->hears[participant->ear_bus] =
            participant->held_by_us ? GAIN_OFF : participant->hears;
}

/* ---- all of it ------------------------------------------------------------------------------ */

int participant_route(struct participant *participant)
{
    const struct conference *parent = participant->conference->parent;
    struct leg_route route;

    if (participant->main) /* whose leg it is */
        return participant_route(participant->main);
    /* Not before the ACK: a forged INVITE must not aim our audio at its victim. */
    if (!participant->joined && !participant->is_confirming)
        return 0;
    routing_compute(participant, &(parent ? parent : participant->conference)->arrangement, &route);
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

static int route_members(const struct conference *conference)
{
    struct participant *participant;
    int error = 0, failure;

    DL_FOREACH(conference->members, participant)
    {
        /* Who has come aside has the leg of who it is in the parent. */
        failure = participant->main ? 0 : participant_route(participant);
        error = failure ? failure : error;
    }
    return error;
}

int conference_route(struct conference *conference)
{
    const struct conference *sidebar;
    int error = route_members(conference), failure;

    DL_FOREACH2(conference->sidebars, sidebar, next_sidebar)
    {
        failure = route_members(sidebar);
        error = failure ? failure : error;
    }
    return error;
}

/* ---- buses ---------------------------------------------------------------------------------- */

unsigned conference_bus_rest(const struct conference *conference)
{
    const struct bus_set *buses = &conference->buses;
    uint64_t now = loop_now(conference->focus->loop), soonest = UINT64_MAX;

    for (unsigned bus = MIX_FREE; bus < MIX_BUSES; bus++) {
        if (buses->rests_until[bus] > now && buses->rests_until[bus] < soonest)
            soonest = buses->rests_until[bus];
    }
    return soonest < UINT64_MAX ? (unsigned)(soonest - now) : 0;
}

int conference_take_bus(struct conference *conference, unsigned *busp)
{
    struct bus_set *buses = &conference->buses;
    uint64_t now = loop_now(conference->focus->loop);

    for (unsigned bus = MIX_FREE; bus < MIX_BUSES; bus++) {
        if ((buses->taken & UINT64_C(1) << bus) == 0 && buses->rests_until[bus] <= now) {
            *busp = bus;
            buses->taken |= UINT64_C(1) << bus;
            return 0;
        }
    }
    return ENOSR;
}

void conference_give_bus(struct conference *conference, unsigned bus, unsigned ramp)
{
    struct bus_set *buses = &conference->buses;

    announcements_leave_bus(conference, bus);
    buses->taken &= ~(UINT64_C(1) << bus);
    buses->rests_until[bus] = loop_now(conference->focus->loop) + ramp + BUS_REST;
    arrangement_supply(conference);
}
