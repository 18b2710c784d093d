/* Lua errors: raising them, and turning them into one line that an operator can act on. */
#include "lua/errors.h"
#include "lua/budget.h"

#include "core/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void script_error(lua_State *L, const char *format, ...)
{
    va_list arguments;

    luaL_where(L, 1);
    va_start(arguments, format);
    (void)lua_pushvfstring(L, format, arguments);
    va_end(arguments);
    lua_concat(L, 2);
    (void)lua_error(L);
    abort(); /* lua_error does not return, but is not declared so */
}

void position_text(lua_State *L, int level, char *text, size_t size)
{
    lua_Debug debug;

    text[0] = '\0';
    for (; lua_getstack(L, level, &debug); level++) {
        (void)lua_getinfo(L, "Sl", &debug);
        if (debug.currentline > 0) {
            (void)snprintf(text, size, "%s:%d", debug.short_src, debug.currentline);
            return;
        }
    }
}

/* Traceback lines go to the log one by one, at debug level. */
static void log_traceback(lua_State *L)
{
    const char *line, *end;

    if (!log_enabled(LOG_LEVEL_DEBUG))
        return;
    luaL_traceback(L, L, NULL, 1);
    for (line = lua_tostring(L, -1); *line; line = end + (*end != '\0')) {
        end = strchrnul(line, '\n');
        log_debug("%.*s", (int)(end - line), line + (*line == '\t'));
    }
    lua_pop(L, 1);
}

int message_handler(lua_State *L)
{
    char position[POSITION_TEXT];
    const char *message;
    size_t file;

    if (lua_type(L, 1) != LUA_TSTRING)
        lua_pushfstring(L, "the error is a %s instead of a text", luaL_typename(L, 1));
    message = lua_tostring(L, -1);
    position_text(L, 1, position, sizeof position);
    file = strcspn(position, ":");
    if (*position && (strncmp(message, position, file) != 0 || message[file] != ':'))
        lua_pushfstring(L, "%s: %s", position, message);
    log_traceback(L);
    return 1;
}

void message_take(lua_State *L, const struct budget *budget, const char *fallback, char *text,
                  size_t size)
{
    const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "unknown error";

    if (*budget->refused)
        fallback = budget->refused;
    if (budget->exceeded)
        (void)snprintf(text, size, "%s: %s", *budget->where ? budget->where : fallback,
                       budget->exceeded);
    else if (strncmp(message, "not enough memory", 17) == 0)
        (void)snprintf(text, size, "%s: not enough memory%s%s", fallback,
                       budget->shortage ? ": " : "", budget->shortage ? budget->shortage : "");
    else
        (void)snprintf(text, size, "%s", message);
    lua_pop(L, 1);
}

void error_position(char *error, const char *fallback, char *position, size_t size)
{
    char message[SCRIPT_TEXT];
    size_t file = strcspn(error, ":");
    size_t line = error[file] ? strspn(error + file + 1, "0123456789") : 0;

    if (line > 0 && error[file + 1 + line] == ':') {
        (void)snprintf(position, size, "%.*s", (int)(file + 1 + line), error);
        return;
    }
    (void)snprintf(position, size, "%s", fallback);
    (void)snprintf(message, sizeof message, "%s", error);
    (void)snprintf(error, SCRIPT_TEXT, "%.120s: %.380s", position, message);
}
