/* Reload: all conferences go to a new generation, or one that is sent ahead; or none does. */
#include "lua/generation.h"
#include "lua/generations.h"
#include "lua/private.h"
#include "lua/shadow.h"

#include <errno.h>

/* What becomes of the states of all that are to go. */
static int migrations_make(struct lua_engine *engine, struct generation *to,
                           struct migrations *migrations, char *error, size_t error_size)
{
    struct conference *conference = NULL;
    int result = 0;

    while (!result && (conference = focus_next_conference(engine->focus, conference))) {
        const struct conference_pin *pin = pin_find(engine, conference);

        if (!pin || pin->is_canary)
            result = migration_add(migrations, conference, generation_deciding(engine, conference),
                                   to, error, error_size);
    }
    return result;
}

/* Takes the reference to it. */
static int swap(struct lua_engine *engine, struct generation *generation, char *error,
                size_t error_size)
{
    struct migrations migrations = {0};
    int result = migrations_make(engine, generation, &migrations, error, error_size);

    if (result) {
        migrations_free(&migrations);
        generation_release(generation);
        return result;
    }
    probation_begin(engine);
    generation->number = ++engine->last_number;
    engine->generation = generation;
    migrations_keep(engine, &migrations);
    pins_drop(engine, false);
    shadow_end(engine, "the scripts were reloaded");
    return 0;
}

/* What is not demanded is as it is. */
static struct lua_engine_demand whole(const struct lua_engine *engine,
                                      const struct lua_engine_demand *demand)
{
    struct lua_engine_demand full = demand ? *demand : (struct lua_engine_demand){0};

    if (!full.site_policy)
        full.site_policy = engine->generation->site_policy;
    if (!demand)
        full.applications = engine->generation->applications_config;
    return full;
}

int lua_engine_prepare(struct lua_engine *engine, const struct lua_engine_demand *demand,
                       char *error, size_t error_size)
{
    struct lua_engine_demand full = whole(engine, demand);

    loop_assert_thread(engine->loop);
    lua_engine_abandon(engine);
    if (full.only && !pin_may_be(full.only, error, error_size))
        return EINVAL;
    return generation_make(engine, &full, &engine->candidate, error, error_size);
}

const json_t *lua_engine_selftests(const struct lua_engine *engine)
{
    return (engine->candidate ? engine->candidate : engine->generation)->tested;
}

const char *lua_engine_rewritten(const struct lua_engine *engine)
{
    return generation_rewritten(engine->candidate);
}

int lua_engine_swap(struct lua_engine *engine, const struct lua_engine_demand *demand, char *error,
                    size_t error_size)
{
    struct lua_engine_demand full = whole(engine, demand);
    struct generation *candidate = engine->candidate;
    /* There may be conferences that were not there when it was made. */
    int result = generation_check_all(engine, candidate, &full, error, error_size);

    engine->candidate = NULL;
    if (!result)
        return full.only ? pin_ahead(engine, full.only, candidate, error, error_size)
                         : swap(engine, candidate, error, error_size);
    generation_release(candidate);
    return result == ENOMEM ? ENOMEM : EINVAL;
}

void lua_engine_abandon(struct lua_engine *engine)
{
    generation_release(engine->candidate);
    engine->candidate = NULL;
}

int lua_engine_reload(struct lua_engine *engine, const struct lua_engine_demand *demand,
                      char *error, size_t error_size)
{
    int result = lua_engine_prepare(engine, demand, error, error_size);

    return result ? result : lua_engine_swap(engine, demand, error, error_size);
}
