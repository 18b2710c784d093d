/* Conversations: begun by a call, run step by step, closed by a hang-up. */
#include "lua/conversation.h"

#include "core/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct visitor *conversation_visitor(const struct conversation *conversation)
{
    return focus_visitor(conversation->generation->engine->focus, conversation->visitor);
}

/* Gives up what it waits for. */
static void cancel(struct conversation *conversation)
{
    if (conversation->wait && conversation->wait->cancel)
        conversation->wait->cancel(conversation);
    conversation->wait = NULL;
}

static void conversation_free(struct conversation *conversation)
{
    struct generation *generation = conversation->generation;
    lua_State *L = generation->L;

    loop_timer_stop(&conversation->timer);
    cancel(conversation);
    (void)errand_drop(conversation);
    (void)conversation_note(conversation, false, ""); /* releases */
    playlist_free(&conversation->playlist);
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

/* With the `count` values on top of the thread's stack. */
static void resume(struct conversation *conversation, int count)
{
    struct step step;
    int status, results;
    bool is_astray;

    conversation->wait = NULL;
    loop_timer_stop(&conversation->timer);
    if (!step_begin(&step, conversation)) {
        fail(conversation);
        return;
    }
    status = lua_resume(conversation->thread, step.before, count, &results);
    is_astray = status == LUA_YIELD && !conversation->wait;
    if (is_astray)
        (void)lua_resetthread(conversation->thread); /* closes what it has opened */
    step_end(&step);
    (void)conversation_note(conversation, false, ""); /* has been pushed */
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

void conversation_resume(struct conversation *conversation)
{
    resume(conversation, 0);
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

/* ---- the end -------------------------------------------------------------------------------- */

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

void conversation_unwind(struct conversation *conversation)
{
    static const char consequence[] = "the caller had hung up";
    lua_State *thread = conversation->thread;
    struct step step;

    loop_timer_stop(&conversation->timer);
    cancel(conversation);
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
