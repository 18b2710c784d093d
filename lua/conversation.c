/* Conversations: begun by a call, resumed by events and timers, closed by a hang-up. */
#include "lua/conversation.h"

#include "core/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAIT_MOST = 24 * 60 * 60, /* s */
    WAITS_MOST = 500,
    WAITS_WINDOW = 10000, /* ms */
};

struct visitor *conversation_visitor(const struct conversation *conversation)
{
    return focus_visitor(conversation->generation->engine->focus, conversation->visitor);
}

static void conversation_free(struct conversation *conversation)
{
    struct generation *generation = conversation->generation;
    lua_State *L = generation->L;

    loop_timer_stop(&conversation->timer);
    luaL_unref(L, LUA_REGISTRYINDEX, conversation->thread_reference);
    luaL_unref(L, LUA_REGISTRYINDEX, conversation->hangup_reference);
    HASH_DEL(generation->engine->conversations, conversation);
    free(conversation);
    generation_release(generation);
}

void conversations_close(struct lua_engine *engine)
{
    while (engine->conversations)
        conversation_free(engine->conversations);
}

/* ---- one step ------------------------------------------------------------------------------- */

struct step {
    struct hook_frame frame;
    struct budget budget;
    lua_State *before;
};

static bool step_begin(struct step *step, struct conversation *conversation)
{
    struct generation *generation = conversation->generation;

    *step = (struct step){
        .frame = {.generation = generation,
                  .conversation = conversation,
                  .call = conversation->call},
        .before = generation->running,
    };
    if (!hook_frame_enter(&step->frame))
        return false;
    generation->running = conversation->thread;
    budget_begin(generation, &step->budget, BUDGET_STEP);
    return true;
}

static void step_end(struct step *step)
{
    struct generation *generation = step->frame.generation;

    generation->running = step->before;
    budget_end(generation, &step->budget);
    hook_frame_leave(&step->frame);
    hook_stats_call(&step->frame.conversation->application->stats, clock_ns() - step->budget.began);
}

static void report(struct step *step, const char *error, const char *consequence)
{
    const struct conversation *conversation = step->frame.conversation;
    char what[300];

    (void)snprintf(what, sizeof what, "application %.250s", conversation->application->name);
    script_report(&conversation->application->stats, &step->frame, error, what, consequence);
}

/* The error on top of the thread's stack. */
static void report_thread(struct step *step, const char *consequence)
{
    const struct conversation *conversation = step->frame.conversation;
    char error[SCRIPT_TEXT], fallback[POSITION_TEXT];

    (void)snprintf(fallback, sizeof fallback, "%.100s:%d", conversation->application->display,
                   conversation->application->line);
    message_take(conversation->thread, &step->budget, fallback, error, sizeof error);
    report(step, error, consequence);
}

/* The script has returned: who is still there is sent away. */
static void finish(struct conversation *conversation)
{
    struct visitor *visitor = conversation_visitor(conversation);

    if (visitor && visitor_is_answered(visitor))
        visitor_dismiss(visitor, 200, "The application has ended");
    else if (visitor)
        visitor_dismiss(visitor, 480, "Temporarily Unavailable");
    conversation_free(conversation);
}

static void fail(struct conversation *conversation)
{
    struct visitor *visitor = conversation_visitor(conversation);

    if (visitor)
        visitor_fail(visitor);
    conversation_free(conversation);
}

/* Goes on, with the `count` values on top of the thread's stack, up to the next wait or the end. */
static void resume(struct conversation *conversation, int count)
{
    struct step step;
    int status, results;
    bool is_astray;

    conversation->wait = WAIT_NONE;
    loop_timer_stop(&conversation->timer);
    if (!step_begin(&step, conversation)) {
        fail(conversation);
        return;
    }
    status = lua_resume(conversation->thread, step.before, count, &results);
    is_astray = status == LUA_YIELD && conversation->wait == WAIT_NONE;
    if (is_astray)
        (void)lua_resetthread(conversation->thread); /* closes what it has opened */
    step_end(&step);
    if (status == LUA_YIELD && !is_astray)
        return;
    if (status == LUA_OK) {
        finish(conversation);
        return;
    }
    if (is_astray)
        report(&step,
               "coroutine.yield is for coroutines that the script itself has made: an application "
               "waits by call:sleep and the like",
               "the caller is sent away");
    else
        report_thread(&step, "the caller is sent away");
    fail(conversation);
}

/* ---- the beginning -------------------------------------------------------------------------- */

static int body_end(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    return status == LUA_OK || status == LUA_YIELD ? 0 : lua_error(L);
}

/* The coroutine's main function: called with the script's and the call. */
static int body(lua_State *L)
{
    lua_pushcfunction(L, message_handler);
    lua_insert(L, 1);
    return body_end(L, lua_pcallk(L, 1, 0, 1, 0, body_end), 0);
}

/* Makes the thread, with all that it begins with. Called protected, with the conversation. */
static int prepare(lua_State *L)
{
    struct conversation *conversation = lua_touserdata(L, 1);

    conversation->thread = lua_newthread(L);
    conversation->thread_reference = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_newtable(L);
    conversation->hangup_reference = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushcfunction(L, body);
    (void)lua_rawgeti(L, LUA_REGISTRYINDEX, conversation->application->function);
    handle_push(L, &call_class, conversation->visitor);
    lua_xmove(L, conversation->thread, 3);
    return 0;
}

void conversation_begin(struct lua_engine *engine, struct visitor *visitor)
{
    const struct call_info *call = visitor_call(visitor);
    struct conversation *conversation = calloc(1, sizeof *conversation);
    struct generation *generation = engine->generation;
    lua_State *L = generation->running;
    int top = lua_gettop(L);

    if (!conversation) {
        visitor_fail(visitor);
        return;
    }
    conversation->generation = generation;
    generation->references++;
    conversation->application = application_find(generation, call->requested_user);
    conversation->visitor = visitor_id(visitor);
    conversation->thread_reference = conversation->hangup_reference = LUA_NOREF;
    (void)snprintf(conversation->call, sizeof conversation->call, "%s", call->id);
    HASH_ADD(hh, engine->conversations, visitor, sizeof conversation->visitor, conversation);
    lua_pushcfunction(L, prepare);
    lua_pushlightuserdata(L, conversation);
    if (!conversation->application || lua_pcall(L, 1, 0, 0) != LUA_OK) {
        log_write(LOG_LEVEL_ERROR, NULL, call->id, "out of memory for application %s",
                  call->requested_user);
        lua_settop(L, top);
        fail(conversation);
        return;
    }
    resume(conversation, 2);
}

/* ---- waiting -------------------------------------------------------------------------------- */

/* A loop whose waits are over at once, as that of a prompt whose file is missing, would never come
 * to the end of a budget. */
static void ration(lua_State *L, struct conversation *conversation, const char *what)
{
    uint64_t now = loop_now(conversation->generation->engine->loop);

    if (now - conversation->waits_since >= WAITS_WINDOW) {
        conversation->waits_since = now;
        conversation->waits = 0;
    }
    if (++conversation->waits > WAITS_MOST)
        script_error(L, "%s: more than %d waits in %d s: what it waits for is over at once", what,
                     WAITS_MOST, WAITS_WINDOW / 1000);
}

void conversation_check_wait(lua_State *L, struct conversation *conversation, const char *what)
{
    if (L != conversation->thread)
        script_error(L, "%s: a coroutine of the script's own cannot wait for the caller", what);
    if (!lua_isyieldable(L))
        script_error(L,
                     "%s: there is no waiting within a function that is called by C, as by "
                     "table.sort, nor once the call is over",
                     what);
    ration(L, conversation, what);
}

unsigned seconds_check(lua_State *L, int index, const char *what)
{
    return duration_check(L, index, what, 0, WAIT_MOST);
}

/* In the step that follows the wait: what it came to. */
static int waited(lua_State *L, int status, lua_KContext wait)
{
    const struct outcome *outcome = &generation_of(L)->frame->conversation->outcome;

    (void)status;
    if (!outcome->is_good) {
        lua_pushnil(L);
        lua_pushstring(L, outcome->text);
        return 2;
    }
    if (wait == WAIT_ASK) {
        lua_pushstring(L, outcome->text);
        return 1;
    }
    lua_pushboolean(L, 1);
    if (*outcome->text == '\0')
        return 1;
    lua_pushstring(L, outcome->text);
    return 2;
}

int conversation_wait(lua_State *L, struct conversation *conversation, enum wait wait)
{
    conversation->wait = wait;
    return lua_yieldk(L, 0, wait, waited);
}

int conversation_over(lua_State *L, enum wait wait)
{
    return waited(L, LUA_OK, wait);
}

/* The wait is over. */
static void come_to(struct conversation *conversation, bool is_good, const char *text)
{
    conversation->outcome.is_good = is_good;
    (void)snprintf(conversation->outcome.text, sizeof conversation->outcome.text, "%s", text);
    resume(conversation, 0);
}

static void on_time(void *arg)
{
    struct conversation *conversation = arg;

    if (!conversation_visitor(conversation))
        return; /* it has left, which will be told */
    if (conversation->wait == WAIT_SLEEP)
        come_to(conversation, true, "");
    else if (conversation->wait == WAIT_ASK && ask_timeout(conversation))
        resume(conversation, 0);
}

void conversation_time(struct conversation *conversation, unsigned ms)
{
    /* Without memory for the timer it waits until the caller does something. */
    (void)loop_timer_start(conversation->generation->engine->loop, &conversation->timer, ms,
                           on_time, conversation);
}

/* ---- events --------------------------------------------------------------------------------- */

static void on_key(struct conversation *conversation, char key)
{
    size_t count = strlen(conversation->keys);

    if (count < KEYS_MAX) { /* nobody types that far ahead */
        conversation->keys[count] = key;
        conversation->keys[count + 1] = '\0';
    }
    if (conversation->wait == WAIT_PLAY) {
        visitor_stop(conversation_visitor(conversation));
        come_to(conversation, true, (char[]){key, '\0'});
    } else if (conversation->wait == WAIT_ASK && ask_key(conversation)) {
        resume(conversation, 0);
    }
}

static void on_played(struct conversation *conversation, const char *problem)
{
    if (conversation->wait == WAIT_PLAY)
        come_to(conversation, *problem == '\0', problem);
    else if (conversation->wait == WAIT_ASK)
        ask_played(conversation);
}

/* Calls what call:on_hangup was given, in that order. */
static int hangup_body(lua_State *L)
{
    const struct conversation *conversation = lua_touserdata(L, 1);
    lua_Integer count;

    (void)lua_rawgeti(L, LUA_REGISTRYINDEX, conversation->hangup_reference);
    count = (lua_Integer)lua_rawlen(L, -1);
    for (lua_Integer i = 1; i <= count; i++) {
        (void)lua_rawgeti(L, -1, i);
        lua_call(L, 0, 0);
    }
    return 0;
}

/* The caller has gone: what the coroutine has opened is closed, and the script is told. */
static void unwind(struct conversation *conversation)
{
    static const char consequence[] = "the caller had hung up";
    lua_State *thread = conversation->thread;
    struct step step;

    loop_timer_stop(&conversation->timer);
    if (step_begin(&step, conversation)) {
        if (lua_resetthread(thread) != LUA_OK)
            report_thread(&step, consequence);
        lua_settop(thread, 0);
        lua_pushcfunction(thread, message_handler);
        lua_pushcfunction(thread, hangup_body);
        lua_pushlightuserdata(thread, conversation);
        if (lua_pcall(thread, 1, 0, 1) != LUA_OK)
            report_thread(&step, consequence);
        step_end(&step);
    }
    conversation_free(conversation);
}

void conversation_event(struct lua_engine *engine, const struct conference_event *event)
{
    struct conversation *conversation;

    HASH_FIND(hh, engine->conversations, &event->visitor, sizeof event->visitor, conversation);
    if (!conversation)
        return;
    if (event->kind == EVENT_LEFT)
        unwind(conversation);
    else if (!conversation_visitor(conversation))
        return; /* it has left, which will be told */
    else if (event->kind == EVENT_JOINED && conversation->wait == WAIT_ANSWER)
        come_to(conversation, true, "");
    else if (event->kind == EVENT_DIGIT)
        on_key(conversation, event->digit);
    else if (event->kind == EVENT_PLAYED)
        on_played(conversation, event->reason);
}
