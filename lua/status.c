/* What the engine tells of itself: generations, memory, hooks. */
#include "lua/budget.h"
#include "lua/conversation.h"
#include "lua/generation.h"
#include "lua/generations.h"
#include "lua/private.h"
#include "lua/shadow.h"
#include "lua/state.h"

static bool is_exhausted(struct lua_engine *engine, struct ration *ration)
{
    return ration_look(ration, &engine->rations, loop_now(engine->loop)) != RATION_IS_LEFT;
}

/* The conferences for which it is not called for now, having computed enough. */
static json_t *exhausted(struct lua_engine *engine, const struct script_policy *policy)
{
    struct conference_ration *one, *next;
    json_t *names = json_array();

    HASH_ITER(hh, policy->rations, one, next)
    {
        if (is_exhausted(engine, &one->ration))
            (void)json_array_append_new(
                names, json_string(conference_name(focus_conference(engine->focus, one->id))));
    }
    return names;
}

static json_t *hook_status(struct lua_engine *engine, struct policy_hook *hook)
{
    json_t *status = hook_stats_json(&hook->stats);

    if (is_exhausted(engine, &hook->ration))
        (void)json_object_set_new(status, "exhausted", json_true());
    return status;
}

static json_t *policy_status(struct lua_engine *engine, const struct script_policy *policy)
{
    json_t *hooks = json_object();

    for (unsigned i = 0; i < HOOK_COUNT; i++) {
        if (policy->hooks[i])
            (void)json_object_set_new(hooks, hook_name(i), hook_status(engine, policy->hooks[i]));
    }
    return json_pack("{s:s, s:s, s:s*, s:i, s:o, s:o}", "name", policy->name, "file",
                     policy->display, "error", policy->error, "version", (int)policy->version,
                     "hooks", hooks, "exhausted", exhausted(engine, policy));
}

/* One of those that are alive, and who holds it. */
static json_t *generation_status(const struct lua_engine *engine,
                                 const struct generation *generation)
{
    const struct conference_pin *pin;
    const struct conversation *conversation;
    unsigned calls = 0;
    json_t *ahead = json_array(), *pinned = json_array();

    for (pin = engine->pins; pin; pin = pin->hh.next) {
        if (pin->generation == generation)
            (void)json_array_append_new(
                pin->is_canary ? ahead : pinned,
                json_string(conference_name(focus_conference(engine->focus, pin->id))));
    }
    for (conversation = engine->conversations; conversation; conversation = conversation->hh.next)
        calls += conversation->generation == generation;
    return json_pack("{s:i, s:b, s:I, s:I, s:i, s:o, s:o}", "number", (int)generation->number,
                     "live", generation == engine->generation, "since",
                     (json_int_t)generation->since, "memory", (json_int_t)generation->memory,
                     "calls", (int)calls, "ahead", ahead, "pinned", pinned);
}

json_t *lua_engine_status(struct lua_engine *engine)
{
    const struct generation *generation = engine->generation, *each;
    const struct script_policy *policy;
    json_t *policies = json_array(), *generations = json_array();

    for (policy = generation->policies; policy; policy = policy->next)
        (void)json_array_append_new(policies, policy_status(engine, policy));
    for (each = engine->generations; each; each = each->next)
        if (!each->shadow)
            (void)json_array_append_new(generations, generation_status(engine, each));
    return json_pack("{s:i, s:I, s:I, s:I, s:i, s:o, s:o, s:o, s:O*, s:o*}", "generation",
                     (int)generation->number, "since", (json_int_t)generation->since, "memory",
                     (json_int_t)generation->memory, "memory_limit",
                     (json_int_t)generation->memory_limit, "states",
                     (int)HASH_COUNT(engine->states), "policies", policies, "applications",
                     applications_status(generation), "generations", generations, "returned",
                     engine->probation.returned, "shadow", shadow_status(engine->shadow));
}
