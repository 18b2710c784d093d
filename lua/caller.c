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

#include <string.h>

enum {
    KEY_LASTS = 100, /* ms */
    SPEAKS_MOST = 24 * 3600,
    LOST_AFTER = 30000, /* ms */
};

static const struct simulating *port_of(lua_State *L)
{
    return tester_of(L)->port;
}

static struct focus *focus_of(lua_State *L)
{
    return generation_of(L)->engine->focus;
}

struct call *caller_at(lua_State *L, int index)
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

/* How it goes with what it has asked for last, by REFER. */
static int get_referred(lua_State *L)
{
    struct simulated_call view = look(L);

    if (view.referred == 0)
        return 0;
    lua_pushinteger(L, view.referred);
    return 1;
}

/* ---- what the phone does -------------------------------------------------------------------- */

int caller_done(lua_State *L, bool can, const char *what)
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
    return caller_done(L, port_of(L)->answer(caller_at(L, 1)), "answer");
}

static int reject(lua_State *L)
{
    struct call *call = caller_at(L, 1);
    lua_Integer code = luaL_optinteger(L, 2, 486);

    luaL_argcheck(L, code >= 400 && code <= 699, 2, "a SIP status from 400 to 699");
    return caller_done(L, port_of(L)->refuse(call, (int)code), "reject");
}

static int hangup(lua_State *L)
{
    return caller_done(L, port_of(L)->hang_up(caller_at(L, 1)), "hangup");
}

static int hold(lua_State *L)
{
    return caller_done(L, port_of(L)->hold(caller_at(L, 1), true), "hold");
}

static int unhold(lua_State *L)
{
    return caller_done(L, port_of(L)->hold(caller_at(L, 1), false), "unhold");
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
            return caller_done(L, false, "press");
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
        return caller_done(L, false, "speak");
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
    return caller_done(L, port_of(L)->speak(caller_at(L, 1), -127), "be_quiet");
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

static int to_string(lua_State *L)
{
    lua_pushfstring(L, "caller %s", port_of(L)->info(caller_at(L, 1))->caller.user);
    return 1;
}

/* caller:lose([seconds]): nothing comes from it, and nothing has for so long */
static int lose(lua_State *L)
{
    struct call *call = caller_at(L, 1);
    unsigned ms =
        lua_isnoneornil(L, 2) ? LOST_AFTER : duration_check(L, 2, "lose: the time", 1, SPEAKS_MOST);

    return caller_done(L, port_of(L)->lose(call, ms), "lose");
}

/* caller:judge("bad" [, "good"]): how it hears and is heard, and how it did before */
static int judge(lua_State *L)
{
    static const char *const grades[] = {"good", "fair", "poor", "bad", NULL};
    static const float scores[] = {4.3F, 3.8F, 3.3F, 2.0F}; /* MOS */
    struct call *call = caller_at(L, 1);
    int grade = luaL_checkoption(L, 2, NULL, grades),
        before = luaL_checkoption(L, 3, "good", grades);
    struct leg_quality quality = {
        .grade = grades[grade],
        .before = grades[before],
        .mos = scores[grade],
        .remote_mos = scores[grade],
    };

    return caller_done(L, port_of(L)->judge(call, &quality), "judge");
}

/* caller:refer(uri [, method]): what is answered, a code and a reason */
static int refer(lua_State *L)
{
    static const char *const methods[] = {"INVITE", "BYE", "HOLD", "RESUME", "REFER", NULL};
    struct call *call = caller_at(L, 1);
    const char *uri = luaL_checkstring(L, 2);
    int method = luaL_checkoption(L, 3, "INVITE", methods);
    struct reference reference;

    if (strncmp(uri, "sip:", 4) != 0)
        script_error(L, "refer: whom it is about is a SIP URI, as in \"sip:bob@example.com\"");
    if (!port_of(L)->refer(call, (enum reference_method)method, uri, &reference))
        return caller_done(L, false, "refer");
    simulation_settle(L);
    lua_pushinteger(L, reference.code);
    lua_pushstring(L, reference.reason);
    return 2;
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
    {"referred", get_referred, IN_TEST},
    {NULL, NULL, 0},
};

static const struct script_function methods[] = {
    {"answer", answer, IN_TEST},
    {"reject", reject, IN_TEST},
    {"hangup", hangup, IN_TEST},
    {"hold", hold, IN_TEST},
    {"unhold", unhold, IN_TEST},
    {"press", press, IN_TEST},
    {"speak", speak, IN_TEST},
    {"be_quiet", be_quiet, IN_TEST},
    {"lose", lose, IN_TEST},
    {"judge", judge, IN_TEST},
    {"refer", refer, IN_TEST},
    {"hears", caller_hears, IN_TEST},
    {"heard", caller_heard, IN_TEST},
    {"must_hear", caller_must_hear, IN_TEST},
    {"must_not_hear", caller_must_not_hear, IN_TEST},
    {"playing", caller_playing, IN_TEST},
    {"sees", caller_sees, IN_TEST},
    {"document", caller_document, IN_TEST},
    {"message", message, IN_TEST},
    {"received", caller_received, IN_TEST},
    {NULL, NULL, 0},
};

static const luaL_Reg metamethods[] = {{"__tostring", to_string}, {NULL, NULL}};

const struct handle_class caller_class = {
    .name = "caller",
    .fields = fields,
    .methods = methods,
    .metamethods = metamethods,
    .exists = exists,
};
