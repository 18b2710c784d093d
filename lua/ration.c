/* Who has computed how much within the present minute. */
#include "lua/ration.h"
#include "lua/budget.h"

#include <stdlib.h>

enum { WINDOW = 60000 }; /* ms */

static const uint64_t OWN = 1000000000 * (uint64_t)SLOWNESS;  /* ns of one within that */
static const uint64_t ALL = 10000000000 * (uint64_t)SLOWNESS; /* ns of all together */

enum ration_left ration_look(struct ration *ration, struct rations *all, uint64_t now)
{
    if (now - all->since >= WINDOW)
        *all = (struct rations){.since = now};
    if (ration->since != all->since)
        *ration = (struct ration){.since = all->since};
    if (ration->computed > OWN)
        return RATION_IS_USED_UP;
    if (all->computed > ALL && ration->computed > ALL / all->count)
        return RATIONS_ARE_USED_UP;
    return RATION_IS_LEFT;
}

unsigned rations_wait(const struct rations *all, uint64_t now)
{
    return (unsigned)(all->since + WINDOW - now);
}

void ration_spend(struct ration *ration, struct rations *all, uint64_t computed)
{
    all->count += ration->computed == 0;
    ration->computed += computed;
    all->computed += computed;
}

static struct conference_ration *find(struct conference_ration *rations, uint64_t conference)
{
    struct conference_ration *one;

    HASH_FIND(hh, rations, &conference, sizeof conference, one);
    return one;
}

struct ration *conference_ration_find(struct conference_ration *rations, uint64_t conference)
{
    struct conference_ration *one = find(rations, conference);

    return one ? &one->ration : NULL;
}

struct ration *conference_ration_make(struct conference_ration **rations, uint64_t conference)
{
    struct conference_ration *one = find(*rations, conference);

    if (one)
        return &one->ration;
    one = calloc(1, sizeof *one);
    if (!one)
        return NULL;
    one->id = conference;
    HASH_ADD(hh, *rations, id, sizeof one->id, one);
    return &one->ration;
}

void conference_ration_forget(struct conference_ration **rations, uint64_t conference)
{
    struct conference_ration *one = find(*rations, conference);

    if (!one)
        return;
    HASH_DEL(*rations, one);
    free(one);
}

void conference_rations_free(struct conference_ration **rations)
{
    struct conference_ration *one = *rations, *next;

    HASH_CLEAR(hh, *rations);
    for (; one; one = next) {
        next = one->hh.next;
        free(one);
    }
}
