/* Making a plan. Reading it: plan_read.c. */
#include "focus/plan_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plan *plan_create(void)
{
    struct plan *plan = calloc(1, sizeof *plan);

    if (!plan)
        return NULL;
    plan->ramp = MIX_RAMP;
    (void)snprintf(plan->buses[PLAN_MAIN].name, PLAN_NAME, "main");
    plan->bus_count = 1;
    return plan;
}

void plan_destroy(struct plan *plan)
{
    if (!plan)
        return;
    for (unsigned i = 0; i < plan->place_count; i++)
        free(plan->places[i]);
    free(plan->places);
    free(plan->speaks.gains);
    free(plan->hears.gains);
    free(plan->pairs.gains);
    free(plan);
}

/* Scripts have few lines that say something of a plan, and say it often. */
static const char *intern(struct plan *plan, const char *place)
{
    char **longer;

    for (unsigned i = plan->place_count; i > 0; i--) {
        if (strcmp(plan->places[i - 1], place) == 0)
            return plan->places[i - 1];
    }
    longer = realloc(plan->places, (plan->place_count + 1) * sizeof *longer);
    if (!longer)
        return NULL;
    plan->places = longer;
    longer[plan->place_count] = strdup(place);
    return longer[plan->place_count] ? longer[plan->place_count++] : NULL;
}

static int add(struct plan *plan, struct plan_gains *list, const struct plan_gain *gain,
               const char *place)
{
    const char *kept = intern(plan, place);

    if (!kept)
        return ENOMEM;
    if (list->count == list->room) {
        unsigned room = list->room ? list->room * 2 : 16;
        struct plan_gain *longer = realloc(list->gains, room * sizeof *longer);

        if (!longer)
            return ENOMEM;
        list->gains = longer;
        list->room = room;
    }
    list->gains[list->count] = *gain;
    list->gains[list->count].order = list->count;
    list->gains[list->count++].place = kept;
    plan->is_said = true;
    return 0;
}

int plan_add_bus(struct plan *plan, const char *name, const char *place, unsigned *busp)
{
    struct plan_bus *bus = &plan->buses[plan->bus_count];
    unsigned found = plan_find_bus(plan, name);

    plan->is_said = true;
    *busp = found;
    if (found < PLAN_BUSES)
        return 0;
    if (strlen(name) >= sizeof bus->name)
        return EINVAL;
    if (plan->bus_count == PLAN_BUSES)
        return ENOSPC;
    bus->place = intern(plan, place);
    if (!bus->place)
        return ENOMEM;
    (void)snprintf(bus->name, sizeof bus->name, "%s", name);
    *busp = plan->bus_count++;
    return 0;
}

int plan_set_speaks(struct plan *plan, uint64_t participant, unsigned bus, float gain,
                    const char *place)
{
    return add(plan, &plan->speaks, &(struct plan_gain){participant, bus, gain, 0, NULL}, place);
}

int plan_set_hears(struct plan *plan, uint64_t participant, unsigned bus, float gain,
                   const char *place)
{
    return add(plan, &plan->hears, &(struct plan_gain){participant, bus, gain, 0, NULL}, place);
}

int plan_set_pair(struct plan *plan, uint64_t listener, uint64_t talker, float gain,
                  const char *place)
{
    struct plan_bus *bus = &plan->buses[plan->bus_count];

    if (listener == talker)
        return EINVAL;
    if (plan_own_bus(plan, talker) == PLAN_BUSES) {
        if (plan->bus_count == PLAN_BUSES)
            return ENOSPC;
        bus->place = intern(plan, place);
        if (!bus->place)
            return ENOMEM;
        bus->talker = talker;
        plan->bus_count++;
    }
    return add(plan, &plan->pairs, &(struct plan_gain){talker, listener, gain, 0, NULL}, place);
}

void plan_set_ramp(struct plan *plan, unsigned ms)
{
    plan->ramp = ms;
    plan->is_said = true;
}

/* ---- completing it -------------------------------------------------------------------------- */

static int compare(const void *left, const void *right)
{
    const struct plan_gain *one = left, *other = right;

    if (one->participant != other->participant)
        return one->participant < other->participant ? -1 : 1;
    if (one->with != other->with)
        return one->with < other->with ? -1 : 1;
    return one->order < other->order ? -1 : 1;
}

/* Of what is said twice, the later stays. */
static void sort(struct plan_gains *list)
{
    unsigned kept = 0;

    if (list->count == 0)
        return;
    qsort(list->gains, list->count, sizeof *list->gains, compare);
    for (unsigned i = 1; i < list->count; i++) {
        const struct plan_gain *last = &list->gains[kept], *gain = &list->gains[i];

        if (last->participant != gain->participant || last->with != gain->with)
            kept++;
        list->gains[kept] = *gain;
    }
    list->count = kept + 1;
}

int plan_seal(struct plan *plan, const char **placep)
{
    unsigned run = 0;

    sort(&plan->speaks);
    sort(&plan->hears);
    sort(&plan->pairs);
    for (unsigned i = 0; i < plan->speaks.count; i++) {
        const struct plan_gain *gain = &plan->speaks.gains[i];

        if (i == 0 || gain[-1].participant != gain->participant)
            run = 0;
        run += gain->gain > GAIN_OFF;
        if (run > PLAN_SPEAKS) {
            *placep = gain->place;
            return E2BIG;
        }
    }
    return 0;
}
