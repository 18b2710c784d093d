/*
 * Lua's patterns (Lua 5.4 reference manual §6.4.1), matched in counted steps. The library's own
 * matcher can backtrack for hours on a short text without executing one Lua instruction, which no
 * budget would see; this one charges every step.
 */
#include "lua/pattern.h"
#include "lua/budget.h"
#include "lua/errors.h"

#include <ctype.h>
#include <string.h>

enum { STEPS_A_CHARGE = 500 };

static void step(struct pattern_match *match)
{
    if (++match->steps < STEPS_A_CHARGE)
        return;
    match->steps = 0;
    budget_charge(match->L, STEPS_A_CHARGE);
}

/* The end of the single-character item that begins at `item`: a character, %x, or [set]. A Lua
 * string ends with a NUL, so looking at *pattern_end is fine. */
static const char *item_end(struct pattern_match *match, const char *item)
{
    const char *end = match->pattern_end;

    if (*item == '%') {
        if (item + 1 == end)
            script_error(match->L, "malformed pattern (ends with '%%')");
        return item + 2;
    }
    if (*item++ != '[')
        return item;
    if (*item == '^')
        item++;
    do { /* a ']' at the very beginning stands for itself */
        if (item >= end)
            script_error(match->L, "malformed pattern (missing ']')");
        item += *item == '%' && item + 1 < end ? 2 : 1;
    } while (item >= end || *item != ']');
    return item + 1;
}

/* %a and the like; an upper-case letter means the opposite. */
static bool class_has(int class, int c)
{
    bool is_in;

    switch (tolower(class)) {
    case 'a':
        is_in = isalpha(c);
        break;
    case 'c':
        is_in = iscntrl(c);
        break;
    case 'd':
        is_in = isdigit(c);
        break;
    case 'g':
        is_in = isgraph(c);
        break;
    case 'l':
        is_in = islower(c);
        break;
    case 'p':
        is_in = ispunct(c);
        break;
    case 's':
        is_in = isspace(c);
        break;
    case 'u':
        is_in = isupper(c);
        break;
    case 'w':
        is_in = isalnum(c);
        break;
    case 'x':
        is_in = isxdigit(c);
        break;
    case 'z': /* no longer in the manual, still in the language */
        is_in = c == '\0';
        break;
    default:
        return class == c;
    }
    return is_in != (isupper(class) != 0);
}

/* The set from '[' at `at` to ']' at `last`. */
static bool set_has(const char *at, const char *last, int c)
{
    bool is_negated = *++at == '^';

    if (is_negated)
        at++;
    while (at < last) {
        if (*at == '%' && at + 1 < last) {
            if (class_has((unsigned char)at[1], c))
                return !is_negated;
            at += 2;
        } else if (at[1] == '-' && at + 2 < last) {
            if ((unsigned char)at[0] <= c && c <= (unsigned char)at[2])
                return !is_negated;
            at += 3;
        } else if ((unsigned char)*at++ == c) {
            return !is_negated;
        }
    }
    return is_negated;
}

static bool item_matches(struct pattern_match *match, const char *at, const char *item,
                         const char *end)
{
    int c;

    step(match);
    if (at >= match->subject_end)
        return false;
    c = (unsigned char)*at;
    switch (*item) {
    case '.':
        return true;
    case '%':
        return class_has((unsigned char)item[1], c);
    case '[':
        return set_has(item, end - 1, c);
    default:
        return (unsigned char)*item == c;
    }
}

/* As many as there are, then fewer. */
static const char *match_greedy(struct pattern_match *match, const char *at, const char *item,
                                const char *end)
{
    ptrdiff_t count = 0;

    while (item_matches(match, at + count, item, end))
        count++;
    for (; count >= 0; count--) {
        const char *found = pattern_try(match, at + count, end + 1);
        if (found)
            return found;
    }
    return NULL;
}

/* As few as possible, then more. */
static const char *match_lazy(struct pattern_match *match, const char *at, const char *item,
                              const char *end)
{
    for (;; at++) {
        const char *found = pattern_try(match, at, end + 1);
        if (found)
            return found;
        if (!item_matches(match, at, item, end))
            return NULL;
    }
}

static const char *capture_open(struct pattern_match *match, const char *at, const char *rest,
                                ptrdiff_t length)
{
    const char *found;

    if (match->count == PATTERN_CAPTURES)
        script_error(match->L, "too many captures");
    match->captures[match->count].begin = at;
    match->captures[match->count].length = length;
    match->count++;
    found = pattern_try(match, at, rest);
    if (!found)
        match->count--;
    return found;
}

static const char *capture_close(struct pattern_match *match, const char *at, const char *rest)
{
    struct pattern_capture *capture = NULL;
    const char *found;

    for (unsigned i = match->count; i > 0 && !capture; i--) {
        if (match->captures[i - 1].length == CAPTURE_OPEN)
            capture = &match->captures[i - 1];
    }
    if (!capture) {
        script_error(match->L, "invalid pattern capture");
        return NULL;
    }
    capture->length = at - capture->begin;
    found = pattern_try(match, at, rest);
    if (!found)
        capture->length = CAPTURE_OPEN;
    return found;
}

/* %bxy: from an x to the y that closes it. */
static const char *match_balanced(struct pattern_match *match, const char *at, const char *pair)
{
    unsigned open = 1;

    if (match->pattern_end - pair < 2)
        script_error(match->L, "malformed pattern (missing arguments to '%%b')");
    if (at >= match->subject_end || *at != pair[0])
        return NULL;
    while (++at < match->subject_end) {
        step(match);
        if (*at == pair[1]) {
            if (--open == 0)
                return at + 1;
        } else if (*at == pair[0]) {
            open++;
        }
    }
    return NULL;
}

static bool frontier_is_at(const struct pattern_match *match, const char *at, const char *set,
                           const char *end)
{
    int before = at == match->subject ? '\0' : (unsigned char)at[-1];
    int here = at == match->subject_end ? '\0' : (unsigned char)*at;

    return !set_has(set, end - 1, before) && set_has(set, end - 1, here);
}

static const char *match_back_reference(struct pattern_match *match, const char *at, char digit)
{
    unsigned index = (unsigned)(digit - '1'); /* %0 becomes too large, too */
    const struct pattern_capture *capture = index < match->count ? &match->captures[index] : NULL;

    if (!capture || capture->length == CAPTURE_OPEN) {
        script_error(match->L, "invalid capture index %%%c in pattern", digit);
        return NULL;
    }
    if (capture->length == CAPTURE_POSITION || match->subject_end - at < capture->length ||
        memcmp(capture->begin, at, (size_t)capture->length) != 0)
        return NULL;
    budget_charge(match->L, (uint64_t)capture->length / 16);
    return at + capture->length;
}

/* %b, %f and %1. Moves both on. False: no match. */
static bool match_escape(struct pattern_match *match, const char **atp, const char **patternp)
{
    const char *pattern = *patternp, *end;

    if (pattern[1] == 'b') {
        *atp = match_balanced(match, *atp, pattern + 2);
        *patternp = pattern + 4;
        return *atp != NULL;
    }
    if (pattern[1] != 'f') {
        *atp = match_back_reference(match, *atp, pattern[1]);
        *patternp = pattern + 2;
        return *atp != NULL;
    }
    if (pattern[2] != '[')
        script_error(match->L, "missing '[' after '%%f' in pattern");
    end = item_end(match, pattern + 2);
    *patternp = end;
    return frontier_is_at(match, *atp, pattern + 2, end);
}

/* A character and what follows it. Returns whether *foundp is the result; otherwise *atp and
 * *patternp have moved on. */
static bool match_item(struct pattern_match *match, const char **atp, const char **patternp,
                       const char **foundp)
{
    const char *at = *atp, *item = *patternp;
    const char *end = item_end(match, item);

    *foundp = NULL;
    switch (*end) {
    case '*':
        *foundp = match_greedy(match, at, item, end);
        return true;
    case '+':
        if (item_matches(match, at, item, end))
            *foundp = match_greedy(match, at + 1, item, end);
        return true;
    case '-':
        *foundp = match_lazy(match, at, item, end);
        return true;
    case '?':
        if (item_matches(match, at, item, end)) {
            *foundp = pattern_try(match, at + 1, end + 1);
            if (*foundp)
                return true;
        }
        *patternp = end + 1;
        return false;
    default:
        if (!item_matches(match, at, item, end))
            return true;
        *atp = at + 1;
        *patternp = end;
        return false;
    }
}

static bool is_escape(const char *pattern)
{
    return pattern[0] == '%' &&
           (pattern[1] == 'b' || pattern[1] == 'f' || isdigit((unsigned char)pattern[1]));
}

static const char *match_here(struct pattern_match *match, const char *at, const char *pattern)
{
    const char *found;

    while (pattern != match->pattern_end) {
        step(match);
        if (*pattern == '(')
            return pattern[1] == ')' ? capture_open(match, at, pattern + 2, CAPTURE_POSITION)
                                     : capture_open(match, at, pattern + 1, CAPTURE_OPEN);
        if (*pattern == ')')
            return capture_close(match, at, pattern + 1);
        if (*pattern == '$' && pattern + 1 == match->pattern_end)
            return at == match->subject_end ? at : NULL;
        if (is_escape(pattern)) {
            if (!match_escape(match, &at, &pattern))
                return NULL;
        } else if (match_item(match, &at, &pattern, &found)) {
            return found;
        }
    }
    return at;
}

const char *pattern_try(struct pattern_match *match, const char *at, const char *pattern)
{
    const char *found;

    if (match->depth == PATTERN_DEPTH)
        script_error(match->L, "pattern too complex");
    match->depth++;
    found = match_here(match, at, pattern);
    match->depth--;
    return found;
}
