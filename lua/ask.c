/* call:ask: a prompt, what is pressed, how long that may take, how often it is tried. */
#include "lua/conversation.h"
#include "lua/errors.h"
#include "lua/handle.h"
#include "lua/params.h"

#include <stdio.h>
#include <string.h>

enum {
    TRIES_MOST = 20,
    SECONDS_STANDARD = 5,
};

/* Of the method's arguments: its table. */
enum { QUESTION = 2 };

/* ---- what is asked -------------------------------------------------------------------------- */

static void take_terminator(lua_State *L, struct question *question)
{
    question->terminator = '#';
    if (lua_getfield(L, QUESTION, "terminator") != LUA_TNIL)
        question->terminator = key_take(L, "ask: terminator");
    lua_pop(L, 1);
}

/* "ask: prompt", and the like. */
static void add_prompt(lua_State *L, const char *name, struct playlist *playlist)
{
    char what[32];

    (void)snprintf(what, sizeof what, "ask: %s", name);
    (void)lua_getfield(L, QUESTION, name);
    playlist_add(L, -1, what, playlist);
    lua_pop(L, 1);
}

/* What is wrong with it is told at once, not when somebody presses the wrong key. */
static void check_others(lua_State *L, struct playlist *playlist)
{
    int type = lua_getfield(L, QUESTION, "valid");

    if (type != LUA_TNIL && type != LUA_TFUNCTION && type != LUA_TSTRING)
        script_error(L, "ask: valid must be a function or a pattern, not a %s",
                     luaL_typename(L, -1));
    lua_pop(L, 1);
    playlist_clear(playlist);
    add_prompt(L, "prompt", playlist);
    add_prompt(L, "invalid", playlist);
    add_prompt(L, "silence", playlist);
}

static void question_take(lua_State *L, struct conversation *conversation)
{
    static const char *const names[] = {"prompt", "min",      "max",       "timeout",
                                        "pause",  "retries",  "invalid",   "silence",
                                        "valid",  "barge_in", "terminator"};
    struct question *question = &conversation->question;

    luaL_checktype(L, QUESTION, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, QUESTION)) {
        (void)key_check(L, -2, "ask", names, sizeof names / sizeof *names);
        lua_pop(L, 1);
    }
    question->least = number_field(L, QUESTION, "ask", "min", 0, KEYS_MAX, 1);
    question->most = number_field(L, QUESTION, "ask", "max", 1, KEYS_MAX, KEYS_MAX);
    if (question->least > question->most)
        script_error(L, "ask: min is more than max");
    question->tries = number_field(L, QUESTION, "ask", "retries", 0, TRIES_MOST, 0);
    question->timeout = seconds_field(L, QUESTION, "ask", "timeout", SECONDS_STANDARD * 1000);
    question->pause = seconds_field(L, QUESTION, "ask", "pause", question->timeout);
    take_terminator(L, question);
    question->is_patient = !boolean_field(L, QUESTION, "ask", "barge_in", true);
    check_others(L, &conversation->playlist);
}

/* ---- one try -------------------------------------------------------------------------------- */

static bool finish(struct conversation *conversation, bool is_good, const char *text)
{
    visitor_stop(conversation_visitor(conversation));
    return conversation_note(conversation, is_good, text);
}

/* Takes the first key that was pressed. */
static bool take_key(struct conversation *conversation)
{
    struct question *question = &conversation->question;
    size_t count = strlen(question->keys);
    char key = *conversation->keys;

    memmove(conversation->keys, conversation->keys + 1, strlen(conversation->keys));
    if (key == question->terminator)
        return count >= question->least ? finish(conversation, true, question->keys)
                                        : finish(conversation, false, "short");
    question->keys[count] = key;
    question->keys[count + 1] = '\0';
    return count + 1 == question->most && finish(conversation, true, question->keys);
}

static bool on_key(struct conversation *conversation)
{
    struct question *question = &conversation->question;

    if (question->is_patient && conversation->playlist.playback) {
        conversation->keys[0] = '\0';
        return false;
    }
    if (*conversation->keys == '\0')
        return false;
    visitor_stop(conversation_visitor(conversation));
    conversation->playlist.playback = 0;
    while (*conversation->keys) {
        if (take_key(conversation))
            return true;
    }
    conversation_time(conversation, *question->keys ? question->pause : question->timeout);
    return false;
}

static bool on_time(struct conversation *conversation)
{
    const struct question *question = &conversation->question;
    size_t count = strlen(question->keys);

    if (count > 0 && count >= question->least)
        return finish(conversation, true, question->keys);
    return finish(conversation, false, count > 0 ? "short" : "timeout");
}

/* Time runs from the end of the prompt on. Without its prompt, too, the question is there to be
 * answered. */
static bool on_event(struct conversation *conversation, const struct conference_event *event)
{
    if (playlist_is_told(&conversation->playlist, event) && !playlist_again(conversation))
        conversation_time(conversation, conversation->question.timeout);
    return false;
}

static int push(lua_State *L, struct conversation *conversation);

static const struct wait ask_wait = {
    .push = push,
    .on_key = on_key,
    .on_time = on_time,
    .on_event = on_event,
};

/* `trouble`: the prompt that says what was wrong with the try before; NULL: it is the first. Keys
 * that were pressed ahead are heard before the prompt is. */
static int try(lua_State *L, struct conversation *conversation, const char *trouble)
{
    struct playlist *playlist = &conversation->playlist;
    struct question *question = &conversation->question;

    playlist_clear(playlist);
    if (trouble)
        add_prompt(L, trouble, playlist);
    add_prompt(L, "prompt", playlist);
    if (!conversation_visitor(conversation)) /* `valid` has sent it away */
        return handle_gone(L);
    question->keys[0] = '\0';
    if (question->is_patient && playlist->size > 0)
        conversation->keys[0] = '\0';
    if (*conversation->keys || !playlist_play(conversation))
        conversation_time(conversation, question->timeout);
    return on_key(conversation) ? conversation_over(L, conversation, &ask_wait)
                                : conversation_wait(L, conversation, &ask_wait);
}

/* ---- what it comes to ----------------------------------------------------------------------- */

/* Whether the script takes the keys, which are on top of the stack, for an answer. */
static bool is_valid(lua_State *L)
{
    int type = lua_getfield(L, QUESTION, "valid");
    bool is_valid;

    if (type == LUA_TSTRING) {
        (void)lua_getfield(L, -2, "match"); /* of strings: the one that is counted */
        lua_pushvalue(L, -3);
        lua_pushvalue(L, -3);
        lua_call(L, 2, 1);
    } else if (type == LUA_TFUNCTION) {
        lua_pushvalue(L, -1);
        lua_pushvalue(L, -3);
        lua_call(L, 1, 1);
    }
    is_valid = type == LUA_TNIL || lua_toboolean(L, -1);
    lua_pop(L, type == LUA_TNIL ? 1 : 2);
    return is_valid;
}

static int push(lua_State *L, struct conversation *conversation)
{
    const struct outcome *outcome = &conversation->outcome;
    struct question *question = &conversation->question;
    const char *why = outcome->text;

    lua_settop(L, QUESTION);
    if (outcome->is_good) {
        lua_pushstring(L, outcome->text);
        if (is_valid(L))
            return 1;
        why = "invalid";
    }
    if (question->tries == 0)
        return failure_push(L, why, 0);
    question->tries--;
    return try(L, conversation, strcmp(why, "timeout") == 0 ? "silence" : "invalid");
}

/* call:ask { prompt = …, min = 1, max = 32, timeout = 5, pause = …, terminator = "#", barge_in =
 * true, valid = …, retries = 0, invalid = …, silence = … }: the keys pressed; or nil, and "timeout"
 * when there were none, "short" when they were too few, "invalid" when `valid` did not take them.
 */
int call_ask(lua_State *L)
{
    struct conversation *conversation = conversation_check(L);

    lua_settop(L, QUESTION);
    if (!conversation_visitor(conversation))
        return handle_gone(L);
    conversation_check_wait(L, conversation, "ask");
    question_take(L, conversation);
    if (!audio_check(L, conversation, "ask"))
        return handle_gone(L);
    return try(L, conversation, NULL);
}
