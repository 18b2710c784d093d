/*
 * Inside the script engine: Lua's patterns, matched in counted steps. Focus thread.
 */
#ifndef LUA_PATTERN_H
#define LUA_PATTERN_H

#include <lauxlib.h>
#include <lua.h>
#include <stddef.h>

enum {
    PATTERN_CAPTURES = 32,
    PATTERN_DEPTH = 200, /* nested choices */
};

struct pattern_capture {
    const char *begin;
    ptrdiff_t length; /* or one of the two below */
};

#define CAPTURE_OPEN ((ptrdiff_t)-1)
#define CAPTURE_POSITION ((ptrdiff_t)-2)

struct pattern_match {
    lua_State *L;
    const char *subject, *subject_end;
    const char *pattern_end;
    unsigned steps; /* not charged yet */
    unsigned depth;
    unsigned count;
    struct pattern_capture captures[PATTERN_CAPTURES];
};

/* Where the match of `pattern` that begins at `at` ends; NULL: none. Raises when the pattern is
 * malformed, or the budget is used up. */
const char *pattern_try(struct pattern_match *match, const char *at, const char *pattern);

#endif
