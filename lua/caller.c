/* Class caller, of tests: somebody with a phone who calls a simulated server, or is called by it.
 */
#include "lua/classes.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/message.h"
#include "lua/options.h"
#include "lua/private.h"
#include "lua/testing.h"

#include "focus/focus.h"
#include "focus/visitor.h"

#include <math.h>
#include <string.h>

enum {
    KEY_LASTS = 100, /* ms */
    SPEAKS_MOST = 24 * 3600,
};

static const struct simulating *port_of(lua_State *L)
{
    return tester_of(L)->port;
}

static struct focus *focus_of(lua_State *L)
{
    return generation_of(L)->engine->focus;
}

static struct call *caller_at(lua_State *L, int index)
{
    const struct tester *tester = tester_of(L);
    struct call *call =
        tester->port->find(tester->simulation, handle_check(L, index, &caller_class));

    if (!call)
        script_error(L, "this caller is of another test");
    return call;
}

static bool exists(lua_State *L, uint64_t id)
{
    const struct tester *tester = tester_of(L);

    return tester->port->find(tester->simulation, id) != NULL;
}

void caller_push(lua_State *L, const struct call *call)
{
    handle_push(L, &caller_class, port_of(L)->id(call));
}

/* ---- fields --------------------------------------------------------------------------------- */

static struct simulated_call look(lua_State *L)
{
    struct simulated_call view;

    port_of(L)->look(caller_at(L, 1), &view);
    return view;
}

static int get_user(lua_State *L)
{
    lua_pushstring(L, port_of(L)->info(caller_at(L, 1))->caller.user);
    return 1;
}

static int get_uri(lua_State *L)
{
    lua_pushstring(L, port_of(L)->info(caller_at(L, 1))->caller.uri);
    return 1;
}

/* Of a call that is not over. */
static const char *status_of(lua_State *L, const struct call *call, bool is_up)
{
    const struct visitor *visitor = focus_visitor(focus_of(L), port_of(L)->visitor(call));

    if (visitor)
        return visitor_waits(visitor) ? "pending" : "application";
    return is_up && port_of(L)->participant(call) ? "in" : "ringing";
}

static int get_status(lua_State *L)
{
    static const char *const over[] = {
        [SIMULATED_REJECTED] = "rejected",
        [SIMULATED_ENDED] = "gone",
    };
    struct simulated_call view = look(L);
    bool is_over = view.state == SIMULATED_REJECTED || view.state == SIMULATED_ENDED;

    lua_pushstring(L, is_over ? over[view.state]
                              : status_of(L, caller_at(L, 1), view.state == SIMULATED_UP));
    return 1;
}

static int get_answered(lua_State *L)
{
    lua_pushboolean(L, look(L).state == SIMULATED_UP);
    return 1;
}

/* nil as long as the call goes on. */
static int get_code(lua_State *L)
{
    struct simulated_call view = look(L);

    if (view.state != SIMULATED_REJECTED && view.state != SIMULATED_ENDED)
        return 0;
    lua_pushinteger(L, view.code);
    return 1;
}

static int get_reason(lua_State *L)
{
    struct simulated_call view = look(L);

    if (view.state != SIMULATED_REJECTED && view.state != SIMULATED_ENDED)
        return 0;
    lua_pushstring(L, view.reason);
    return 1;
}

static int get_target(lua_State *L)
{
    struct simulated_call view = look(L);

    if (!*view.target)
        return 0;
    lua_pushstring(L, view.target);
    return 1;
}

static int get_participant(lua_State *L)
{
    uint64_t id = port_of(L)->participant(caller_at(L, 1));

    if (id == 0)
        return 0;
    participant_push(L, id);
    return 1;
}

static int get_conference(lua_State *L)
{
    uint64_t id = port_of(L)->participant(caller_at(L, 1));
    const struct participant *participant = id ? focus_participant(focus_of(L), id) : NULL;

    if (!participant)
        return 0;
    conference_push(L, conference_id(participant_conference(participant)));
    return 1;
}

/* ---- what the phone does -------------------------------------------------------------------- */

/* A test that has a phone do what it cannot is wrong. */
static int done(lua_State *L, bool can, const char *what)
{
    if (!can)
        script_error(L, "%s: the call of %s is not that far, or is over", what,
                     port_of(L)->info(caller_at(L, 1))->caller.user);
    simulation_settle(L);
    lua_settop(L, 1);
    return 1;
}

static int answer(lua_State *L)
{
    return done(L, port_of(L)->answer(caller_at(L, 1)), "answer");
}

static int reject(lua_State *L)
{
    struct call *call = caller_at(L, 1);
    lua_Integer code = luaL_optinteger(L, 2, 486);

    luaL_argcheck(L, code >= 400 && code <= 699, 2, "a SIP status from 400 to 699");
    return done(L, port_of(L)->refuse(call, (int)code), "reject");
}

static int hangup(lua_State *L)
{
    return done(L, port_of(L)->hang_up(caller_at(L, 1)), "hangup");
}

static int hold(lua_State *L)
{
    return done(L, port_of(L)->hold(caller_at(L, 1), true), "hold");
}

static int unhold(lua_State *L)
{
    return done(L, port_of(L)->hold(caller_at(L, 1), false), "unhold");
}

/* caller:press "4711#" */
static int press(lua_State *L)
{
    struct call *call = caller_at(L, 1);
    const char *keys = luaL_checkstring(L, 2);

    if (!*keys || strspn(keys, KEYS) != strlen(keys))
        script_error(L, "press: keys are 0 to 9, *, # and A to D, as in press \"4711#\"");
    for (; *keys; keys++) {
        if (!port_of(L)->press(call, *keys))
            return done(L, false, "press");
        simulation_advance(L, KEY_LASTS);
    }
    lua_settop(L, 1);
    return 1;
}

/* caller:speak([seconds [, level]]) */
static int speak(lua_State *L)
{
    struct call *call = caller_at(L, 1);
    float level = (float)luaL_optnumber(L, 3, -20);

    luaL_argcheck(L, level > -127 && level <= 0, 3, "dBov, from -126 to 0");
    if (!port_of(L)->speak(call, level))
        return done(L, false, "speak");
    simulation_settle(L);
    if (!lua_isnoneornil(L, 2)) {
        simulation_advance(L, duration_check(L, 2, "speak: the time", 0, SPEAKS_MOST));
        (void)port_of(L)->speak(call, -127); /* false: it is over meanwhile */
        simulation_settle(L);
    }
    lua_settop(L, 1);
    return 1;
}

static int be_quiet(lua_State *L)
{
    return done(L, port_of(L)->speak(caller_at(L, 1), -127), "be_quiet");
}

/* ---- what it hears and sees ----------------------------------------------------------------- */

/* caller:hears(other): dB, to a tenth; nil: not at all */
static int hears(lua_State *L)
{
    float gain = port_of(L)->hears(caller_at(L, 1), caller_at(L, 2));

    if (gain <= GAIN_OFF)
        return 0;
    lua_pushnumber(L, round((double)gain * 10) / 10);
    return 1;
}

static int texts_push(lua_State *L, const char *(*at)(const struct call *call, unsigned index))
{
    const struct call *call = caller_at(L, 1);
    const char *text;

    lua_newtable(L);
    for (unsigned i = 0; (text = at(call, i)); i++) {
        lua_pushstring(L, text);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* caller:heard(): what has been played to it, in its order */
static int heard(lua_State *L)
{
    return texts_push(L, port_of(L)->heard);
}

/* caller:listens_to(): what plays to it now */
static int playing(lua_State *L)
{
    return texts_push(L, port_of(L)->plays);
}

/* caller:document([package]): as its phone would be told that subscribes */
static int document(lua_State *L)
{
    struct call *call = caller_at(L, 1);
    const char *package = luaL_optstring(L, 2, "conference");
    struct subscriber subscriber;
    struct body *body = port_of(L)->document(call, package, &subscriber);

    if (!body)
        return failure_push(L, *subscriber.reason ? subscriber.reason : "refused", subscriber.code);
    /* A want of memory here would leave the body: it is the test's end anyway. */
    lua_pushlstring(L, body->data, body->size);
    body_unref(body);
    return 1;
}

/* caller:message(text): the status that it is answered with, and why */
static int message(lua_State *L)
{
    struct call *call = caller_at(L, 1);
    const char *text = message_check(L, 2);
    char reason[96];
    int code = port_of(L)->write(call, text, reason);

    simulation_settle(L);
    lua_pushinteger(L, code);
    lua_pushstring(L, reason);
    return 2;
}

/* caller:received(): the messages that came, in their order */
static int received(lua_State *L)
{
    return texts_push(L, port_of(L)->read);
}

static int to_string(lua_State *L)
{
    lua_pushfstring(L, "caller %s", port_of(L)->info(caller_at(L, 1))->caller.user);
    return 1;
}

/* ---- the class ------------------------------------------------------------------------------ */

static const struct script_function fields[] = {
    {"user", get_user, IN_TEST},
    {"uri", get_uri, IN_TEST},
    {"status", get_status, IN_TEST},
    {"answered", get_answered, IN_TEST},
    {"code", get_code, IN_TEST},
    {"reason", get_reason, IN_TEST},
    {"target", get_target, IN_TEST},
    {"participant", get_participant, IN_TEST},
    {"conference", get_conference, IN_TEST},
    {NULL, NULL, 0},
};

static const struct script_function methods[] = {
    {"answer", answer, IN_TEST},   {"reject", reject, IN_TEST},     {"hangup", hangup, IN_TEST},
    {"hold", hold, IN_TEST},       {"unhold", unhold, IN_TEST},     {"press", press, IN_TEST},
    {"speak", speak, IN_TEST},     {"be_quiet", be_quiet, IN_TEST}, {"hears", hears, IN_TEST},
    {"heard", heard, IN_TEST},     {"playing", playing, IN_TEST},   {"document", document, IN_TEST},
    {"message", message, IN_TEST}, {"received", received, IN_TEST}, {NULL, NULL, 0},
};

static const luaL_Reg metamethods[] = {{"__tostring", to_string}, {NULL, NULL}};

const struct handle_class caller_class = {
    .name = "caller",
    .fields = fields,
    .methods = methods,
    .metamethods = metamethods,
    .exists = exists,
};
