/*
 * Inside the script engine: errors, which begin with the position in the script. Focus thread.
 */
#ifndef LUA_ERRORS_H
#define LUA_ERRORS_H

#include <lauxlib.h>
#include <lua.h>
#include <stddef.h>

struct budget;

enum {
    SCRIPT_TEXT = 512,   /* bytes of an error message with its NUL */
    POSITION_TEXT = 128, /* bytes of "policy/open.lua:12" with its NUL */
};

/* errors.c */
/* luaL_error, declared as what it is: it does not return. Takes the formats of lua_pushfstring. */
void script_error(lua_State *L, const char *format, ...) __attribute__((noreturn));
/* "policy/open.lua:12" of the innermost Lua function from `level` on; "" when there is none.
 * Allocates nothing, never raises. */
void position_text(lua_State *L, int level, char *text, size_t size);
/* A message handler for lua_pcall: sees to it that the message is a text with a position. */
int message_handler(lua_State *L);
/* Turns what lua_pcall left on the stack into text, and pops it. `fallback`: a position. */
void message_take(lua_State *L, const struct budget *budget, const char *fallback, char *text,
                  size_t size);

/* Sees to it that the error, of SCRIPT_TEXT bytes, begins with a position, the fallback if it has
 * none, and copies that position. */
void error_position(char *error, const char *fallback, char *position, size_t size);

/* nearest.c */
/* Pushes " (did you mean 'x'?)" when one of the names is near enough to be meant, else "". */
const char *nearest_push(lua_State *L, const char *name, const char *const *names, size_t count);

/* The index in `names` (NULL: not allowed) of the key at `index` of a table that is given as
 * `what { … }`. Raises when it is none of them. */
unsigned key_check(lua_State *L, int index, const char *what, const char *const *names,
                   unsigned count);

#endif
