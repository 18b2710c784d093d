/* What the scripts know at one moment about one conference, as JSON: for a recording, from which
 * another engine can go on. */
#include "lua/budget.h"
#include "lua/errors.h"
#include "lua/generations.h"
#include "lua/options.h"
#include "lua/state.h"

#include <errno.h>
#include <stdlib.h>

struct snapshot {
    const struct conference_state *record; /* NULL: nothing is kept */
    const struct policy_stack *stack;
    json_t *state, *secrets; /* to be filled */
    /* The other way round: */
    const json_t *given;
    unsigned char *bytes;
    size_t size;
};

/* The names of the options that are to be shown to nobody. */
static void list_secrets(lua_State *L, const struct script_policy *policy, json_t *secrets)
{
    policy_push_declarations(L, policy);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        (void)lua_getfield(L, -1, "secret");
        if (lua_toboolean(L, -1))
            (void)json_array_append_new(secrets, json_string(lua_tostring(L, -3)));
        lua_pop(L, 2);
    }
    lua_pop(L, 1);
}

static int take_body(lua_State *L)
{
    struct snapshot *snapshot = lua_touserdata(L, 1);
    struct plain_error error;

    for (unsigned i = 0; i < snapshot->stack->count; i++)
        list_secrets(L, snapshot->stack->policies[i], snapshot->secrets);
    if (snapshot->record && snapshot->record->bytes &&
        plain_decode(L, snapshot->record->bytes, snapshot->record->size) == 0)
        snapshot->state = plain_json(L, -1, &error);
    return 0;
}

/* False: it raised, or is out of memory; what is there is of no use. */
static bool run(struct generation *generation, lua_CFunction body, struct snapshot *snapshot)
{
    lua_State *L = generation->running;
    struct budget budget;
    bool is_well;

    lua_pushcfunction(L, body);
    lua_pushlightuserdata(L, snapshot);
    budget_begin(generation, &budget, BUDGET_LOAD, NULL);
    is_well = lua_pcall(L, 1, 0, 0) == LUA_OK;
    budget_end(generation, &budget);
    if (!is_well)
        lua_pop(L, 1);
    return is_well;
}

json_t *lua_engine_snapshot(struct lua_engine *engine, const struct conference *conference)
{
    struct generation *generation = generation_deciding(engine, conference);
    struct policy_stack stack = {.generation = generation, .own = conference_policy(conference)};
    struct snapshot snapshot = {.record = state_find(engine, conference_id(conference)),
                                .stack = &stack,
                                .secrets = json_array()};
    struct script_policy *policy;
    json_t *policies = json_array();
    char error[SCRIPT_TEXT];

    while (stack_next(&stack, &policy, error, sizeof error) == 0 && policy)
        (void)json_array_append_new(policies, json_string(policy->display));
    (void)run(generation, take_body, &snapshot);
    return json_pack("{s:s, s:s, s:I, s:O, s:o, s:o, s:o*}", "site_policy", generation->site_policy,
                     "config", engine->config_file, "generation", (json_int_t)generation->number,
                     "facts", engine->facts, "policies", policies, "secrets", snapshot.secrets,
                     "state", snapshot.state);
}

static int restore_body(lua_State *L)
{
    struct snapshot *snapshot = lua_touserdata(L, 1);
    struct plain_error error;

    json_push(L, snapshot->given);
    if (plain_encode(L, -1, STATE_LIMIT, &snapshot->bytes, &snapshot->size, &error))
        script_error(L, "conference.state%s: %s", error.path, error.what);
    return 0;
}

int lua_engine_restore(struct lua_engine *engine, const struct conference *conference,
                       const json_t *given)
{
    struct snapshot snapshot = {.given = json_object_get(given, "state")};

    if (json_object_update(engine->facts, json_object_get(given, "facts")))
        return ENOMEM;
    if (!snapshot.given)
        return 0;
    if (!run(engine->generation, restore_body, &snapshot))
        return EINVAL;
    if (state_keep(&engine->states, conference_id(conference), snapshot.bytes, snapshot.size))
        return 0;
    free(snapshot.bytes);
    return ENOMEM;
}
