/* What a conference's policies tell of themselves to who asks (RFC 4353 §4.4): their names, the
 * wishes that they decide about, and the options that they declare public. */
#include "lua/budget.h"
#include "lua/classes.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/options.h"

#include <string.h>

struct description {
    const struct conference_config *conference;
    const struct policy_stack *stack;
    json_t *policies; /* to be filled */
};

/* The option's value on top of the stack as a text, which is left there; "" for none. */
static const char *value_text(lua_State *L)
{
    lua_Integer count;

    if (lua_isnil(L, -1))
        return "";
    if (!lua_istable(L, -1))
        return luaL_tolstring(L, -1, NULL);
    count = luaL_len(L, -1);
    lua_pushliteral(L, "");
    for (lua_Integer i = 1; i <= count; i++) {
        lua_pushstring(L, i > 1 ? ", " : "");
        (void)lua_geti(L, -3, i);
        lua_concat(L, 3);
    }
    return lua_tostring(L, -1);
}

static void describe_options(lua_State *L, const struct description *description,
                             const struct script_policy *policy, json_t *options)
{
    int declarations, values;

    policy_push_declarations(L, policy);
    declarations = lua_gettop(L);
    options_build(L, description->conference, policy);
    values = lua_gettop(L);
    lua_pushnil(L);
    while (lua_next(L, declarations)) {
        const char *name = lua_tostring(L, -2);
        (void)lua_getfield(L, -1, "public");
        if (lua_toboolean(L, -1)) {
            (void)lua_getfield(L, values, name);
            (void)json_object_set_new(options, name, json_string(value_text(L)));
        }
        lua_settop(L, values + 1);
    }
    lua_settop(L, declarations - 1);
}

static int describe_body(lua_State *L)
{
    const struct description *description = lua_touserdata(L, 1);

    for (unsigned i = 0; i < description->stack->count; i++) {
        const struct script_policy *policy = description->stack->policies[i];
        json_t *object = json_array_get(description->policies, i);
        policy_push_own_name(L, policy);
        (void)json_object_set_new(object, "name", json_string(lua_tostring(L, -1)));
        lua_pop(L, 1);
        describe_options(L, description, policy, json_object_get(object, "options"));
    }
    return 0;
}

static json_t *policy_json(const struct script_policy *policy)
{
    json_t *verbs = json_array();

    for (unsigned verb = 0; verb < VERB_COUNT; verb++) {
        if (policy->hooks[verb])
            (void)json_array_append_new(verbs, json_string(verb_name(verb)));
    }
    return json_pack("{s:s, s:o, s:{}}", "name", "", "verbs", verbs, "options");
}

json_t *policies_describe(struct generation *generation, const struct conference *conference)
{
    struct conference_config config = conference_config_of(conference);
    struct policy_stack stack = {.generation = generation, .own = config.policy};
    struct description description = {
        .conference = &config, .stack = &stack, .policies = json_array()};
    lua_State *L = generation->running;
    struct script_policy *policy;
    struct budget budget;
    char error[SCRIPT_TEXT];

    while (stack_next(&stack, &policy, error, sizeof error) == 0 && policy)
        (void)json_array_append_new(description.policies, policy_json(policy));
    lua_pushcfunction(L, describe_body);
    lua_pushlightuserdata(L, &description);
    budget_begin(generation, &budget, BUDGET_DECISION, NULL);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK)
        lua_pop(L, 1); /* an option that is wrong is told of when a hook reads it */
    budget_end(generation, &budget);
    return description.policies;
}
