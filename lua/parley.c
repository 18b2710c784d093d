/* The table `parley`, and print. */
#include "lua/conversation.h"

#include "core/log.h"

enum { LOG_COST = 1000 }; /* instructions of a budget that one log line costs */

static int parley_conference(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const struct conference *conference;

    (void)hook_frame_check(L, "parley.conference");
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
    struct focus *focus;
    size_t count = 0;
    uint64_t *ids;

    (void)hook_frame_check(L, "parley.conferences");
    focus = generation_of(L)->engine->focus;
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
    static const luaL_Reg functions[] = {
        {"policy", policy_make},
        {"conference", parley_conference},
        {"conferences", parley_conferences},
        {"create", parley_create},
        {"options", application_options},
        {"after", parley_after},
        {"every", parley_every},
        {"time", parley_time},
        {"fact", parley_fact},
        {"set_fact", parley_set_fact},
        {"is_same", parley_is_same},
        {"store", parley_store},
        {NULL, NULL},
    };
    static const luaL_Reg log_functions[] = {
        {"error", log_error_line},
        {"warn", log_warn_line},
        {"info", log_info_line},
        {"debug", log_debug_line},
        {NULL, NULL},
    };

    luaL_newlib(L, functions);
    lua_pushliteral(L, PARLEY_VERSION);
    lua_setfield(L, -2, "version");
    lua_pushinteger(L, generation_of(L)->number);
    lua_setfield(L, -2, "generation");
    luaL_newlib(L, log_functions);
    frozen_push(L, "parley.log");
    lua_setfield(L, -2, "log");
    frozen_push(L, "the table parley");
    lua_setfield(L, globals, "parley");
    lua_pushcfunction(L, log_info_line);
    lua_setfield(L, globals, "print");
}
