/* parley.on_behalf: what a script asks for at the wish of somebody, whose request it then is. */
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/hook.h"
#include "lua/libraries.h"
#include "lua/private.h"

#include "focus/message.h"

/* Who has done what the hook is told: their texts live at least until it returns. */
static struct actor asker_of(lua_State *L, const struct hook_frame *frame)
{
    const struct conference_event *event = frame->event;
    const struct participant *participant = NULL;
    struct actor actor;

    if (event && event->kind == EVENT_MESSAGED)
        return event->message->actor;
    if (event && event->kind == EVENT_DIGIT)
        participant = focus_participant(frame->generation->engine->focus, event->participant);
    if (!participant)
        script_error(L, "parley.on_behalf: nobody has asked for anything here: it is for the hooks "
                        "messaged and digit");
    actor_of_participant(&actor, participant);
    return actor;
}

/* parley.on_behalf(function() bob:remove() end): what the function returns */
int parley_on_behalf(lua_State *L)
{
    struct hook_frame *frame = generation_of(L)->frame;
    const struct actor *before = frame->behalf;
    struct actor asker;
    int status;

    luaL_checktype(L, 1, LUA_TFUNCTION);
    asker = asker_of(L, frame);
    frame->behalf = &asker;
    lua_settop(L, 1);
    status = lua_pcall(L, 0, LUA_MULTRET, 0);
    frame->behalf = before;
    return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}
