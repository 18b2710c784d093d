/* parley.after and parley.every: functions that run while an application waits, and end with it. */
#include "lua/classes.h"
#include "lua/conversation.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/params.h"

#include "core/id.h"

#include <stdlib.h>
#include <utlist.h>

enum {
    TIMERS_MOST = 64,         /* of one conversation */
    TIME_MOST = 24 * 60 * 60, /* s */
    PERIOD_LEAST = 50,        /* ms */
};

struct script_timer {
    uint64_t id;
    struct conversation *conversation;
    int function;    /* reference */
    unsigned period; /* ms; 0: it runs once */
    struct loop_timer *timer;
    struct script_timer *prev, *next; /* in conversation.timers */
};

/* It is in no list any more. */
static void release(struct script_timer *timer)
{
    loop_timer_stop(&timer->timer);
    luaL_unref(timer->conversation->generation->L, LUA_REGISTRYINDEX, timer->function);
    free(timer);
}

static void timer_free(struct script_timer *timer)
{
    DL_DELETE(timer->conversation->timers, timer);
    timer->conversation->timer_count--;
    release(timer);
}

void timers_free(struct conversation *conversation)
{
    struct script_timer *timer, *next;

    DL_FOREACH_SAFE(conversation->timers, timer, next)
    {
        release(timer);
    }
    conversation->timers = NULL;
    conversation->timer_count = 0;
}

static struct script_timer *timer_find(const struct conversation *conversation, uint64_t id)
{
    struct script_timer *timer;

    DL_SEARCH_SCALAR(conversation->timers, timer, id, id);
    return timer;
}

/* ---- running -------------------------------------------------------------------------------- */

static void on_time(void *arg);

static int timer_start(struct script_timer *timer, unsigned ms)
{
    return loop_timer_start(timer->conversation->generation->engine->loop, &timer->timer, ms,
                            on_time, timer);
}

static void on_time(void *arg)
{
    struct script_timer *timer = arg;
    struct conversation *conversation = timer->conversation;
    uint64_t id = timer->id;
    bool is_good;

    if (!conversation_goes_on(conversation))
        return; /* it has left, which will be told */
    is_good = conversation_call(conversation, timer->function, "the timer is stopped");
    timer = timer_find(conversation, id); /* NULL: it has cancelled itself */
    if (timer && (!is_good || timer->period == 0 || timer_start(timer, timer->period)))
        timer_free(timer);
    if (!conversation_goes_on(conversation))
        conversation_unwind(conversation);
}

/* ---- the class ------------------------------------------------------------------------------ */

static struct script_timer *self(lua_State *L)
{
    uint64_t id = handle_check(L, 1, &timer_class);
    const struct conversation *conversation = conversation_running(L);

    return timer_find(conversation, id);
}

static bool exists(lua_State *L, uint64_t id)
{
    (void)L;
    (void)id;
    return true;
}

/* timer:cancel(): whether it would still have run. */
static int cancel(lua_State *L)
{
    struct script_timer *timer = self(L);

    lua_pushboolean(L, timer != NULL);
    if (timer)
        timer_free(timer);
    return 1;
}

static int to_string(lua_State *L)
{
    lua_pushfstring(L, "timer #%I", (lua_Integer)handle_check(L, 1, &timer_class));
    return 1;
}

static const struct script_function fields[] = {{NULL, NULL, 0}};
static const struct script_function methods[] = {{"cancel", cancel, IN_APPLICATION},
                                                 {NULL, NULL, 0}};
static const luaL_Reg metamethods[] = {{"__tostring", to_string}, {NULL, NULL}};

const struct handle_class timer_class = {
    .name = "timer",
    .fields = fields,
    .methods = methods,
    .metamethods = metamethods,
    .exists = exists,
};

/* ---- parley --------------------------------------------------------------------------------- */

/* The function is on top of the stack, and popped. NULL: out of memory. */
static struct script_timer *timer_make(lua_State *L, struct conversation *conversation)
{
    struct script_timer *timer;
    int function = luaL_ref(L, LUA_REGISTRYINDEX);

    timer = calloc(1, sizeof *timer);
    if (!timer) {
        luaL_unref(L, LUA_REGISTRYINDEX, function);
        return NULL;
    }
    timer->id = id_next();
    timer->conversation = conversation;
    timer->function = function;
    DL_APPEND(conversation->timers, timer);
    conversation->timer_count++;
    return timer;
}

static int begin(lua_State *L, const char *what, unsigned least, bool again)
{
    struct conversation *conversation = conversation_running(L);
    unsigned ms = duration_check(L, 1, what, 0, TIME_MOST);
    struct script_timer *timer;

    luaL_checktype(L, 2, LUA_TFUNCTION);
    if (ms < least)
        return luaL_error(L, "%s: the time is too short: %d ms is the least", what, (int)least);
    if (conversation->timer_count == TIMERS_MOST)
        return luaL_error(L, "%s: more than %d timers at once", what, TIMERS_MOST);
    if (!conversation_goes_on(conversation))
        return handle_gone(L);
    lua_settop(L, 2);
    timer = timer_make(L, conversation);
    if (!timer || timer_start(timer, ms)) {
        if (timer)
            timer_free(timer);
        return luaL_error(L, "out of memory");
    }
    timer->period = again ? ms : 0;
    handle_push(L, &timer_class, timer->id);
    return 1;
}

/* parley.after(time, function): once; gives a timer, for timer:cancel(). */
int parley_after(lua_State *L)
{
    return begin(L, "parley.after", 0, false);
}

/* parley.every(time, function): again and again. */
int parley_every(lua_State *L)
{
    return begin(L, "parley.every", PERIOD_LEAST, true);
}
