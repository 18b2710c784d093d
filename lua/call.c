/*
 * Class call: the caller whom an application talks with. Its methods are for that application's own
 * run; those that wait return when what they wait for is over.
 */
#include "lua/classes.h"
#include "lua/conversation.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/hook.h"
#include "lua/libraries.h"
#include "lua/params.h"

#include <errno.h>
#include <stdio.h>

enum {
    URI_SIZE = 600, /* bytes with NUL */
};

static bool exists(lua_State *L, uint64_t id)
{
    return focus_visitor(generation_of(L)->engine->focus, id) != NULL;
}

struct conversation *conversation_check(lua_State *L)
{
    uint64_t id = handle_check(L, 1, &call_class);
    struct conversation *conversation = generation_of(L)->frame->conversation;

    if (!conversation || conversation->visitor != id)
        script_error(L, "a call can only be used by the application that it is with");
    return conversation;
}

/* The caller at index 1; NULL when it is gone. */
static struct visitor *self(lua_State *L)
{
    return conversation_visitor(conversation_check(L));
}

static int done(lua_State *L)
{
    lua_pushboolean(L, 1);
    return 1;
}

/* ---- fields --------------------------------------------------------------------------------- */

static int get_id(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)handle_check(L, 1, &call_class));
    return 1;
}

static int get_from(lua_State *L)
{
    const struct visitor *visitor = self(L);
    struct actor actor;

    if (!visitor)
        return 0;
    actor_of_caller(&actor, &visitor_call(visitor)->caller);
    actor_push(L, &actor);
    return 1;
}

static int get_to(lua_State *L)
{
    const struct visitor *visitor = self(L);

    if (!visitor)
        return 0;
    lua_pushstring(L, visitor_call(visitor)->requested_user);
    return 1;
}

static int get_answered(lua_State *L)
{
    const struct visitor *visitor = self(L);

    if (!visitor)
        return 0;
    lua_pushboolean(L, visitor_is_answered(visitor));
    return 1;
}

static int get_language(lua_State *L)
{
    const struct visitor *visitor = self(L);

    if (!visitor)
        return 0;
    language_push(L, visitor_language(visitor));
    return 1;
}

/* nil while the caller is in no conference. */
static int get_participant(lua_State *L)
{
    const struct visitor *visitor = self(L);

    if (!visitor || !visitor_participant(visitor))
        return 0;
    participant_push(L, visitor_here(visitor));
    return 1;
}

static int get_conference(lua_State *L)
{
    const struct visitor *visitor = self(L);
    const struct participant *participant;

    if (!visitor || !visitor_participant(visitor))
        return 0;
    participant = focus_participant(generation_of(L)->engine->focus, visitor_here(visitor));
    conference_push(L, conference_id(participant_conference(participant)));
    return 1;
}

/* ---- answering ------------------------------------------------------------------------------ */

/* call:ring() */
static int ring(lua_State *L)
{
    struct visitor *visitor = self(L);

    if (!visitor)
        return handle_gone(L);
    visitor_ring(visitor);
    return done(L);
}

/* call:early() */
static int early(lua_State *L)
{
    struct visitor *visitor = self(L);
    struct decision decision;
    int error;

    if (!visitor)
        return handle_gone(L);
    if (visitor_is_answered(visitor))
        return luaL_error(L, "early: the call is answered already");
    error = visitor_progress(visitor, &decision);
    if (error == EINVAL)
        return failure_push(L, "The caller has made no offer", 488);
    return error ? failure_push(L, decision.reason, decision.code) : done(L);
}

static bool is_up(struct conversation *conversation, const struct conference_event *event)
{
    return event->kind == EVENT_JOINED && conversation_note(conversation, true, "");
}

static const struct wait answer_wait = {.on_event = is_up};

/* call:answer() */
static int answer(lua_State *L)
{
    struct conversation *conversation = conversation_check(L);
    struct visitor *visitor = self(L);
    struct decision decision;

    if (!visitor)
        return handle_gone(L);
    if (visitor_is_answered(visitor))
        return luaL_error(L, "answer: the call is answered already");
    conversation_check_wait(L, conversation, "answer");
    if (visitor_answer(visitor, &decision))
        return failure_push(L, decision.reason, decision.code);
    return conversation_wait(L, conversation, &answer_wait);
}

/* call:reject(code [, reason]) */
static int reject(lua_State *L)
{
    lua_Integer code = luaL_checkinteger(L, 2);
    struct visitor *visitor = self(L);
    char reason[96] = ""; /* the code's own */

    if (code < 400 || code > 699 || code == 401 || code == 407)
        return luaL_error(L, "reject: the code must be a SIP status from 400 to 699, as in "
                             "reject(486, \"Busy\"); a password is asked for by challenge()");
    if (!lua_isnoneornil(L, 3))
        text_check(L, 3, "reject: the reason", reason, sizeof reason);
    if (!visitor)
        return handle_gone(L);
    if (visitor_is_answered(visitor))
        return luaL_error(L, "reject: the call is answered already; hangup() ends it");
    visitor_dismiss(visitor, (int)code, reason);
    return done(L);
}

/* call:challenge() */
static int challenge(lua_State *L)
{
    struct visitor *visitor = self(L);

    if (!visitor)
        return handle_gone(L);
    if (visitor_is_answered(visitor))
        return luaL_error(L, "challenge: the call is answered already");
    if (visitor_call(visitor)->caller.authenticated)
        return luaL_error(L, "challenge: the caller has proven who it is");
    visitor_dismiss(visitor, 401, "Unauthorized");
    return done(L);
}

/* call:redirect(uri) */
static int redirect(lua_State *L)
{
    struct visitor *visitor = self(L);
    char target[URI_SIZE];

    text_check(L, 2, "redirect: the URI", target, sizeof target);
    if (!visitor)
        return handle_gone(L);
    if (visitor_is_answered(visitor))
        return luaL_error(L, "redirect: the call is answered already");
    if (visitor_redirect(visitor, target))
        return luaL_error(L, "redirect: '%s' is no SIP URI", target);
    return done(L);
}

/* Out of its conference, if the policy lets the application put it out. */
static int remove_from(lua_State *L, const struct participant *participant, const char *reason)
{
    struct request request = {
        .verb = VERB_REMOVE,
        .conference = participant_conference(participant),
        .target = participant_id(participant),
    };

    (void)snprintf(request.params.reason, sizeof request.params.reason, "%s", reason);
    return command_submit(L, &request);
}

/* call:hangup([reason]) */
static int hangup(lua_State *L)
{
    struct visitor *visitor = self(L);
    const struct participant *participant;
    char reason[96] = "The application has ended the call";

    if (!lua_isnoneornil(L, 2))
        text_check(L, 2, "hangup: the reason", reason, sizeof reason);
    if (!visitor)
        return handle_gone(L);
    participant = focus_participant(generation_of(L)->engine->focus, visitor_participant(visitor));
    if (participant)
        return remove_from(L, participant, reason);
    visitor_dismiss(visitor, visitor_is_answered(visitor) ? 200 : 480, reason);
    return done(L);
}

/* call:on_hangup(function) */
static int on_hangup(lua_State *L)
{
    const struct conversation *conversation = conversation_check(L);

    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    (void)lua_rawgeti(L, LUA_REGISTRYINDEX, conversation->hangup_reference);
    lua_insert(L, 2);
    lua_rawseti(L, 2, (lua_Integer)lua_rawlen(L, 2) + 1);
    return 0;
}

/* ---- waiting -------------------------------------------------------------------------------- */

static const struct wait sleep_wait = {.push = NULL};

static int sleep_begin(lua_State *L, struct conversation *conversation, unsigned ms)
{
    if (!conversation_goes_on(conversation))
        return handle_gone(L);
    conversation_check_wait(L, conversation, "sleep");
    conversation_time(conversation, ms);
    return conversation_wait(L, conversation, &sleep_wait);
}

/* call:sleep(seconds) */
static int sleep_for(lua_State *L)
{
    struct conversation *conversation = conversation_check(L);
    unsigned ms = seconds_check(L, 2, "sleep: the time");

    return sleep_begin(L, conversation, ms);
}

/* parley.sleep(seconds): the same, whether there is a caller or not */
int parley_sleep(lua_State *L)
{
    return sleep_begin(L, conversation_running(L), seconds_check(L, 1, "sleep: the time"));
}

bool audio_check(lua_State *L, const struct conversation *conversation, const char *what)
{
    const struct visitor *visitor = conversation_visitor(conversation);

    if (visitor && visitor_participant(visitor) && !visitor_is_out(visitor))
        script_error(L,
                     "%s: the caller is in a conference, and hears nothing else: leave() comes "
                     "first",
                     what);
    if (visitor && !visitor_has_audio(visitor))
        script_error(L, "%s: there is no audio yet: answer(), or early(), comes first", what);
    return visitor != NULL;
}

/* ---- the class ------------------------------------------------------------------------------ */

static int to_string(lua_State *L)
{
    lua_pushfstring(L, "call #%I", (lua_Integer)handle_check(L, 1, &call_class));
    return 1;
}

/* call:set_language "de": that prompts and numbers are said in to the caller from now on, in a
 * conference, too. */
static int set_language(lua_State *L)
{
    char language[LANGUAGE_SIZE];
    struct visitor *visitor = self(L);

    text_check(L, 2, "set_language: the language", language, sizeof language);
    language_check(L, "set_language: language", language);
    if (!visitor)
        return handle_gone(L);
    visitor_set_language(visitor, language);
    return done(L);
}

static const struct script_function fields[] = {
    {"id", get_id, IN_APPLICATION},
    {"from", get_from, IN_APPLICATION},
    {"to", get_to, IN_APPLICATION},
    {"answered", get_answered, IN_APPLICATION},
    {"language", get_language, IN_APPLICATION},
    {"participant", get_participant, IN_APPLICATION},
    {"conference", get_conference, IN_APPLICATION},
    {NULL, NULL, 0},
};

static const struct script_function methods[] = {
    {"ring", ring, IN_APPLICATION},
    {"early", early, IN_APPLICATION},
    {"answer", answer, IN_APPLICATION},
    {"reject", reject, IN_APPLICATION},
    {"challenge", challenge, IN_APPLICATION},
    {"redirect", redirect, IN_APPLICATION},
    {"set_language", set_language, IN_APPLICATION},
    {"play", call_play, IN_APPLICATION},
    {"say", call_say, IN_APPLICATION},
    {"record", call_record, IN_APPLICATION},
    {"ask", call_ask, IN_APPLICATION},
    {"sleep", sleep_for, IN_APPLICATION},
    {"wait_for", call_wait_for, IN_APPLICATION},
    {"join", call_join, IN_APPLICATION},
    {"leave", call_leave, IN_APPLICATION},
    {"rejoin", call_rejoin, IN_APPLICATION},
    {"transfer", call_transfer, IN_APPLICATION},
    {"hangup", hangup, IN_APPLICATION},
    {"on_hangup", on_hangup, IN_APPLICATION},
    {NULL, NULL, 0},
};

static const luaL_Reg metamethods[] = {{"__tostring", to_string}, {NULL, NULL}};

const struct handle_class call_class = {
    .name = "call",
    .fields = fields,
    .methods = methods,
    .metamethods = metamethods,
    .exists = exists,
};
