/* Methods of conferences and participants: what is written to them (RFC 3428). */
#include "lua/message.h"
#include "lua/classes.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/hook.h"
#include "lua/params.h"
#include "lua/private.h"

#include "core/text.h"
#include "focus/focus.h"
#include "focus/message.h"

#include <errno.h>
#include <string.h>

const char *message_check(lua_State *L, int index)
{
    size_t length;
    const char *text = luaL_checklstring(L, index, &length);

    if (length == 0 || length > MESSAGE_TEXT_MOST)
        script_error(L, "message: a text has 1 to %d bytes, not %d", MESSAGE_TEXT_MOST,
                     (int)length);
    for (size_t i = 0; i < length;) {
        size_t step = strchr("\t\n", text[i]) && text[i] ? 1 : text_printable(text + i);

        if (step == 0)
            script_error(L, "message: the text must be UTF-8, with no control characters but tab "
                            "and newline");
        i += step;
    }
    return text;
}

/* conference:message "The board meets in room 7" */
int conference_message(lua_State *L)
{
    struct request request = {.verb = VERB_MESSAGE, .text = message_check(L, 2)};

    request.conference =
        focus_conference(generation_of(L)->engine->focus, handle_check(L, 1, &conference_class));
    return request.conference ? command_submit(L, &request) : handle_gone(L);
}

/* participant:message "You are next": nobody else reads it */
int participant_message(lua_State *L)
{
    struct request request = {.verb = VERB_MESSAGE, .text = message_check(L, 2)};

    return participant_submit(L, &request);
}

/* parley.reply "Done": to whoever has written what the hook `messaged` is told, and nobody else */
int parley_reply(lua_State *L)
{
    const struct generation *generation = generation_of(L);
    const struct conference_event *event = generation->frame->event;
    const char *text = message_check(L, 1);
    int error;

    if (!event || event->kind != EVENT_MESSAGED)
        script_error(L, "parley.reply: nobody has written here: it is for the hook messaged");
    error = message_answer(generation->engine->focus, event->conference, event->message, text);
    if (error == ENOENT)
        return handle_gone(L);
    if (error == EACCES)
        return failure_push(L, "who has written is not proven, nor in", 401);
    if (error)
        return failure_push(L, "who has written cannot be reached", 480);
    lua_pushboolean(L, 1);
    return 1;
}

void message_set(lua_State *L, const struct message *message)
{
    lua_pushstring(L, message->text);
    lua_setfield(L, -2, "text");
    lua_pushstring(L, message->name);
    lua_setfield(L, -2, "sender");
    lua_pushboolean(L, message->is_relayed);
    lua_setfield(L, -2, "relayed");
}
