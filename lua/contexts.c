/* Which context a script runs in, and whether what it calls is for that. */
#include "lua/contexts.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/hook.h"

static const struct {
    unsigned context;
    const char *here, *purpose; /* "called in a decision hook", "it is for event hooks" */
} contexts[] = {
    {IN_LOADING, "while its file is loaded", "the text of a file"},
    {IN_DECISION, "in a decision hook", "decision hooks"},
    {IN_MIX, "in the hook mix", "the hook mix"},
    {IN_EVENT, "in an event hook", "event hooks"},
    {IN_APPLICATION, "in an application", "applications"},
    {IN_MIGRATE, "in the hook migrate", "the hook migrate"},
    {IN_TEST, "in a test", "tests"},
};

enum { CONTEXTS = sizeof contexts / sizeof *contexts };

static unsigned context_now(lua_State *L)
{
    const struct hook_frame *frame = generation_of(L)->frame;

    if (!frame)
        return IN_LOADING;
    if (frame->test)
        return IN_TEST;
    if (frame->conversation)
        return IN_APPLICATION;
    if (frame->plan)
        return IN_MIX;
    if (frame->migration)
        return IN_MIGRATE;
    return frame->event ? IN_EVENT : IN_DECISION;
}

/* Pushes "event hooks and applications". That tests can do the same is no advice. */
static const char *purposes_push(lua_State *L, unsigned allowed)
{
    if (allowed != IN_TEST)
        allowed &= ~(unsigned)IN_TEST;
    lua_pushliteral(L, "");
    for (unsigned i = 0, left = allowed; i < CONTEXTS; i++) {
        if (!(allowed & contexts[i].context))
            continue;
        left &= ~contexts[i].context;
        lua_pushfstring(L, "%s%s%s", lua_tostring(L, -1), contexts[i].purpose,
                        !left               ? ""
                        : left & (left - 1) ? ", "
                                            : " and ");
        lua_remove(L, -2);
    }
    return lua_tostring(L, -1);
}

void context_check(lua_State *L, const char *owner, const char *separator,
                   const struct script_function *function)
{
    unsigned now = context_now(L), i = 0;

    if (function->contexts & now)
        return;
    while (contexts[i].context != now)
        i++;
    script_error(L, "%s%s%s is not possible %s: it is for %s%s", owner, separator, function->name,
                 contexts[i].here, purposes_push(L, function->contexts),
                 now == IN_DECISION && function->contexts & IN_EVENT
                     ? "; return a verdict here, and act in an event hook such as joined"
                     : "");
}

/* Upvalues: the function, its owner, what stands between their names. */
static int checked(lua_State *L)
{
    const struct script_function *function = lua_touserdata(L, lua_upvalueindex(1));

    context_check(L, lua_touserdata(L, lua_upvalueindex(2)), lua_touserdata(L, lua_upvalueindex(3)),
                  function);
    /* A shadow only thinks. */
    if (function->contexts == TO_ACT && generation_of(L)->shadow)
        return failure_push(L, "a shadow does nothing", 403);
    return function->function(L);
}

void functions_set(lua_State *L, const char *owner, const char *separator,
                   const struct script_function *functions)
{
    for (; functions->name; functions++) {
        lua_pushlightuserdata(L, (void *)functions);
        lua_pushlightuserdata(L, (void *)owner);
        lua_pushlightuserdata(L, (void *)separator);
        lua_pushcclosure(L, checked, 3);
        lua_setfield(L, -2, functions->name);
    }
}
