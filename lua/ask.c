/* Asking for keys: a prompt, what is pressed, how long that may take, how often it is tried. */
#include "lua/conversation.h"

#include <string.h>

enum {
    TRIES_MOST = 20,
    SECONDS_STANDARD = 5,
};

/* ---- what is asked -------------------------------------------------------------------------- */

static void take_terminator(lua_State *L, struct question *question)
{
    char text[2] = "#";

    if (lua_getfield(L, 2, "terminator") != LUA_TNIL)
        text_check(L, -1, "ask: terminator", text, sizeof text);
    lua_pop(L, 1);
    if (*text && !strchr("0123456789*#ABCD", *text))
        script_error(L, "ask: terminator must be a key, or \"\" for none");
    question->terminator = *text;
}

static void take_prompt(lua_State *L, struct question *question)
{
    if (lua_getfield(L, 2, "prompt") != LUA_TNIL)
        file_check(L, -1, "ask: prompt", question->prompt, sizeof question->prompt);
    lua_pop(L, 1);
}

void question_take(lua_State *L, struct question *question)
{
    static const char *const names[] = {"prompt", "min", "max", "timeout", "retries", "terminator"};

    luaL_checktype(L, 2, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, 2)) {
        (void)key_check(L, -2, "ask", names, sizeof names / sizeof *names);
        lua_pop(L, 1);
    }
    *question = (struct question){.timeout = SECONDS_STANDARD * 1000};
    question->least = number_field(L, 2, "ask", "min", 0, KEYS_MAX, 1);
    question->most = number_field(L, 2, "ask", "max", 1, KEYS_MAX, KEYS_MAX);
    if (question->least > question->most)
        script_error(L, "ask: min is more than max");
    question->tries = number_field(L, 2, "ask", "retries", 0, TRIES_MOST, 0);
    if (lua_getfield(L, 2, "timeout") != LUA_TNIL)
        question->timeout = seconds_check(L, -1, "ask: timeout");
    lua_pop(L, 1);
    take_terminator(L, question);
    take_prompt(L, question);
}

/* ---- how it goes ---------------------------------------------------------------------------- */

static bool finish(struct conversation *conversation, bool is_good, const char *text)
{
    struct visitor *visitor = conversation_visitor(conversation);

    if (visitor)
        visitor_stop(visitor);
    conversation->outcome.is_good = is_good;
    (void)snprintf(conversation->outcome.text, sizeof conversation->outcome.text, "%s", text);
    return true;
}

/* Keys that were pressed ahead are heard before the prompt is. */
static void begin_try(struct conversation *conversation)
{
    struct question *question = &conversation->question;
    struct visitor *visitor = conversation_visitor(conversation);

    question->keys[0] = '\0';
    if (*conversation->keys == '\0' && *question->prompt &&
        visitor_play(visitor, question->prompt) == 0)
        loop_timer_stop(&conversation->timer); /* time runs from the end of the prompt on */
    else
        conversation_time(conversation, question->timeout);
}

static bool fail_try(struct conversation *conversation, const char *why)
{
    if (conversation->question.tries == 0)
        return finish(conversation, false, why);
    conversation->question.tries--;
    begin_try(conversation);
    return false;
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
                                        : fail_try(conversation, "short");
    question->keys[count] = key;
    question->keys[count + 1] = '\0';
    if (count + 1 == question->most)
        return finish(conversation, true, question->keys);
    return false;
}

bool ask_key(struct conversation *conversation)
{
    if (*conversation->keys == '\0')
        return false;
    visitor_stop(conversation_visitor(conversation));
    while (*conversation->keys) {
        if (take_key(conversation))
            return true;
    }
    if (*conversation->question.keys)
        conversation_time(conversation, conversation->question.timeout);
    return false;
}

bool ask_begin(struct conversation *conversation)
{
    begin_try(conversation);
    return ask_key(conversation);
}

/* Without its prompt, too, the question is there to be answered. */
void ask_played(struct conversation *conversation)
{
    conversation_time(conversation, conversation->question.timeout);
}

bool ask_timeout(struct conversation *conversation)
{
    const struct question *question = &conversation->question;
    size_t count = strlen(question->keys);

    if (count > 0 && count >= question->least)
        return finish(conversation, true, question->keys);
    return fail_try(conversation, count > 0 ? "short" : "timeout");
}
