/* Conversations: begun by a call, run step by step, closed by a hang-up. */
#include "lua/conversation.h"
#include "lua/budget.h"
#include "lua/classes.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/hook.h"
#include "lua/state.h"

#include "core/clock.h"
#include "core/id.h"
#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALONE_MOST = 64 }; /* that talk with nobody */

struct conversation *conversation_running(lua_State *L)
{
    return generation_of(L)->frame->conversation;
}

struct visitor *conversation_visitor(const struct conversation *conversation)
{
    return focus_visitor(conversation->generation->engine->focus, conversation->visitor);
}

bool conversation_goes_on(const struct conversation *conversation)
{
    return conversation->is_alone || conversation_visitor(conversation);
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
    timers_free(conversation);
    watch_end(conversation);
    cancel(conversation);
    (void)errand_drop(conversation);
    (void)conversation_note(conversation, false, ""); /* releases */
    playlist_free(&conversation->playlist);
    luaL_unref(L, LUA_REGISTRYINDEX, conversation->thread_reference);
    luaL_unref(L, LUA_REGISTRYINDEX, conversation->hangup_reference);
    HASH_DEL(generation->engine->conversations, conversation);
    memory_share_leave(conversation->memory);
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

static const char *const used_up[] = {
    [RATION_IS_USED_UP] =
        "stopped after 1 s of computing within a minute, all that a conversation may use",
    [RATIONS_ARE_USED_UP] = "stopped after its part of 10 s of computing within a minute, all that "
                            "scripts may use together",
};

/* `running`: the thread that it runs on. */
static bool step_begin(struct step *step, struct conversation *conversation, lua_State *running)
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
    generation->running = running;
    budget_begin(generation, &step->budget, BUDGET_STEP, conversation->memory);
    step->budget.exceeded = used_up[ration_look(&conversation->ration, &generation->engine->rations,
                                                loop_now(generation->engine->loop))];
    return true;
}

static void step_end(struct step *step)
{
    struct generation *generation = step->frame.generation;

    generation->running = step->before;
    budget_end(generation, &step->budget);
    ration_spend(&step->frame.conversation->ration, &generation->engine->rations,
                 step->budget.computed);
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

/* The error on top of the stack of `L`. `place`: a position for one that has none; "": where the
 * application begins. */
static void report_error(struct step *step, lua_State *L, const char *place,
                         const char *consequence)
{
    const struct conversation *conversation = step->frame.conversation;
    char error[SCRIPT_TEXT], fallback[POSITION_TEXT], position[POSITION_TEXT];

    (void)snprintf(fallback, sizeof fallback, "%.100s:%d", conversation->application->display,
                   conversation->application->line);
    message_take(L, &step->budget, fallback, error, sizeof error);
    error_position(error, *place ? place : fallback, position, sizeof position);
    report(step, error, consequence);
}

static int commit(lua_State *L)
{
    state_commit(L, lua_touserdata(L, 1));
    return 0;
}

/* What it has written to conference.state is kept, or, when it has failed, is not. False: it cannot
 * be kept, which is told. */
static bool step_keep(struct step *step, bool is_good, const char *consequence)
{
    lua_State *L = step->before;
    char place[POSITION_TEXT];
    bool is_kept = true;

    if (!step->frame.states)
        return true;
    step->frame.generation->running = L;
    if (is_good) {
        lua_pushcfunction(L, message_handler);
        lua_pushcfunction(L, commit);
        lua_pushlightuserdata(L, &step->frame);
        is_kept = lua_pcall(L, 1, 0, -3) == LUA_OK;
        position_text(step->frame.conversation->thread, 0, place, sizeof place);
        if (!is_kept)
            report_error(step, L, place, consequence);
        lua_pop(L, 1);
    }
    state_close(L, &step->frame, !is_good || !is_kept);
    return is_kept;
}

/* The script has returned: who is still there is sent away, unless it is in a conference. */
static void finish(struct conversation *conversation)
{
    struct visitor *visitor = conversation_visitor(conversation);

    if (visitor && visitor_participant(visitor))
        visitor_let_go(visitor);
    else if (visitor && visitor_is_answered(visitor))
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

/* What comes of an error. */
static const char *consequence_of(const struct conversation *conversation)
{
    const struct visitor *visitor = conversation_visitor(conversation);

    return conversation->is_alone                    ? "it is over"
           : visitor && visitor_participant(visitor) ? "the caller stays in the conference"
                                                     : "the caller is sent away";
}

/* One step of the coroutine, with the `count` values on top of its stack. False: it has failed,
 * which is told; `*is_overp`: it has returned. */
static bool run(struct conversation *conversation, struct step *step, int count, bool *is_overp)
{
    lua_State *thread = conversation->thread;
    int results, status = lua_resume(thread, step->before, count, &results);
    bool is_good = status == LUA_OK || status == LUA_YIELD;
    const char *consequence = consequence_of(conversation);

    *is_overp = status == LUA_OK;
    if (!is_good)
        report_error(step, thread, "", consequence);
    is_good &= step_keep(step, is_good, consequence);
    if (!is_good) {
        step->frame.generation->running = thread;
        (void)lua_resetthread(thread); /* closes what it has opened */
    }
    return is_good;
}

static void resume(struct conversation *conversation, int count)
{
    struct step step;
    bool is_good, is_over;

    conversation->wait = NULL;
    loop_timer_stop(&conversation->timer);
    watch_end(conversation);
    if (!step_begin(&step, conversation, conversation->thread)) {
        fail(conversation);
        return;
    }
    is_good = run(conversation, &step, count, &is_over);
    step_end(&step);
    (void)conversation_note(conversation, false, ""); /* has been pushed */
    if (!is_good)
        fail(conversation);
    else if (is_over)
        finish(conversation);
}

void conversation_resume(struct conversation *conversation)
{
    resume(conversation, 0);
}

/* ---- beside it ------------------------------------------------------------------------------ */

struct aside {
    struct conversation *conversation;
    int function;
};

static int aside_body(lua_State *L)
{
    const struct aside *aside = lua_touserdata(L, 1);

    conversation_ration(L, aside->conversation, "timers");
    (void)lua_rawgeti(L, LUA_REGISTRYINDEX, aside->function);
    lua_call(L, 0, 0);
    return 0;
}

bool conversation_call(struct conversation *conversation, int function, const char *consequence)
{
    struct aside aside = {.conversation = conversation, .function = function};
    lua_State *L = conversation->generation->running;
    struct step step;
    bool is_good;

    if (!step_begin(&step, conversation, L))
        return false;
    lua_pushcfunction(L, message_handler);
    lua_pushcfunction(L, aside_body);
    lua_pushlightuserdata(L, &aside);
    is_good = lua_pcall(L, 1, 0, -3) == LUA_OK;
    if (!is_good)
        report_error(&step, L, "", consequence);
    lua_pop(L, 1);
    is_good &= step_keep(&step, is_good, consequence);
    step_end(&step);
    return is_good;
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
    if (conversation->is_alone)
        lua_pushnil(L);
    else
        handle_push(L, &call_class, conversation->visitor);
    lua_xmove(L, conversation->thread, 3);
    return 0;
}

/* `model`: whom it talks with. Its first step is yet to be made. NULL: out of memory. */
static struct conversation *make(struct lua_engine *engine, const struct conversation *model,
                                 const char *name)
{
    struct conversation *conversation = malloc(sizeof *conversation);
    struct generation *generation = engine->generation;
    lua_State *L = generation->running;
    int top = lua_gettop(L);

    if (!conversation)
        return NULL;
    *conversation = *model;
    conversation->generation = generation;
    generation->references++;
    conversation->application = application_find(generation, name);
    conversation->thread_reference = conversation->hangup_reference = LUA_NOREF;
    HASH_ADD(hh, engine->conversations, visitor, sizeof conversation->visitor, conversation);
    lua_pushcfunction(L, prepare);
    lua_pushlightuserdata(L, conversation);
    if (conversation->application)
        conversation->memory = memory_share_create(&conversation->application->memory);
    if (conversation->memory && lua_pcall(L, 1, 0, 0) == LUA_OK)
        return conversation;
    log_write(LOG_LEVEL_ERROR, NULL, conversation->call, "out of memory for application %s", name);
    lua_settop(L, top);
    conversation_free(conversation);
    return NULL;
}

void conversation_begin(struct lua_engine *engine, struct visitor *visitor, const char *name)
{
    const struct call_info *call = visitor_call(visitor);
    struct conversation model = {.visitor = visitor_id(visitor)}, *conversation;

    (void)snprintf(model.call, sizeof model.call, "%s", call->id);
    failures_party_of(&call->caller, model.party);
    conversation = make(engine, &model, name);
    if (conversation)
        resume(conversation, 2);
    else
        visitor_fail(visitor);
}

/* ---- without a caller ----------------------------------------------------------------------- */

static void on_first_step(void *arg)
{
    resume(arg, 2);
}

static unsigned count_alone(const struct lua_engine *engine)
{
    const struct conversation *conversation;
    unsigned count = 0;

    for (conversation = engine->conversations; conversation; conversation = conversation->hh.next)
        count += conversation->is_alone;
    return count;
}

/* Whoever runs it may be in a step of their own: it begins in the next turn of the loop. */
int conversation_run(struct lua_engine *engine, const char *name)
{
    const struct conversation model = {.visitor = id_next(), .is_alone = true, .call = "-"};
    struct conversation *conversation;
    int error;

    if (!application_find(engine->generation, name))
        return ENOENT;
    if (count_alone(engine) == ALONE_MOST)
        return EAGAIN;
    conversation = make(engine, &model, name);
    if (!conversation)
        return ENOMEM;
    error = loop_timer_start(engine->loop, &conversation->timer, 0, on_first_step, conversation);
    if (error)
        conversation_free(conversation);
    return error;
}

/* parley.run "campaign": true; or nil and why not */
int parley_run(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    int error = conversation_run(generation_of(L)->engine, name);

    if (error == ENOENT)
        return failure_push(L, "there is no application of that name", 404);
    if (error)
        return failure_push(L, error == EAGAIN ? "too many run already" : "out of memory", 503);
    lua_pushboolean(L, true);
    return 1;
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
    bool is_good;

    loop_timer_stop(&conversation->timer);
    cancel(conversation);
    timers_free(conversation);
    if (step_begin(&step, conversation, thread)) {
        if (lua_resetthread(thread) != LUA_OK)
            report_error(&step, thread, "", consequence);
        lua_settop(thread, 0);
        lua_pushcfunction(thread, message_handler);
        lua_pushcfunction(thread, hangup_body);
        lua_pushlightuserdata(thread, conversation);
        is_good = lua_pcall(thread, 1, 0, 1) == LUA_OK;
        if (!is_good)
            report_error(&step, thread, "", consequence);
        (void)step_keep(&step, is_good, consequence);
        step_end(&step);
    }
    conversation_free(conversation);
}
