/* Makes a generation of what is in the files now, and checks that all that is to be decided by it
 * can be. */
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/generations.h"
#include "lua/libraries.h"
#include "lua/options.h"
#include "lua/private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

/* Whether the conference is about to be changed into one of those demanded. */
static bool is_demanded(const struct lua_engine_demand *demand, const struct conference *conference)
{
    for (unsigned i = 0; i < demand->conference_count; i++) {
        if (strcmp(demand->conferences[i].name, conference_name(conference)) == 0)
            return true;
    }
    return false;
}

/* One that is to change, and stays behind, must suit what goes on deciding about it, too. */
static int demanded_check(struct lua_engine *engine, struct generation *generation,
                          const struct conference_config *config, char *error, size_t error_size)
{
    const struct conference *conference = focus_conference_by_name(engine->focus, config->name);
    const struct conference_pin *pin = conference ? pin_find(engine, conference) : NULL;
    int result = generation_check_conference(generation, config, error, error_size);

    if (!result && pin && !pin->is_canary)
        result = generation_check_conference(pin->generation, config, error, error_size);
    return result;
}

static int present_check(struct generation *generation, const struct conference *conference,
                         char *error, size_t error_size)
{
    struct conference_config config = conference_config_of(conference);

    return generation_check_conference(generation, &config, error, error_size);
}

int generation_check_all(struct lua_engine *engine, struct generation *generation,
                         const struct lua_engine_demand *demand, char *error, size_t error_size)
{
    struct conference *conference = NULL;
    int result = 0;

    if (demand->only)
        return present_check(generation, demand->only, error, error_size);
    for (unsigned i = 0; !result && i < demand->conference_count; i++)
        result = demanded_check(engine, generation, &demand->conferences[i], error, error_size);
    while (!result && (conference = focus_next_conference(engine->focus, conference))) {
        if (!is_demanded(demand, conference))
            result = present_check(generation, conference, error, error_size);
    }
    return result;
}

static int load(struct lua_engine *engine, struct generation *generation,
                const struct lua_engine_demand *demand, char *error, size_t error_size)
{
    struct script_policy *policy;
    int result = generation_policy(generation, generation->site_policy, &policy, error, error_size);

    if (!result)
        result = languages_load(generation, error, error_size);
    if (!result && !demand->only)
        result = applications_load(generation, demand->applications, error, error_size);
    if (!result)
        result = generation_check_all(engine, generation, demand, error, error_size);
    return result;
}

/* Each may take its share of memory, so there is an end to it. */
static bool is_full(const struct lua_engine *engine, char *error, size_t error_size)
{
    const struct generation *generation;
    unsigned count;

    LL_COUNT(engine->generations, generation, count);
    if (count < GENERATIONS_MOST)
        return false;
    LL_FOREACH(engine->generations, generation)
    {
        if (!generation->next)
            break;
    }
    (void)snprintf(
        error, error_size,
        "%u generations of the scripts are in use, and there can be no more; the oldest, "
        "%u, by a call that has begun on it or by `parley pin`",
        count, generation ? generation->number : 0);
    return true;
}

int generation_make(struct lua_engine *engine, const struct lua_engine_demand *demand,
                    struct generation **generationp, char *error, size_t error_size)
{
    struct generation *generation;
    int result;

    if (is_full(engine, error, error_size))
        return EBUSY;
    result = generation_create(engine, engine->last_number + 1, demand->site_policy, &generation);
    if (result) {
        (void)snprintf(error, error_size, "out of memory for the scripts");
        return result;
    }
    result = load(engine, generation, demand, error, error_size);
    if (result) {
        generation_release(generation);
        return result == ENOMEM ? ENOMEM : EINVAL;
    }
    *generationp = generation;
    return 0;
}
