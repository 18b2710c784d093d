/*
 * Conferences that do not follow the live generation: `parley reload --only` sends one ahead, until
 * the next reload of all or `--back`; `parley pin` keeps one where it is, until `parley unpin`.
 */
#include "lua/generation.h"
#include "lua/generations.h"
#include "lua/private.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Whose pin counts: a sidebar goes with the conference that it is of. */
static const struct conference *main_of(const struct conference *conference)
{
    const struct conference *parent = conference_parent(conference);

    return parent ? main_of(parent) : conference;
}

struct conference_pin *pin_find(const struct lua_engine *engine,
                                const struct conference *conference)
{
    uint64_t id = conference_id(main_of(conference));
    struct conference_pin *pin;

    HASH_FIND(hh, engine->pins, &id, sizeof id, pin);
    return pin;
}

struct generation *generation_deciding(const struct lua_engine *engine,
                                       const struct conference *conference)
{
    const struct conference_pin *pin = conference ? pin_find(engine, conference) : NULL;

    return pin ? pin->generation : engine->generation;
}

static void pin_drop(struct lua_engine *engine, struct conference_pin *pin)
{
    HASH_DEL(engine->pins, pin);
    generation_release(pin->generation);
    free(pin);
}

void pins_drop(struct lua_engine *engine, bool all)
{
    struct conference_pin *pin, *next;

    HASH_ITER(hh, engine->pins, pin, next)
    {
        if (all || pin->is_canary)
            pin_drop(engine, pin);
    }
}

void pin_forget(struct lua_engine *engine, uint64_t conference)
{
    struct conference_pin *pin;

    HASH_FIND(hh, engine->pins, &conference, sizeof conference, pin);
    if (pin)
        pin_drop(engine, pin);
}

/* ---- going --------------------------------------------------------------------------------- */

/* The states of the conference and of its sidebars, as `to` has them. */
static int family_migrate(struct lua_engine *engine, const struct conference *conference,
                          struct generation *to, struct migrations *migrations, char *error,
                          size_t error_size)
{
    struct generation *from = generation_deciding(engine, conference);
    struct conference *other = NULL;
    int result = 0;

    while (!result && (other = focus_next_conference(engine->focus, other))) {
        if (main_of(other) == conference)
            result = migration_add(migrations, other, from, to, error, error_size);
    }
    return result;
}

/* The conference, with its sidebars, is decided about by `to` from now on. `pin`: the one that it
 * is to have instead of its own, which has the reference; NULL: it follows the live one. */
static int conference_go(struct lua_engine *engine, struct conference *conference,
                         struct generation *to, struct conference_pin *pin, char *error,
                         size_t error_size)
{
    struct migrations migrations = {0};
    int result = family_migrate(engine, conference, to, &migrations, error, error_size);

    if (result) {
        migrations_free(&migrations);
        return result;
    }
    migrations_keep(engine, &migrations);
    pin_forget(engine, conference_id(conference));
    if (pin)
        HASH_ADD(hh, engine->pins, id, sizeof pin->id, pin);
    conference_reloaded(conference);
    return 0;
}

static struct conference_pin *pin_make(const struct conference *conference,
                                       struct generation *generation, bool is_canary)
{
    struct conference_pin *pin = calloc(1, sizeof *pin);

    if (!pin)
        return NULL;
    pin->id = conference_id(conference);
    pin->generation = generation;
    pin->is_canary = is_canary;
    return pin;
}

bool pin_may_be(const struct conference *conference, char *error, size_t error_size)
{
    const struct conference *main = main_of(conference);

    if (main == conference)
        return true;
    (void)snprintf(error, error_size, "%s is a sidebar, which goes with the conference %s",
                   conference_name(conference), conference_name(main));
    return false;
}

int pin_ahead(struct lua_engine *engine, struct conference *conference,
              struct generation *generation, char *error, size_t error_size)
{
    struct conference_pin *pin = pin_make(conference, generation, true);
    int result = ENOMEM;

    if (!pin)
        (void)snprintf(error, error_size, "out of memory for the scripts");
    generation->number = engine->last_number + 1;
    if (pin)
        result = conference_go(engine, conference, generation, pin, error, error_size);
    if (result) {
        free(pin);
        generation_release(generation);
        return result;
    }
    engine->last_number = generation->number;
    return 0;
}

int lua_engine_call_back(struct lua_engine *engine, struct conference *conference, char *error,
                         size_t error_size)
{
    const struct conference_pin *pin = pin_find(engine, conference);

    loop_assert_thread(engine->loop);
    if (!pin_may_be(conference, error, error_size))
        return EINVAL;
    if (!pin || !pin->is_canary) {
        (void)snprintf(error, error_size,
                       "%s was not reloaded by itself; `parley status` shows "
                       "which conferences were",
                       conference_name(conference));
        return EINVAL;
    }
    return conference_go(engine, conference, engine->generation, NULL, error, error_size);
}

int lua_engine_pin(struct lua_engine *engine, struct conference *conference, char *error,
                   size_t error_size)
{
    struct conference_pin *pin = pin_find(engine, conference);

    loop_assert_thread(engine->loop);
    if (!pin_may_be(conference, error, error_size))
        return EINVAL;
    if (!pin) {
        pin = pin_make(conference, engine->generation, false);
        if (!pin) {
            (void)snprintf(error, error_size, "out of memory for the scripts");
            return ENOMEM;
        }
        pin->generation->references++;
        HASH_ADD(hh, engine->pins, id, sizeof pin->id, pin);
    }
    pin->is_canary = false;
    return 0;
}

int lua_engine_unpin(struct lua_engine *engine, struct conference *conference, char *error,
                     size_t error_size)
{
    loop_assert_thread(engine->loop);
    if (!pin_may_be(conference, error, error_size))
        return EINVAL;
    if (!pin_find(engine, conference)) {
        (void)snprintf(error, error_size, "%s is not pinned", conference_name(conference));
        return EINVAL;
    }
    return conference_go(engine, conference, engine->generation, NULL, error, error_size);
}
