/* string.find, match, gmatch and gsub, over pattern.c. */
#include "lua/budget.h"
#include "lua/errors.h"
#include "lua/libraries.h"
#include "lua/pattern.h"

#include <ctype.h>
#include <string.h>

struct text {
    const char *bytes;
    size_t length;
};

static struct text text_argument(lua_State *L, int index)
{
    struct text text;

    text.bytes = luaL_checklstring(L, index, &text.length);
    return text;
}

static void match_begin(struct pattern_match *match, lua_State *L, struct text subject,
                        struct text pattern)
{
    match->L = L;
    match->subject = subject.bytes;
    match->subject_end = subject.bytes + subject.length;
    match->pattern_end = pattern.bytes + pattern.length;
    match->steps = 0;
    match->depth = 0;
    match->count = 0;
}

static const char *match_again(struct pattern_match *match, const char *at, const char *pattern)
{
    match->depth = 0;
    match->count = 0;
    return pattern_try(match, at, pattern);
}

static void capture_push(struct pattern_match *match, unsigned index)
{
    const struct pattern_capture *capture = &match->captures[index];

    if (capture->length == CAPTURE_OPEN)
        script_error(match->L, "unfinished capture");
    if (capture->length == CAPTURE_POSITION)
        lua_pushinteger(match->L, capture->begin - match->subject + 1);
    else
        lua_pushlstring(match->L, capture->begin, (size_t)capture->length);
}

/* The captures; without any, the whole match. */
static int captures_push(struct pattern_match *match, const char *begin, const char *end)
{
    luaL_checkstack(match->L, PATTERN_CAPTURES, "too many captures");
    for (unsigned i = 0; i < match->count; i++)
        capture_push(match, i);
    if (match->count)
        return (int)match->count;
    lua_pushlstring(match->L, begin, (size_t)(end - begin));
    return 1;
}

/* Where to begin, from 0; more than the length when there is nothing to search. */
static size_t start_argument(lua_State *L, int index, size_t length)
{
    lua_Integer start = luaL_optinteger(L, index, 1);

    if (start > 0)
        return (size_t)start - 1;
    if (start == 0 || start < -(lua_Integer)length)
        return 0;
    return length - (size_t)-start;
}

static int find_plain(lua_State *L, struct text subject, struct text pattern, size_t start)
{
    const char *found;

    budget_charge(L, (subject.length - start) / 16);
    found = memmem(subject.bytes + start, subject.length - start, pattern.bytes, pattern.length);
    if (!found) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, found - subject.bytes + 1);
    lua_pushinteger(L, found - subject.bytes + (ptrdiff_t)pattern.length);
    return 2;
}

static bool is_plain(struct text pattern)
{
    for (size_t i = 0; i < pattern.length; i++) {
        if (pattern.bytes[i] && strchr("^$*+?.([%-", pattern.bytes[i]))
            return false;
    }
    return true;
}

static int search(lua_State *L, bool is_find)
{
    struct text subject = text_argument(L, 1), pattern = text_argument(L, 2);
    size_t start = start_argument(L, 3, subject.length);
    struct pattern_match match;
    const char *at, *found, *first = pattern.bytes;
    bool is_anchored = pattern.length > 0 && *first == '^';

    if (start > subject.length) {
        lua_pushnil(L);
        return 1;
    }
    if (is_find && (lua_toboolean(L, 4) || is_plain(pattern)))
        return find_plain(L, subject, pattern, start);
    match_begin(&match, L, subject, pattern);
    first += is_anchored;
    for (at = subject.bytes + start; at <= match.subject_end; at++) {
        found = match_again(&match, at, first);
        if (found && !is_find)
            return captures_push(&match, at, found);
        if (found) {
            lua_pushinteger(L, at - subject.bytes + 1);
            lua_pushinteger(L, found - subject.bytes);
            return 2 + (match.count ? captures_push(&match, at, found) : 0);
        }
        if (is_anchored)
            break;
    }
    lua_pushnil(L);
    return 1;
}

static int string_find(lua_State *L)
{
    return search(L, true);
}

static int string_match(lua_State *L)
{
    return search(L, false);
}

/* Upvalues: subject, pattern, where to go on (from 0), where the last match ended (or -1): a match
 * that is empty and ends there is the last one's end, not a new one. */
static int gmatch_next(lua_State *L)
{
    struct text subject, pattern;
    struct pattern_match match;
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    const char *at, *end;

    subject.bytes = lua_tolstring(L, lua_upvalueindex(1), &subject.length);
    pattern.bytes = lua_tolstring(L, lua_upvalueindex(2), &pattern.length);
    match_begin(&match, L, subject, pattern);
    at = subject.bytes + lua_tointeger(L, lua_upvalueindex(3));
    for (; at <= match.subject_end; at++) {
        end = match_again(&match, at, pattern.bytes);
        if (!end || end - subject.bytes == last)
            continue;
        lua_pushinteger(L, end - subject.bytes);
        lua_copy(L, -1, lua_upvalueindex(3));
        lua_copy(L, -1, lua_upvalueindex(4));
        return captures_push(&match, at, end);
    }
    return 0;
}

static int string_gmatch(lua_State *L)
{
    struct text subject = text_argument(L, 1);
    size_t start;

    (void)text_argument(L, 2);
    start = start_argument(L, 3, subject.length);
    lua_settop(L, 2);
    lua_pushinteger(L, (lua_Integer)(start > subject.length ? subject.length + 1 : start));
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, gmatch_next, 4);
    return 1;
}

/* The replacement text at index 3, with %0…%9 filled in. */
static void add_text(struct pattern_match *match, luaL_Buffer *buffer, const char *begin,
                     const char *end)
{
    lua_State *L = match->L;
    size_t length;
    const char *text = lua_tolstring(L, 3, &length);
    const char *text_end = text + length, *percent;

    budget_charge(L, length / 16);
    while ((percent = memchr(text, '%', (size_t)(text_end - text)))) {
        luaL_addlstring(buffer, text, (size_t)(percent - text));
        text = percent + 2;
        if (percent[1] == '%') {
            luaL_addchar(buffer, '%');
        } else if (percent[1] == '0' || (percent[1] == '1' && !match->count)) {
            luaL_addlstring(buffer, begin, (size_t)(end - begin));
        } else if (!isdigit((unsigned char)percent[1])) {
            script_error(L, "invalid use of '%%' in replacement string");
        } else if ((unsigned)(percent[1] - '1') >= match->count) {
            script_error(L, "invalid capture index %%%c in replacement string", percent[1]);
        } else {
            capture_push(match, (unsigned)(percent[1] - '1'));
            (void)luaL_tolstring(L, -1, NULL);
            lua_remove(L, -2);
            luaL_addvalue(buffer);
        }
    }
    luaL_addlstring(buffer, text, (size_t)(text_end - text));
}

/* Appends what takes the match's place. */
static void add_replacement(struct pattern_match *match, luaL_Buffer *buffer, const char *begin,
                            const char *end)
{
    lua_State *L = match->L;

    switch (lua_type(L, 3)) {
    case LUA_TFUNCTION:
        lua_pushvalue(L, 3);
        lua_call(L, captures_push(match, begin, end), 1);
        break;
    case LUA_TTABLE:
        if (match->count)
            capture_push(match, 0);
        else
            lua_pushlstring(L, begin, (size_t)(end - begin));
        (void)lua_gettable(L, 3);
        break;
    default:
        add_text(match, buffer, begin, end);
        return;
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(buffer, begin, (size_t)(end - begin));
        return;
    }
    if (!lua_isstring(L, -1))
        script_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    luaL_addvalue(buffer);
}

static int string_gsub(lua_State *L)
{
    struct text subject = text_argument(L, 1), pattern = text_argument(L, 2);
    int type = lua_type(L, 3);
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)subject.length + 1), count = 0;
    const char *at = subject.bytes, *first = pattern.bytes, *last = NULL, *end;
    bool is_anchored = pattern.length > 0 && *first == '^';
    struct pattern_match match;
    luaL_Buffer buffer;

    luaL_argexpected(L,
                     type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TTABLE ||
                         type == LUA_TFUNCTION,
                     3, "string/function/table");
    first += is_anchored;
    match_begin(&match, L, subject, pattern);
    luaL_buffinit(L, &buffer);
    while (count < most) {
        end = match_again(&match, at, first);
        if (end && end != last) {
            count++;
            add_replacement(&match, &buffer, at, end);
            at = last = end;
        } else if (at < match.subject_end) {
            luaL_addchar(&buffer, *at++);
        } else {
            break;
        }
        if (is_anchored)
            break;
    }
    luaL_addlstring(&buffer, at, (size_t)(match.subject_end - at));
    luaL_pushresult(&buffer);
    lua_pushinteger(L, count);
    return 2;
}

void strings_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"find", string_find},
        {"match", string_match},
        {"gmatch", string_gmatch},
        {"gsub", string_gsub},
        {NULL, NULL},
    };

    luaL_setfuncs(L, functions, 0);
}
