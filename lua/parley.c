/* The table `parley`, and print. */
#include "lua/budget.h"
#include "lua/classes.h"
#include "lua/conversation.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/hook.h"
#include "lua/libraries.h"
#include "lua/message.h"

#include "core/log.h"

enum { LOG_COST = 1000 }; /* instructions of a budget that one log line costs */

static int parley_conference(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const struct conference *conference;

    conference = focus_conference_by_name(generation_of(L)->engine->focus, name);
    if (conference)
        conference_push(L, conference_id(conference));
    else
        lua_pushnil(L);
    return 1;
}

static int parley_conferences(lua_State *L)
{
    struct conference *conference = NULL;
    struct focus *focus = generation_of(L)->engine->focus;
    size_t count = 0;
    uint64_t *ids;

    while ((conference = focus_next_conference(focus, conference)))
        count++;
    ids = handle_list(L, count);
    while ((conference = focus_next_conference(focus, conference)))
        *ids++ = conference_id(conference);
    return handle_iterator(L, &conference_class);
}

/* Arguments are written as print would, with the script's position. */
static int write_log(lua_State *L, enum log_level level)
{
    const struct hook_frame *frame = generation_of(L)->frame;
    char position[POSITION_TEXT];
    int count = lua_gettop(L);

    budget_charge(L, LOG_COST);
    luaL_checkstack(L, 2 * count + 2, "too many arguments");
    for (int i = 1; i <= count; i++) {
        if (i > 1)
            lua_pushliteral(L, " ");
        (void)luaL_tolstring(L, i, NULL);
    }
    lua_concat(L, count > 0 ? 2 * count - 1 : 0);
    position_text(L, 1, position, sizeof position);
    log_write(level, frame ? frame->conference_name : NULL, frame ? frame->call : NULL, "%s (%s)",
              lua_tostring(L, -1), position);
    return 0;
}

static int log_error_line(lua_State *L)
{
    return write_log(L, LOG_LEVEL_ERROR);
}

static int log_warn_line(lua_State *L)
{
    return write_log(L, LOG_LEVEL_WARN);
}

static int log_info_line(lua_State *L)
{
    return write_log(L, LOG_LEVEL_INFO);
}

static int log_debug_line(lua_State *L)
{
    return write_log(L, LOG_LEVEL_DEBUG);
}

void parley_open(lua_State *L, int globals)
{
    static const struct script_function functions[] = {
        {"policy", policy_make, IN_LOADING},
        {"conference", parley_conference, TO_READ},
        {"conferences", parley_conferences, TO_READ},
        {"create", parley_create, TO_ACT},
        {"run", parley_run, TO_ACT},
        {"on_behalf", parley_on_behalf, IN_EVENT},
        {"reply", parley_reply, IN_EVENT},
        {"options", application_options, IN_LOADING},
        {"sleep", parley_sleep, IN_APPLICATION},
        {"after", parley_after, IN_APPLICATION},
        {"every", parley_every, IN_APPLICATION},
        {"time", parley_time, ANYWHERE},
        {"fact", parley_fact, ANYWHERE},
        {"set_fact", parley_set_fact, TO_ACT},
        {"is_same", parley_is_same, ANYWHERE},
        {"store", parley_store, ANYWHERE},
        {"languages", parley_languages, ANYWHERE},
        {NULL, NULL, 0},
    };
    static const struct script_function log_functions[] = {
        {"error", log_error_line, ANYWHERE},
        {"warn", log_warn_line, ANYWHERE},
        {"info", log_info_line, ANYWHERE},
        {"debug", log_debug_line, ANYWHERE},
        {NULL, NULL, 0},
    };

    lua_newtable(L);
    functions_set(L, "parley", ".", functions);
    lua_pushliteral(L, PARLEY_VERSION);
    lua_setfield(L, -2, "version");
    lua_pushinteger(L, generation_of(L)->number);
    lua_setfield(L, -2, "generation");
    lua_newtable(L);
    functions_set(L, "parley.log", ".", log_functions);
    frozen_push(L, "parley.log");
    lua_setfield(L, -2, "log");
    frozen_push(L, "the table parley");
    lua_setfield(L, globals, "parley");
    lua_pushcfunction(L, log_info_line);
    lua_setfield(L, globals, "print");
}
