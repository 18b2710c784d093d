/*
 * conference.state between versions of a policy. Who changes what a policy keeps there gives the
 * policy a new version, and a function migrate(state, version) that makes the new form of what the
 * old version has written. It is called on copies, for all conferences, before any of them goes to
 * the new generation: when one fails, all stay where they are.
 *
 * A conference has one state for all its policies; each whose version is another one is asked, in
 * their order, with what the one before it has made.
 */
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/generations.h"
#include "lua/hook.h"
#include "lua/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { MIGRATIONS_MS = 1000 }; /* for all of one reload */

/* ---- what the hook gets and gives ----------------------------------------------------------- */

void migration_push(lua_State *L, const struct migration *migration)
{
    if (!migration->bytes)
        lua_newtable(L);
    else if (plain_decode(L, migration->bytes, migration->size) != 0)
        script_error(L, "conference.state cannot be read");
}

void migration_take(lua_State *L, struct migration *migration, int given)
{
    struct plain_error error;
    unsigned char *bytes;
    size_t size;
    int result;

    if (lua_isnil(L, -1))
        lua_pushvalue(L, given);
    if (!lua_istable(L, -1))
        script_error(L,
                     "migrate must return the table that conference.state is to be, or nothing "
                     "when it has changed its first argument, not a %s",
                     luaL_typename(L, -1));
    result = plain_encode(L, -1, STATE_LIMIT, &bytes, &size, &error);
    if (result == E2BIG)
        script_error(L, "conference.state%s: it would hold more than %d KiB", error.path,
                     (int)(STATE_LIMIT >> 10));
    if (result)
        script_error(L, "conference.state%s: %s", error.path, error.what);
    free(migration->bytes);
    migration->bytes = bytes;
    migration->size = size;
}

/* ---- one conference ------------------------------------------------------------------------- */

static void migration_free(struct migration *migration)
{
    free(migration->bytes);
    free(migration);
}

/* With a copy of these bytes. */
static struct migration *migration_make(struct conference_state *record,
                                        const struct conference *conference, unsigned from,
                                        const unsigned char *bytes, size_t size)
{
    struct migration *migration = calloc(1, sizeof *migration);

    if (!migration)
        return NULL;
    migration->record = record;
    migration->conference = conference_name(conference);
    migration->from = from;
    migration->bytes = malloc(size);
    if (!migration->bytes) {
        free(migration);
        return NULL;
    }
    memcpy(migration->bytes, bytes, size);
    migration->size = size;
    return migration;
}

/* Each call of the hook has its budget, and so have all together: there may be hundreds of
 * conferences, and no request is answered meanwhile. */
static int time_check(const struct migrations *migrations, const struct script_policy *policy,
                      char *error, size_t error_size)
{
    if (migrations->computed <= MIGRATIONS_MS * 1000000ULL * SLOWNESS)
        return 0;
    (void)snprintf(error, error_size,
                   "%s:%d: migrate has taken %u ms for %u conferences, and may take %d ms for all "
                   "of a reload together",
                   policy->display, policy->hooks[HOOK_MIGRATE]->line,
                   (unsigned)(migrations->computed / 1000000), migrations->asked, MIGRATIONS_MS);
    return EINVAL;
}

/* One policy of the conference, which was of that version. */
static int migrate(struct migrations *migrations, struct generation *to,
                   struct script_policy *policy, struct migration *migration, char *error,
                   size_t error_size)
{
    char problem[SCRIPT_TEXT];
    bool is_made;

    if (!policy->hooks[HOOK_MIGRATE]) {
        (void)snprintf(error, error_size,
                       "%s: it is version %u, and cannot take conference.state of %s from version "
                       "%u: it has no migrate",
                       policy->display, policy->version, migration->conference, migration->version);
        return EINVAL;
    }
    is_made = hook_migrate(to, policy, migration, problem);
    migrations->computed += migration->computed;
    migrations->asked++;
    if (is_made)
        return time_check(migrations, policy, error, error_size);
    (void)snprintf(error, error_size, "%s - migrating conference.state of %s from version %u",
                   problem, migration->conference, migration->version);
    return EINVAL;
}

/* All policies of the conference whose version is another one in `to`. */
static int hooks_ask(struct migrations *migrations, struct migration **migrationp,
                     struct conference_state *record, const struct conference *conference,
                     struct generation *from, struct generation *to, char *error, size_t error_size)
{
    struct policy_stack stack = {.generation = to, .own = conference_policy(conference)};
    struct script_policy *policy;
    int result = 0;

    while (!result && !(result = stack_next(&stack, &policy, error, error_size)) && policy) {
        const struct script_policy *before = generation_loaded(from, stack.name);

        if (!before || before->version == policy->version)
            continue;
        if (!*migrationp)
            *migrationp =
                migration_make(record, conference, from->number, record->bytes, record->size);
        if (!*migrationp) {
            (void)snprintf(error, error_size, "out of memory for the scripts");
            return ENOMEM;
        }
        (*migrationp)->version = before->version;
        result = migrate(migrations, to, policy, *migrationp, error, error_size);
    }
    return result;
}

int migration_add(struct migrations *migrations, const struct conference *conference,
                  struct generation *from, struct generation *to, char *error, size_t error_size)
{
    struct conference_state *record = state_find(to->engine, conference_id(conference));
    struct migration *migration = NULL;
    const struct kept_state *kept;
    int result;

    if (!record || !record->bytes)
        return 0;
    kept = state_form(record, to->number);
    if (kept) {
        migration = migration_make(record, conference, from->number, kept->bytes, kept->size);
        result = migration ? 0 : ENOMEM;
        if (migration)
            migration->is_return = true;
        else
            (void)snprintf(error, error_size, "out of memory for the scripts");
    } else {
        result = hooks_ask(migrations, &migration, record, conference, from, to, error, error_size);
    }
    if (!result && migration)
        LL_PREPEND(migrations->list, migration);
    else if (migration)
        migration_free(migration);
    return result;
}

/* ---- all of them ---------------------------------------------------------------------------- */

/* For the generation of that number, if it may come back; what was kept for it is older, and stays.
 */
static void keep_before(const struct lua_engine *engine, struct conference_state *record,
                        unsigned number)
{
    bool is_wanted = probation_may_return(engine, number) && !state_form(record, number);

    for (unsigned i = 0; is_wanted && i < STATE_FORMS_MOST; i++) {
        struct kept_state *kept = &record->before[i];

        if (kept->bytes && probation_may_return(engine, kept->generation))
            continue;
        free(kept->bytes);
        *kept = (struct kept_state){record->bytes, record->size, number};
        return;
    }
    free(record->bytes);
}

static void keep(const struct lua_engine *engine, struct migration *migration)
{
    struct conference_state *record = migration->record;

    if (migration->is_return) {
        kept_state_drop(state_form(record, engine->generation->number));
        free(record->bytes);
    } else {
        keep_before(engine, record, migration->from);
    }
    record->bytes = migration->bytes;
    record->size = migration->size;
    free(migration);
}

void migrations_keep(const struct lua_engine *engine, struct migrations *migrations)
{
    struct migration *migration;

    while ((migration = migrations->list)) {
        LL_DELETE(migrations->list, migration);
        keep(engine, migration);
    }
}

void migrations_free(struct migrations *migrations)
{
    struct migration *migration;

    while ((migration = migrations->list)) {
        LL_DELETE(migrations->list, migration);
        migration_free(migration);
    }
}
