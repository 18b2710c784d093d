/* Reload: all conferences go to a new generation, or none does. */
#include "lua/generation.h"
#include "lua/generations.h"
#include "lua/private.h"
#include "lua/shadow.h"

#include <errno.h>

/* What becomes of the states of all that are to go. */
static int migrations_make(struct lua_engine *engine, struct generation *to,
                           struct migration **list, char *error, size_t error_size)
{
    struct conference *conference = NULL;
    int result = 0;

    while (!result && (conference = focus_next_conference(engine->focus, conference))) {
        const struct conference_pin *pin = pin_find(engine, conference);

        if (!pin || pin->is_canary)
            result = migration_add(list, conference, generation_deciding(engine, conference), to,
                                   error, error_size);
    }
    return result;
}

int lua_engine_reload(struct lua_engine *engine, const struct lua_engine_demand *demand,
                      char *error, size_t error_size)
{
    struct generation *old = engine->generation, *generation;
    struct lua_engine_demand full = demand ? *demand : (struct lua_engine_demand){0};
    struct migration *migrations = NULL;
    int result;

    loop_assert_thread(engine->loop);
    if (!full.site_policy)
        full.site_policy = old->site_policy;
    if (!demand)
        full.applications = old->applications_config;
    result = generation_make(engine, &full, NULL, &generation, error, error_size);
    if (result)
        return result;
    result = migrations_make(engine, generation, &migrations, error, error_size);
    if (result) {
        migrations_free(&migrations);
        generation_release(generation);
        return result;
    }
    probation_begin(engine);
    engine->generation = generation;
    engine->last_number = generation->number;
    migrations_keep(engine, &migrations);
    pins_drop(engine, false);
    shadow_end(engine, "the scripts were reloaded");
    return 0;
}
