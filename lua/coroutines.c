/*
 * Coroutines for scripts. Lua's count hook is per thread, and a coroutine that is killed hands
 * control back to whoever resumed it, who could go on to resume the next. So every switch is
 * charged, and a switch back with the budget used up kills the resumer at once.
 *
 * coroutine.close is left out: it runs closing code on a thread of its own.
 */
#include "lua/budget.h"
#include "lua/conversation.h"
#include "lua/generation.h"
#include "lua/hook.h"
#include "lua/libraries.h"

#include <string.h>

enum { SWITCH_COST = 100 }; /* instructions */

static lua_State *thread_check(lua_State *L)
{
    lua_State *thread = lua_tothread(L, 1);

    luaL_argexpected(L, thread, 1, "coroutine");
    return thread;
}

static const char *status_of(lua_State *L, lua_State *thread)
{
    lua_Debug debug;

    if (thread == L)
        return "running";
    switch (lua_status(thread)) {
    case LUA_YIELD:
        return "suspended";
    case LUA_OK:
        if (lua_getstack(thread, 0, &debug))
            return "normal"; /* it resumed another one */
        return lua_gettop(thread) == 0 ? "dead" : "suspended";
    default:
        return "dead";
    }
}

/* Resumes with the `count` values on top of the stack. Returns the number of results, which are
 * then on top of the stack, or -1 with an error value there. */
static int resume(lua_State *L, lua_State *thread, int count)
{
    struct generation *generation = generation_of(L);
    int results, status;

    budget_charge(L, SWITCH_COST);
    if (strcmp(status_of(L, thread), "suspended") != 0) {
        lua_pushfstring(L, "cannot resume a %s coroutine", status_of(L, thread));
        return -1;
    }
    if (!lua_checkstack(thread, count)) {
        lua_pushliteral(L, "too many arguments to resume");
        return -1;
    }
    lua_xmove(L, thread, count);
    generation->running = thread;
    status = lua_resume(thread, L, count, &results);
    generation->running = L;
    budget_charge(L, 0);
    if (status != LUA_OK && status != LUA_YIELD) {
        lua_xmove(thread, L, 1);
        return -1;
    }
    if (!lua_checkstack(L, results + 1)) {
        lua_pop(thread, results);
        lua_pushliteral(L, "too many results to resume");
        return -1;
    }
    lua_xmove(thread, L, results);
    return results;
}

static int coroutine_create(lua_State *L)
{
    lua_State *thread;

    luaL_checktype(L, 1, LUA_TFUNCTION);
    budget_charge(L, SWITCH_COST);
    thread = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, thread, 1);
    return 1;
}

static int coroutine_resume(lua_State *L)
{
    lua_State *thread = thread_check(L);
    int results = resume(L, thread, lua_gettop(L) - 1);

    lua_pushboolean(L, results >= 0);
    if (results < 0)
        results = 1;
    lua_insert(L, -(results + 1));
    return results + 1;
}

static int wrapped(lua_State *L)
{
    int results = resume(L, lua_tothread(L, lua_upvalueindex(1)), lua_gettop(L));

    if (results < 0)
        return lua_error(L);
    return results;
}

static int coroutine_wrap(lua_State *L)
{
    (void)coroutine_create(L);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

static int coroutine_yield(lua_State *L)
{
    const struct hook_frame *frame = generation_of(L)->frame;

    if (frame && frame->conversation && frame->conversation->thread == L)
        script_error(L, "coroutine.yield is for coroutines that the script itself has made: an "
                        "application waits by call:sleep and the like");
    return lua_yield(L, lua_gettop(L));
}

static int coroutine_status(lua_State *L)
{
    lua_pushstring(L, status_of(L, thread_check(L)));
    return 1;
}

static int coroutine_isyieldable(lua_State *L)
{
    lua_pushboolean(L, lua_isyieldable(L));
    return 1;
}

void coroutines_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"create", coroutine_create},
        {"isyieldable", coroutine_isyieldable},
        {"resume", coroutine_resume},
        {"status", coroutine_status},
        {"wrap", coroutine_wrap},
        {"yield", coroutine_yield},
        {NULL, NULL},
    };

    luaL_newlib(L, functions);
}
