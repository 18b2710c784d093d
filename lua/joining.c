/* A call goes into a conference, out of its mix to talk with the application again, and back; or to
 * somebody else. */
#include "lua/classes.h"
#include "lua/conversation.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/params.h"

#include <errno.h>

enum {
    URI_SIZE = 600,     /* bytes with NUL */
    TRANSFER_TIME = 60, /* s */
    TRANSFER_MOST = 10 * 60,
};

/* What the event says is the outcome. True. */
static bool note_event(struct conversation *conversation, bool is_good,
                       const struct conference_event *event)
{
    (void)conversation_note(conversation, is_good, event->reason);
    conversation->outcome.code = event->code;
    return true;
}

/* ---- in ------------------------------------------------------------------------------------- */

/* Of call:join's arguments, and of their table besides what lets it in. */
enum { OPTIONS = 3, JOIN_WAITING = PARAM_COUNT, JOIN_KEYS };

/* After what it is told it hears the music. */
static bool on_decision_event(struct conversation *conversation,
                              const struct conference_event *event)
{
    if (playlist_is_told(&conversation->playlist, event) && !playlist_again(conversation))
        visitor_play_music(conversation_visitor(conversation));
    return event->kind == EVENT_DECIDED && note_event(conversation, event->on, event);
}

static int push_decided(lua_State *L, struct conversation *conversation)
{
    const struct outcome *outcome = &conversation->outcome;
    const struct visitor *visitor = conversation_visitor(conversation);

    if (outcome->is_good && visitor && visitor_participant(visitor)) {
        participant_push(L, visitor_participant(visitor));
        return 1;
    }
    return failure_push(L, outcome->text, outcome->code);
}

static const struct wait decision_wait = {.push = push_decided, .on_event = on_decision_event};

static void join_options(lua_State *L, struct playlist *playlist, struct request_params *wish)
{
    const char *names[JOIN_KEYS] = {[JOIN_WAITING] = "waiting"};

    playlist_clear(playlist);
    if (lua_isnil(L, OPTIONS))
        return;
    params_names(verb_params(VERB_JOIN), names);
    params_take_language(L, OPTIONS, "join", wish);
    lua_pushnil(L);
    while (lua_next(L, OPTIONS)) {
        unsigned key = key_check(L, -2, "join", names, JOIN_KEYS);

        if (key != JOIN_WAITING)
            param_take(L, "join", key, wish);
        else if (!lua_isfunction(L, -1))
            playlist_add(L, -1, "join: waiting", playlist);
        lua_pop(L, 1);
    }
}

/* The caller has to wait, and is told so. A function may look at what it waits for. */
static int wait_for_decision(lua_State *L, struct conversation *conversation, uint64_t pending)
{
    if (!lua_isnil(L, OPTIONS) && lua_getfield(L, OPTIONS, "waiting") == LUA_TFUNCTION) {
        pending_push(L, pending);
        lua_call(L, 1, 1);
        playlist_add(L, -1, "join: what waiting returns", &conversation->playlist);
    }
    if (!conversation_visitor(conversation))
        return handle_gone(L);
    (void)playlist_play(conversation);
    return conversation_wait(L, conversation, &decision_wait);
}

/* call:join(conference [, { role = …, muted = …, waiting = … }]): the participant that it is from
 * now on; the application goes on with it as long as it runs. When the policy leaves it to somebody
 * it is told by the prompts of `waiting`, or those that the function there returns, and hears the
 * conference's music until that is decided. */
int call_join(lua_State *L)
{
    struct conversation *conversation = conversation_check(L);
    struct focus *focus = generation_of(L)->engine->focus;
    struct conference *conference = focus_conference(focus, handle_check(L, 2, &conference_class));
    struct request_params wish = {.role = "participant"};
    struct visitor *visitor;
    struct decision decision;
    int error;

    lua_settop(L, OPTIONS);
    conversation_check_wait(L, conversation, "join"); /* the decision may take its time */
    if (conference)
        conference_wish_entry(conference, &wish);
    visitor = conversation_visitor(conversation);
    if (visitor && *visitor_language(visitor))
        (void)snprintf(wish.language, sizeof wish.language, "%s", visitor_language(visitor));
    join_options(L, &conversation->playlist, &wish);
    if (!visitor || !conference)
        return handle_gone(L);
    if (visitor_participant(visitor))
        return luaL_error(L, "join: the caller is in a conference already");
    error = visitor_join(visitor, conference, &wish, &decision);
    if (error == ENOENT)
        return handle_gone(L);
    if (error == EALREADY)
        return luaL_error(L, "join: the caller waits to be let in already");
    if (error == EINPROGRESS)
        return wait_for_decision(L, conversation, decision.pending);
    if (error)
        return refusal_push(L, &decision);
    participant_push(L, decision.participant);
    return 1;
}

static bool is_there(struct conversation *conversation, const struct conference_event *event)
{
    return event->kind == EVENT_HELD && note_event(conversation, *event->reason == '\0', event);
}

static const struct wait step_wait = {.on_event = is_there};

static int step(lua_State *L, const char *what, bool out)
{
    struct conversation *conversation = conversation_check(L);
    struct visitor *visitor = conversation_visitor(conversation);

    if (!visitor)
        return handle_gone(L);
    conversation_check_wait(L, conversation, what);
    if (!visitor_participant(visitor))
        return luaL_error(L, "%s: the caller is in no conference", what);
    if (visitor_is_out(visitor) == out)
        return luaL_error(L, out ? "leave: the caller is out of the mix already"
                                 : "rejoin: the caller is in the mix; leave() comes first");
    if (out && !visitor_has_own_keys(visitor))
        *conversation->keys = '\0'; /* what was pressed for the conference answers no question */
    visitor_step(visitor, out);
    return conversation_wait(L, conversation, &step_wait);
}

/* call:leave(): out of the mix, where it can be played to and asked. In the roster it is on hold.
 */
int call_leave(lua_State *L)
{
    return step(L, "leave", true);
}

/* call:rejoin(): back in, and all is as it was. */
int call_rejoin(lua_State *L)
{
    return step(L, "rejoin", false);
}

/* ---- to somebody else ----------------------------------------------------------------------- */

static bool is_transferred(struct conversation *conversation, const struct conference_event *event)
{
    return event->kind == EVENT_CHANGED && note_event(conversation, event->code < 300, event);
}

/* true; or nil, why, code. */
static int push_transfer(lua_State *L, struct conversation *conversation)
{
    if (!conversation->outcome.is_good)
        return failure_push(L, conversation->outcome.text, conversation->outcome.code);
    lua_pushboolean(L, 1);
    return 1;
}

static const struct wait transfer_wait = {.push = push_transfer, .on_event = is_transferred};

static unsigned take_timeout(lua_State *L)
{
    static const char *const names[] = {"timeout"};
    unsigned ms = TRANSFER_TIME * 1000;

    if (lua_isnoneornil(L, 3))
        return ms;
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, 3)) {
        (void)key_check(L, -2, "transfer", names, 1);
        ms = duration_check(L, -1, "transfer: timeout", 1, TRANSFER_MOST);
        lua_pop(L, 1);
    }
    return ms;
}

/* call:transfer(uri [, { timeout = 60 }]): the phone is asked to call that URI instead, and says
 * how that goes. The call is still there after it; hangup() ends it. */
int call_transfer(lua_State *L)
{
    struct conversation *conversation = conversation_check(L);
    struct visitor *visitor;
    char target[URI_SIZE];
    unsigned ms;
    int error;

    if (!conversation_visitor(conversation))
        return handle_gone(L);
    conversation_check_wait(L, conversation, "transfer");
    text_check(L, 2, "transfer: the URI", target, sizeof target);
    ms = take_timeout(L);
    visitor = conversation_visitor(conversation);
    if (visitor_participant(visitor))
        return luaL_error(L, "transfer: the caller is in a conference");
    if (!visitor_is_answered(visitor))
        return luaL_error(L, "transfer: the call is not answered; redirect() sends it elsewhere");
    error = visitor_transfer(visitor, target, ms);
    if (error == EINVAL)
        return luaL_error(L, "transfer: '%s' is no SIP URI", target);
    if (!error)
        return conversation_wait(L, conversation, &transfer_wait);
    (void)conversation_fail(conversation, error);
    return conversation_over(L, conversation, &transfer_wait);
}
