/* Who calls a simulated server, and whom it calls. */
#include "lua/classes.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/params.h"
#include "lua/private.h"
#include "lua/testing.h"

#include "core/recipients.h"
#include "focus/focus.h"

#include <errno.h>
#include <string.h>

enum { RECIPIENTS_MOST = 20 };

static const char *const caller_keys[] = {
    "password", "proof", "host", "groups", "name", "user_agent", "to", "anonymous", "with",
};

static const char *optional(lua_State *L, const char *key)
{
    return lua_getfield(L, 4, key) == LUA_TNIL ? NULL : luaL_checkstring(L, -1);
}

/* The word stands on top of the stack. */
static enum proof proof_take(lua_State *L)
{
    const char *word = luaL_checkstring(L, -1);

    for (int proof = PROOF_NONE; proof <= PROOF_REGISTRATION; proof++) {
        if (strcmp(word, proof_name((enum proof)proof)) == 0)
            return (enum proof)proof;
    }
    script_error(L, "call: proof must be \"password\", \"peer\", \"registration\" or \"none\"");
}

/* The list on top of the stack, whose texts stay there. Nothing raises once something is added. */
static void recipients_take(lua_State *L, struct recipients *recipients)
{
    lua_Unsigned count = lua_rawlen(L, -1);

    luaL_checktype(L, -1, LUA_TTABLE);
    if (count > RECIPIENTS_MOST)
        script_error(L, "call: with has more than %d URIs", RECIPIENTS_MOST);
    for (lua_Unsigned i = 1; i <= count; i++, lua_pop(L, 1)) {
        if (lua_rawgeti(L, -1, (lua_Integer)i) != LUA_TSTRING)
            script_error(L, "call: with is a list of SIP URIs");
    }
    for (lua_Unsigned i = 1; i <= count; i++, lua_pop(L, 1)) {
        (void)lua_rawgeti(L, -1, (lua_Integer)i);
        char *uri = (char *)lua_tostring(L, -1); /* which is copied */
        (void)recipients_add(recipients, &(struct recipient){.uri = uri, .key = uri, .name = ""});
    }
}

/* Of the table at index 4; the texts stay on the stack. */
static void caller_take(lua_State *L, struct simulated_caller *caller,
                        struct recipients *recipients)
{
    size_t count = sizeof caller_keys / sizeof *caller_keys;

    for (lua_pushnil(L); lua_next(L, 4); lua_pop(L, 1))
        (void)key_check(L, -2, "call", caller_keys, (unsigned)count);
    luaL_checkstack(L, 16, NULL);
    caller->host = optional(L, "host");
    caller->to_host = optional(L, "to");
    caller->groups = optional(L, "groups");
    caller->display_name = optional(L, "name");
    caller->user_agent = optional(L, "user_agent");
    if (lua_getfield(L, 4, "password") != LUA_TNIL && lua_toboolean(L, -1))
        caller->proof = PROOF_PASSWORD;
    if (lua_getfield(L, 4, "proof") != LUA_TNIL)
        caller->proof = proof_take(L);
    (void)lua_getfield(L, 4, "anonymous");
    caller->anonymous = lua_toboolean(L, -1);
    if (lua_getfield(L, 4, "with") != LUA_TNIL)
        recipients_take(L, recipients);
    caller->recipients = recipients;
}

/* Whom an account belongs to has its groups and its name. */
static void know_account(struct tester *tester, struct lua_engine *engine,
                         struct simulated_caller *caller, struct account *account)
{
    const struct accounts *accounts = tester->config->simulation.accounts;
    int status = ENOENT;

    if (caller->proof != PROOF_PASSWORD)
        return;
    if (accounts)
        status = accounts->find(accounts->ctx, caller->user, "", NULL, account);
    if (status == ENOENT)
        status = lua_engine_account(engine, caller->user, "", NULL, account);
    if (status)
        return;
    if (!caller->groups)
        caller->groups = account->groups;
    if (!caller->display_name && *account->name)
        caller->display_name = account->name;
}

/* ("bob", conference or "9000" [, { password = true, … }]), from index 2 on. */
static void who_take(lua_State *L, struct simulated_caller *caller, struct recipients *recipients)
{
    const struct conference *to = NULL;

    *caller = (struct simulated_caller){.user = luaL_checkstring(L, 2)};
    lua_settop(L, 4);
    if (lua_isnil(L, 4)) {
        lua_newtable(L);
        lua_replace(L, 4);
    }
    luaL_checktype(L, 4, LUA_TTABLE);
    if (lua_type(L, 3) == LUA_TUSERDATA) {
        to = focus_conference(generation_of(L)->engine->focus,
                              handle_check(L, 3, &conference_class));
        if (!to)
            script_error(L, "call: the conference is over");
    }
    caller->to = to ? conference_name(to) : luaL_checkstring(L, 3);
    caller_take(L, caller, recipients);
}

/* sim:call(who, where [, how]) */
int simulation_call(lua_State *L)
{
    struct simulation *simulation = simulation_self(L);
    struct tester *tester = tester_of(L);
    struct recipients recipients = {.count = 0};
    struct account account = {.password = ""};
    struct simulated_caller caller;
    struct call *made;
    int status;

    who_take(L, &caller, &recipients);
    know_account(tester, generation_of(L)->engine, &caller, &account);
    status = tester->port->dial(simulation, &caller, &made);
    account_wipe(&account);
    recipients_clear(&recipients);
    if (status)
        script_error(L, "call: out of memory");
    simulation_settle(L);
    caller_push(L, made);
    return 1;
}

/* sim:initiate(who, where, { with = { … }, … }): the conference; or nil, why, code */
int simulation_initiate(lua_State *L)
{
    struct simulation *simulation = simulation_self(L);
    struct tester *tester = tester_of(L);
    struct lua_engine *engine = generation_of(L)->engine;
    struct initiation initiation = {.code = 0};
    struct recipients recipients = {.count = 0};
    struct account account = {.password = ""};
    struct simulated_caller caller;
    const struct conference *made;
    int status;

    who_take(L, &caller, &recipients);
    know_account(tester, engine, &caller, &account);
    status = tester->port->initiate(simulation, &caller, &initiation);
    account_wipe(&account);
    recipients_clear(&recipients);
    if (status)
        script_error(L, "initiate: out of memory");
    simulation_settle(L);
    if (initiation.code != 202)
        return failure_push(L, *initiation.reason ? initiation.reason : "refused", initiation.code);
    made = focus_conference_by_name(engine->focus, initiation.conference);
    if (!made)
        return handle_gone(L);
    conference_push(L, conference_id(made));
    return 1;
}

/* sim:called [user]: the one whom the server has called last; nil: nobody */
int simulation_called(lua_State *L)
{
    const struct simulation *simulation = simulation_self(L);
    const struct simulating *port = tester_of(L)->port;
    const char *user = luaL_optstring(L, 2, NULL);
    struct call *one = NULL, *last = NULL;
    struct simulated_call view;

    while ((one = port->next(simulation, one))) {
        port->look(one, &view);
        if (view.is_outgoing && (!user || strcmp(port->info(one)->caller.user, user) == 0))
            last = one;
    }
    if (!last)
        return 0;
    caller_push(L, last);
    return 1;
}
