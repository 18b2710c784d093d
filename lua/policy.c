/*
 * Class policy: what parley.policy { … } returns and the file fills with hooks. Hooks can be set
 * only while the file is loaded; each assignment is checked at once, so that an error names the
 * line. The object's user value is a table { name, options, hooks by name }.
 */
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/options.h"
#include "lua/params.h"

#include <stdlib.h>
#include <string.h>

static const char class_name[] = "parley.policy";

enum { VERSION_MOST = 1000000 };

const char *hook_name(unsigned hook)
{
    if (hook == HOOK_ACCOUNT)
        return "account";
    if (hook == HOOK_MIX)
        return "mix";
    if (hook == HOOK_MIGRATE)
        return "migrate";
    if (hook < VERB_COUNT)
        return verb_name((enum verb)hook);
    return event_name((enum conference_event_kind)(hook - VERB_COUNT));
}

/* HOOK_COUNT when there is no such hook. */
static unsigned hook_by_name(const char *name)
{
    unsigned hook = 0;

    while (hook < HOOK_COUNT && strcmp(hook_name(hook), name) != 0)
        hook++;
    return hook;
}

/* Raises with the nearest name. */
static void hook_unknown(lua_State *L, const char *name)
{
    const char *names[HOOK_COUNT];

    for (unsigned i = 0; i < HOOK_COUNT; i++)
        names[i] = hook_name(i);
    if (strcmp(name, "end") == 0)
        script_error(L, "unknown hook 'end': it is called 'close', since `end` is a word of "
                        "the language");
    script_error(L, "unknown hook '%s'%s", name, nearest_push(L, name, names, HOOK_COUNT));
}

/* The object at `index` must be the one that the file which is being loaded has made. */
static void policy_check_loading(lua_State *L, int index)
{
    const struct generation *generation = generation_of(L);
    struct script_policy **owner = luaL_checkudata(L, index, class_name);

    if (!generation->loading || *owner != generation->loading)
        script_error(L, "hooks can only be set while their file is loaded");
}

static int policy_newindex(lua_State *L)
{
    const char *name = luaL_checkstring(L, 2);

    policy_check_loading(L, 1);
    if (hook_by_name(name) == HOOK_COUNT)
        hook_unknown(L, name);
    if (!lua_isfunction(L, 3))
        return luaL_error(L, "hook '%s' must be a function, not a %s", name, luaL_typename(L, 3));
    (void)lua_getiuservalue(L, 1, 1);
    lua_insert(L, 2);
    lua_rawset(L, 2);
    return 0;
}

static int policy_index(lua_State *L)
{
    (void)luaL_checkudata(L, 1, class_name);
    (void)lua_getiuservalue(L, 1, 1);
    lua_pushvalue(L, 2);
    (void)lua_rawget(L, -2);
    return 1;
}

static int policy_tostring(lua_State *L)
{
    struct script_policy **owner = luaL_checkudata(L, 1, class_name);

    lua_pushfstring(L, "policy %s", (*owner)->name);
    return 1;
}

void policy_class_open(lua_State *L)
{
    static const luaL_Reg metamethods[] = {
        {"__index", policy_index},
        {"__newindex", policy_newindex},
        {"__tostring", policy_tostring},
        {NULL, NULL},
    };

    class_open(L, class_name, metamethods);
}

/* Takes options = { key = { … } } at the top of the stack and pushes the table of checked
 * declarations in its place. */
static void declarations_take(lua_State *L)
{
    int given = lua_gettop(L);

    if (!lua_isnil(L, given) && !lua_istable(L, given))
        script_error(L, "options must be a table of declarations, not a %s",
                     luaL_typename(L, given));
    lua_newtable(L);
    if (lua_istable(L, given)) {
        lua_pushnil(L);
        while (lua_next(L, given)) {
            if (lua_type(L, -2) != LUA_TSTRING)
                script_error(L, "options: a key must be a name, not a %s", luaL_typename(L, -2));
            option_declare(L, lua_tostring(L, -2));
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, given + 1);
        }
    }
    lua_remove(L, given);
}

/* Checks the keys of parley.policy's table at index 1. Hooks among them go into the table at
 * `data`. */
static void constructor_check(lua_State *L, int data)
{
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        const char *key;
        if (lua_type(L, -2) != LUA_TSTRING)
            script_error(L, "parley.policy: a key must be a name, not a %s", luaL_typename(L, -2));
        key = lua_tostring(L, -2);
        if (hook_by_name(key) < HOOK_COUNT) {
            if (!lua_isfunction(L, -1))
                script_error(L, "hook '%s' must be a function, not a %s", key,
                             luaL_typename(L, -1));
            lua_pushvalue(L, -2);
            lua_pushvalue(L, -2);
            lua_rawset(L, data);
        } else if (strcmp(key, "name") != 0 && strcmp(key, "options") != 0 &&
                   strcmp(key, "version") != 0) {
            hook_unknown(L, key);
        }
        lua_pop(L, 1);
    }
}

int policy_make(lua_State *L)
{
    struct generation *generation = generation_of(L);
    struct script_policy **owner;

    if (!generation->loading)
        return luaL_error(L, "parley.policy can only be called while a policy file is loaded");
    if (generation->loading->is_made)
        return luaL_error(L, "a file makes one policy, and this one has made it already");
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    if (lua_getfield(L, 1, "name") != LUA_TSTRING || !*lua_tostring(L, -1))
        return luaL_error(L, "parley.policy: name must be a text, as in { name = \"open\" }");
    generation->loading->version =
        number_field(L, 1, "parley.policy", "version", 1, VERSION_MOST, 1);
    lua_newtable(L);
    constructor_check(L, 3);
    (void)lua_getfield(L, 1, "options");
    declarations_take(L);
    lua_setfield(L, 3, "options");
    lua_pushvalue(L, 2);
    lua_setfield(L, 3, "name");

    owner = lua_newuserdatauv(L, sizeof(struct script_policy *), 1);
    *owner = generation->loading;
    lua_pushvalue(L, 3);
    (void)lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, class_name);
    generation->loading->is_made = true;
    return 1;
}

/* Pops the function and keeps it as the policy's hook. */
static void hook_take(lua_State *L, struct script_policy *policy, unsigned hook)
{
    lua_Debug debug;

    policy->hooks[hook] = calloc(1, sizeof *policy->hooks[hook]);
    if (!policy->hooks[hook])
        script_error(L, "out of memory");
    lua_pushvalue(L, -1);
    (void)lua_getinfo(L, ">S", &debug);
    policy->hooks[hook]->line = debug.linedefined > 0 ? debug.linedefined : 1;
    policy->hooks[hook]->function = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* What is kept in a new form must come out of the old one. */
static void version_check(lua_State *L, const struct script_policy *policy)
{
    const struct policy_hook *migrate = policy->hooks[HOOK_MIGRATE];

    if (policy->version > 1 && !migrate)
        script_error(L,
                     "%s: version %d needs `function policy.migrate(state, version) … end`, which "
                     "makes of conference.state what this version keeps there",
                     policy->display, (int)policy->version);
    if (policy->version == 1 && migrate)
        script_error(L,
                     "%s:%d: migrate is called when the version of a policy changes: say version = "
                     "2 in parley.policy",
                     policy->display, migrate->line);
}

void policy_take(lua_State *L, struct script_policy *policy)
{
    struct script_policy **owner = luaL_testudata(L, -1, class_name);

    if (!owner || *owner != policy)
        script_error(L,
                     "%s: the file must return its policy: end it with `return policy`, "
                     "what parley.policy { … } gave",
                     policy->display);
    (void)lua_getiuservalue(L, -1, 1);
    for (unsigned i = 0; i < HOOK_COUNT; i++) {
        if (lua_getfield(L, -1, hook_name(i)) == LUA_TFUNCTION)
            hook_take(L, policy, i);
        else
            lua_pop(L, 1);
    }
    version_check(L, policy);
    lua_pop(L, 1);
    policy->object = luaL_ref(L, LUA_REGISTRYINDEX);
}

void policies_forget(struct generation *generation, uint64_t conference)
{
    for (struct script_policy *policy = generation->policies; policy; policy = policy->next)
        conference_ration_forget(&policy->rations, conference);
}

static void field_push(lua_State *L, const struct script_policy *policy, const char *field)
{
    (void)lua_rawgeti(L, LUA_REGISTRYINDEX, policy->object);
    (void)lua_getiuservalue(L, -1, 1);
    (void)lua_getfield(L, -1, field);
    lua_replace(L, -3);
    lua_pop(L, 1);
}

void policy_push_declarations(lua_State *L, const struct script_policy *policy)
{
    field_push(L, policy, "options");
}

void policy_push_own_name(lua_State *L, const struct script_policy *policy)
{
    field_push(L, policy, "name");
}
