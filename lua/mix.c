/*
 * Media policy: policy.mix(mix, conference) says what the conference's mix is to be like.
 *
 *   mix:bus "stage"                       a bus of that name; returns the name. "main" is there.
 *   mix:pair(listener, talker, dB)        what one hears of one, whatever else is said; or "off"
 *   mix.ramp = 0.5                        seconds in which what is new comes in force
 *   participant:speaks_to(bus, dB)        0 dB when none is given
 *   participant:listens_to(bus, dB)
 *
 * Nothing takes effect here: a plan is made (focus/plan.h), with the line of the script beside all
 * that is said, and the focus carries it out when the hook has ended well.
 */
#include "lua/classes.h"
#include "lua/contexts.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/hook.h"
#include "lua/params.h"
#include "lua/private.h"

#include "focus/plan.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* There is one for all: its functions are for the hook that runs. */
enum { MIX_ID = 1 };

void mix_watch(lua_State *L, enum mix_watch what)
{
    struct hook_frame *frame = generation_of(L)->frame;

    if (frame && frame->plan)
        frame->watched |= (unsigned)what;
}

/* ---- arguments ------------------------------------------------------------------------------ */

static float gain_check(lua_State *L, int index, const char *what)
{
    lua_Number gain;

    if (lua_isnoneornil(L, index))
        return 0;
    if (lua_type(L, index) == LUA_TSTRING && strcmp(lua_tostring(L, index), "off") == 0)
        return GAIN_OFF;
    gain = lua_type(L, index) == LUA_TNUMBER ? lua_tonumber(L, index) : (lua_Number)NAN;
    if (!(gain >= REQUEST_GAIN_MIN && gain <= REQUEST_GAIN_MAX))
        script_error(L, "%s: the gain must be a number from %d to %d dB, or \"off\", not %s", what,
                     REQUEST_GAIN_MIN, REQUEST_GAIN_MAX, luaL_tolstring(L, index, NULL));
    return (float)gain;
}

static void bus_unknown(lua_State *L, const struct plan *plan, const char *what, const char *name)
{
    const char *names[PLAN_BUSES];
    unsigned count = 0;

    for (unsigned i = 0; i < plan_bus_count(plan); i++) {
        if (*plan_bus_name(plan, i))
            names[count++] = plan_bus_name(plan, i);
    }
    script_error(L, "%s: the mix has no bus \"%s\"%s: make it first, as in mix:bus \"%s\"", what,
                 name, nearest_push(L, name, names, count), name);
}

static unsigned bus_check(lua_State *L, int index, const struct plan *plan, const char *what)
{
    const char *name = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : NULL;
    unsigned bus;

    if (!name)
        script_error(L, "%s: which bus? Give its name, as in %s(\"stage\"), not a %s", what, what,
                     luaL_typename(L, index));
    bus = plan_find_bus(plan, name);
    if (bus == PLAN_BUSES)
        bus_unknown(L, plan, what, name);
    return bus;
}

/* The id of the participant at `index`; 0: it is gone. */
static uint64_t participant_check(lua_State *L, int index, const struct hook_frame *frame,
                                  const char *what)
{
    uint64_t id = handle_check(L, index, &participant_class);
    const struct participant *participant = focus_participant(frame->generation->engine->focus, id);

    if (!participant)
        return 0;
    if (participant_conference(participant) != frame->conference)
        script_error(L, "%s: %s is in another conference", what, luaL_tolstring(L, index, NULL));
    return id;
}

static void failure_raise(lua_State *L, const char *what, int error)
{
    if (error == ENOSPC)
        script_error(L,
                     "%s: more than %d buses: a mix has no more, and each talker with a pair "
                     "takes one",
                     what, PLAN_BUSES - 1);
    if (error)
        script_error(L, "%s: out of memory", what);
}

/* ---- what is said of participants ----------------------------------------------------------- */

static int set_gain(lua_State *L, const char *what,
                    int (*set)(struct plan *plan, uint64_t participant, unsigned bus, float gain,
                               const char *place))
{
    struct hook_frame *frame = generation_of(L)->frame;
    uint64_t id = participant_check(L, 1, frame, what);
    unsigned bus = bus_check(L, 2, frame->plan, what);
    float gain = gain_check(L, 3, what);
    char place[POSITION_TEXT];

    if (!id)
        return handle_gone(L);
    position_text(L, 1, place, sizeof place);
    failure_raise(L, what, set(frame->plan, id, bus, gain, place));
    return 0;
}

int participant_speaks_to(lua_State *L)
{
    return set_gain(L, "speaks_to", plan_set_speaks);
}

int participant_listens_to(lua_State *L)
{
    return set_gain(L, "listens_to", plan_set_hears);
}

/* ---- the mix -------------------------------------------------------------------------------- */

static int mix_bus(lua_State *L)
{
    const struct hook_frame *frame = generation_of(L)->frame;
    char name[PLAN_NAME], place[POSITION_TEXT];
    unsigned bus;

    (void)handle_check(L, 1, &mix_class);
    text_check(L, 2, "mix:bus: the name", name, sizeof name);
    if (!*name)
        return luaL_error(L, "mix:bus: a bus needs a name");
    position_text(L, 1, place, sizeof place);
    failure_raise(L, "mix:bus", plan_add_bus(frame->plan, name, place, &bus));
    lua_settop(L, 2);
    return 1;
}

static int mix_pair(lua_State *L)
{
    const struct hook_frame *frame = generation_of(L)->frame;
    uint64_t listener, talker;
    float gain;
    char place[POSITION_TEXT];

    (void)handle_check(L, 1, &mix_class);
    listener = participant_check(L, 2, frame, "mix:pair");
    talker = participant_check(L, 3, frame, "mix:pair");
    if (lua_isnoneornil(L, 4))
        return luaL_error(L, "mix:pair: how loud? A number of dB, or \"off\"");
    gain = gain_check(L, 4, "mix:pair");
    if (!listener || !talker)
        return handle_gone(L);
    if (listener == talker)
        return luaL_error(L, "mix:pair: nobody hears themselves: the listener and the talker must "
                             "be two");
    position_text(L, 1, place, sizeof place);
    failure_raise(L, "mix:pair", plan_set_pair(frame->plan, listener, talker, gain, place));
    return 0;
}

static int get_ramp(lua_State *L)
{
    lua_pushnumber(L, plan_ramp(generation_of(L)->frame->plan) / 1000.0);
    return 1;
}

static int set_ramp(lua_State *L)
{
    double seconds;

    if (!duration_at(L, 3, &seconds) || seconds < MIX_RAMP / 1000.0 ||
        seconds > MIX_RAMP_MAX / 1000.0)
        return luaL_error(L, "mix.ramp must be a number of seconds from %f to %f, not %s",
                          MIX_RAMP / 1000.0, MIX_RAMP_MAX / 1000.0, luaL_tolstring(L, 3, NULL));
    plan_set_ramp(generation_of(L)->frame->plan, (unsigned)lround(seconds * 1000));
    return 0;
}

static const struct script_function fields[] = {{"ramp", get_ramp, IN_MIX}, {NULL, NULL, 0}};
static const struct script_function setters[] = {{"ramp", set_ramp, IN_MIX}, {NULL, NULL, 0}};
static const struct script_function methods[] = {
    {"bus", mix_bus, IN_MIX},
    {"pair", mix_pair, IN_MIX},
    {NULL, NULL, 0},
};
static const luaL_Reg metamethods[] = {{NULL, NULL}};

const struct handle_class mix_class = {
    .name = "mix",
    .fields = fields,
    .methods = methods,
    .setters = setters,
    .metamethods = metamethods,
};

void mix_push(lua_State *L)
{
    handle_push(L, &mix_class, MIX_ID);
}

void mix_seal(lua_State *L, const struct hook_frame *frame)
{
    const char *place;

    if (plan_seal(frame->plan, &place))
        script_error(L, "%s: speaks_to: nobody can speak to more than %d buses", place,
                     PLAN_SPEAKS);
}
