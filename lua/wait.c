/* How conversations wait, and what ends that: keys, time, events, and whoever works for them. */
#include "lua/conversation.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/hook.h"
#include "lua/params.h"

#include <stdio.h>
#include <string.h>

enum {
    WAIT_MOST = 24 * 60 * 60, /* s */
    WAITS_MOST = 500,
    WAITS_WINDOW = 10000, /* ms */
};

/* ---- the beginning -------------------------------------------------------------------------- */

/* A loop whose waits are over at once, as that of a prompt whose file is missing, would never come
 * to the end of a budget; nor would a timer that is begun anew whenever it is over. */
void conversation_ration(lua_State *L, struct conversation *conversation, const char *what)
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
    if (conversation->wait)
        script_error(L,
                     "%s: the application waits already; a timer's function does what takes no "
                     "time",
                     what);
    if (L != conversation->thread)
        script_error(L, "%s: a coroutine of the script's own cannot wait for the caller", what);
    if (!lua_isyieldable(L))
        script_error(L,
                     "%s: there is no waiting within a function that is called by C, as by "
                     "table.sort, nor once the call is over",
                     what);
    conversation_ration(L, conversation, what);
    conversation->wait_count++;
}

unsigned seconds_check(lua_State *L, int index, const char *what)
{
    return duration_check(L, index, what, 0, WAIT_MOST);
}

unsigned seconds_field(lua_State *L, int index, const char *what, const char *name,
                       unsigned standard)
{
    unsigned ms = standard;
    char field[64];

    (void)snprintf(field, sizeof field, "%s: %s", what, name);
    if (lua_getfield(L, index, name) != LUA_TNIL)
        ms = seconds_check(L, -1, field);
    lua_pop(L, 1);
    return ms;
}

void keys_field(lua_State *L, int index, const char *what, const char *name, char *keys)
{
    char field[64];

    (void)snprintf(field, sizeof field, "%s: %s", what, name);
    if (lua_getfield(L, index, name) != LUA_TNIL)
        text_check(L, -1, field, keys, KEYS_MAX + 1);
    lua_pop(L, 1);
    if (strspn(keys, KEYS) != strlen(keys))
        script_error(L, "%s must be keys, as in \"*#\", or \"\" for none", field);
}

bool boolean_field(lua_State *L, int index, const char *what, const char *name, bool standard)
{
    int type = lua_getfield(L, index, name);
    bool value = type == LUA_TNIL ? standard : lua_toboolean(L, -1);

    if (type != LUA_TNIL && type != LUA_TBOOLEAN)
        script_error(L, "%s: %s must be true or false, not a %s", what, name, luaL_typename(L, -1));
    lua_pop(L, 1);
    return value;
}

/* ---- the outcome ---------------------------------------------------------------------------- */

static void outcome_release(struct outcome *outcome)
{
    if (outcome->result && outcome->release)
        outcome->release(outcome->result);
    outcome->result = NULL;
}

bool conversation_note(struct conversation *conversation, bool is_good, const char *text)
{
    struct outcome *outcome = &conversation->outcome;

    outcome_release(outcome);
    outcome->is_good = is_good;
    outcome->code = 0;
    (void)snprintf(outcome->text, sizeof outcome->text, "%s", text);
    return true;
}

bool conversation_fail(struct conversation *conversation, int error)
{
    int code;
    const char *why = focus_failure(error, &code);

    (void)conversation_note(conversation, false, why);
    conversation->outcome.code = code;
    return true;
}

static int push_plainly(lua_State *L, const struct outcome *outcome)
{
    if (!outcome->is_good)
        return failure_push(L, outcome->text, outcome->code);
    lua_pushboolean(L, 1);
    if (*outcome->text == '\0')
        return 1;
    lua_pushstring(L, outcome->text);
    return 2;
}

/* In the step that follows the wait. */
static int waited(lua_State *L, int status, lua_KContext context)
{
    struct conversation *conversation = generation_of(L)->frame->conversation;

    (void)status;
    (void)context;
    return conversation_over(L, conversation, conversation->waited);
}

int conversation_wait(lua_State *L, struct conversation *conversation, const struct wait *wait)
{
    conversation->wait = conversation->waited = wait;
    return lua_yieldk(L, 0, 0, waited);
}

int conversation_over(lua_State *L, struct conversation *conversation, const struct wait *wait)
{
    loop_timer_stop(&conversation->timer);
    return wait->push ? wait->push(L, conversation) : push_plainly(L, &conversation->outcome);
}

/* ---- time ----------------------------------------------------------------------------------- */

static void on_time(void *arg)
{
    struct conversation *conversation = arg;
    const struct wait *wait = conversation->wait;

    if (!conversation_goes_on(conversation))
        return; /* it has left, which will be told */
    if (wait->on_time ? wait->on_time(conversation) : conversation_note(conversation, true, ""))
        conversation_resume(conversation);
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
    const struct wait *wait = conversation->wait;
    size_t count = strlen(conversation->keys);

    if (count < KEYS_MAX) { /* nobody types that far ahead */
        conversation->keys[count] = key;
        conversation->keys[count + 1] = '\0';
    }
    if (wait && wait->on_key && wait->on_key(conversation))
        conversation_resume(conversation);
}

static struct conversation *conversation_find(const struct lua_engine *engine, uint64_t visitor)
{
    struct conversation *conversation;

    HASH_FIND(hh, engine->conversations, &visitor, sizeof visitor, conversation);
    return conversation;
}

void conversation_event(struct lua_engine *engine, const struct conference_event *event)
{
    struct conversation *conversation = conversation_find(engine, event->visitor);
    const struct wait *wait = conversation ? conversation->wait : NULL;

    if (!conversation)
        return;
    if (event->kind == EVENT_LEFT)
        conversation_unwind(conversation);
    else if (!conversation_goes_on(conversation))
        return; /* it has left, which will be told */
    else if (event->kind == EVENT_DIGIT)
        on_key(conversation, event->digit);
    else if (wait && wait->on_event && wait->on_event(conversation, event))
        conversation_resume(conversation);
}

void conversations_hear(struct lua_engine *engine, const struct conference_event *event)
{
    const struct participant *participant = focus_participant(engine->focus, event->participant);
    struct conversation *conversation;

    engine->event_count++;
    if (event->kind == EVENT_DIGIT && participant) {
        conversation = conversation_find(engine, participant_visitor(participant));
        if (conversation)
            on_key(conversation, event->digit);
    }
    watchers_hear(engine, event);
}

/* ---- others' work --------------------------------------------------------------------------- */

struct ticket conversation_ticket(const struct conversation *conversation)
{
    return (struct ticket){.visitor = conversation->visitor, .wait = conversation->wait_count};
}

bool conversation_finish(struct lua_engine *engine, const struct ticket *ticket,
                         const struct outcome *outcome)
{
    struct conversation *conversation = conversation_find(engine, ticket->visitor);

    if (!conversation || !conversation->wait || conversation->wait_count != ticket->wait ||
        !conversation_goes_on(conversation))
        return false;
    (void)conversation_note(conversation, outcome->is_good, outcome->text);
    conversation->outcome.result = outcome->result;
    conversation->outcome.release = outcome->release;
    conversation_resume(conversation);
    return true;
}
