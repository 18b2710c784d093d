/* What a plan means: gains of one participant, and of one with another. */
#include "focus/plan_parts.h"

#include <math.h>
#include <string.h>

bool plan_is_empty(const struct plan *plan)
{
    return !plan->is_said;
}

unsigned plan_ramp(const struct plan *plan)
{
    return plan->ramp;
}

unsigned plan_bus_count(const struct plan *plan)
{
    return plan->bus_count;
}

const char *plan_bus_name(const struct plan *plan, unsigned bus)
{
    return plan->buses[bus].name;
}

unsigned plan_find_bus(const struct plan *plan, const char *name)
{
    for (unsigned i = 0; i < plan->bus_count; i++) {
        if (!plan->buses[i].talker && strcmp(plan->buses[i].name, name) == 0)
            return i;
    }
    return PLAN_BUSES;
}

unsigned plan_own_bus(const struct plan *plan, uint64_t talker)
{
    for (unsigned i = 1; i < plan->bus_count; i++) {
        if (plan->buses[i].talker == talker)
            return i;
    }
    return PLAN_BUSES;
}

unsigned plan_find_same_bus(const struct plan *plan, const struct plan *other, unsigned bus)
{
    const struct plan_bus *sought = &other->buses[bus];

    return sought->talker ? plan_own_bus(plan, sought->talker) : plan_find_bus(plan, sought->name);
}

/* The first one of the participant that is with `with` or more; the end when there is none. */
static const struct plan_gain *find(const struct plan_gains *list, uint64_t participant,
                                    uint64_t with)
{
    unsigned low = 0, high = list->count;

    while (low < high) {
        unsigned middle = (low + high) / 2;
        const struct plan_gain *gain = &list->gains[middle];

        if (gain->participant < participant ||
            (gain->participant == participant && gain->with < with))
            low = middle + 1;
        else
            high = middle;
    }
    return list->gains + low;
}

static bool is_of(const struct plan_gains *list, const struct plan_gain *gain, uint64_t participant)
{
    return gain < list->gains + list->count && gain->participant == participant;
}

/* NULL: nothing is said of the two. */
static const struct plan_gain *find_exactly(const struct plan_gains *list, uint64_t participant,
                                            uint64_t with)
{
    const struct plan_gain *gain = find(list, participant, with);

    return is_of(list, gain, participant) && gain->with == with ? gain : NULL;
}

static float linear(float gain)
{
    return gain > GAIN_OFF ? powf(10, gain / 20) : 0;
}

static float decibels(float factor)
{
    return factor > 0 ? 20 * log10f(factor) : GAIN_OFF;
}

static float both(float one, float other)
{
    return one > GAIN_OFF && other > GAIN_OFF ? one + other : GAIN_OFF;
}

static void hear(const struct plan *plan, uint64_t participant, float hears[PLAN_BUSES])
{
    const struct plan_gain *gain = find(&plan->hears, participant, 0);

    for (unsigned i = 0; i < PLAN_BUSES; i++)
        hears[i] = GAIN_OFF;
    if (!is_of(&plan->hears, gain, participant))
        hears[PLAN_MAIN] = 0;
    for (; is_of(&plan->hears, gain, participant); gain++)
        hears[gain->with] = gain->gain;
}

/* dB at which the talker is heard by somebody with these ears when there is no exception. All ways
 * bring the same voice, so their amplitudes add. */
static float usual(const struct plan *plan, uint64_t talker, const float hears[PLAN_BUSES])
{
    const struct plan_gain *gain = find(&plan->speaks, talker, 0);
    float sum = 0;

    for (; is_of(&plan->speaks, gain, talker); gain++)
        sum += linear(both(gain->gain, hears[gain->with]));
    return decibels(sum);
}

static float loudest(const struct plan_gains *list, uint64_t participant)
{
    const struct plan_gain *gain = find(list, participant, 0);
    float found = GAIN_OFF;

    for (; is_of(list, gain, participant); gain++)
        found = fmaxf(found, gain->gain);
    return found;
}

/* dB at which a talker speaks to a bus of their own: what is loud is so on both sides of it. */
static float own_level(const struct plan *plan, uint64_t talker)
{
    return fmaxf(loudest(&plan->speaks, talker), 0);
}

/* Who speaks to no bus is heard by exceptions alone. */
float plan_loudness(const struct plan *plan, uint64_t participant)
{
    float speaks = loudest(&plan->speaks, participant);

    return speaks > GAIN_OFF ? speaks : loudest(&plan->pairs, participant);
}

static float heard(const struct plan *plan, uint64_t listener, uint64_t talker,
                   const float hears[PLAN_BUSES])
{
    const struct plan_gain *exception = find_exactly(&plan->pairs, talker, listener);

    return exception ? exception->gain : usual(plan, talker, hears);
}

void plan_route(const struct plan *plan, uint64_t participant, struct plan_route *route)
{
    const struct plan_gain *gain = find(&plan->speaks, participant, 0);
    unsigned own = plan_own_bus(plan, participant);
    float hears[PLAN_BUSES];

    for (unsigned i = 0; i < PLAN_BUSES; i++)
        route->speaks[i] = GAIN_OFF;
    for (; own == PLAN_BUSES && is_of(&plan->speaks, gain, participant); gain++)
        route->speaks[gain->with] = gain->gain;
    if (own < PLAN_BUSES)
        route->speaks[own] = own_level(plan, participant);
    hear(plan, participant, hears);
    memcpy(route->hears, hears, sizeof hears);
    for (unsigned i = 1; i < plan->bus_count; i++) {
        uint64_t talker = plan->buses[i].talker;

        if (talker)
            route->hears[i] =
                both(heard(plan, participant, talker, hears), -own_level(plan, talker));
    }
}

static const char *place_of(const struct plan_gain *gain)
{
    return gain ? gain->place : "";
}

void plan_explain(const struct plan *plan, uint64_t listener, uint64_t talker,
                  struct plan_reason *reason)
{
    const struct plan_gain *exception = find_exactly(&plan->pairs, talker, listener);
    const struct plan_gain *gain = find(&plan->speaks, talker, 0);
    float hears[PLAN_BUSES];

    hear(plan, listener, hears);
    *reason = (struct plan_reason){
        .gain = listener == talker ? GAIN_OFF : heard(plan, listener, talker, hears),
        .exception = exception ? exception->place : NULL,
    };
    for (; is_of(&plan->speaks, gain, talker); gain++)
        reason->paths[reason->path_count++] = (struct plan_path){
            .bus = plan->buses[gain->with].name,
            .speaks = gain->gain,
            .hears = hears[gain->with],
            .speaks_place = gain->place,
            .hears_place = place_of(find_exactly(&plan->hears, listener, gain->with)),
        };
}
