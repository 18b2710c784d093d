/*
 * Inside the script engine: what one call of a script may use, and what calls have taken. Focus
 * thread.
 */
#ifndef LUA_BUDGET_H
#define LUA_BUDGET_H

#include "core/histogram.h"
#include "lua/errors.h"
#include "lua/memory.h"

#include <jansson.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <time.h>

struct generation;

enum {
    ERROR_WINDOW = 60, /* s in which errors are counted for the log line */
    ERRORS_KEPT = 64,  /* times of errors remembered for that */
};

/* A program under a sanitizer needs that much more time for the same work. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SLOWNESS = 10 };
#else
enum { SLOWNESS = 1 };
#endif

/* budget.c */
enum budget_kind {
    BUDGET_DECISION,
    BUDGET_EVENT,
    BUDGET_MIX,
    BUDGET_STEP,
    BUDGET_MIGRATE,
    BUDGET_LOAD,
    BUDGET_TEST,
};

struct budget {
    enum budget_kind kind;
    enum budget_kind timed_as;   /* whose time it may take */
    uint64_t instructions;       /* used */
    size_t allocated;            /* bytes, freed ones included */
    uint64_t began, began_cpu;   /* ns */
    uint64_t computed;           /* ns, once it has ended, without the calls within it */
    const char *exceeded;        /* what ran out, in words; NULL: nothing yet */
    char where[POSITION_TEXT];   /* the script's position when it ran out; "": not known */
    struct memory_share *share;  /* whose memory it uses; NULL: the engine's own */
    const char *shortage;        /* why memory was last refused, in words; NULL: it was not */
    char refused[POSITION_TEXT]; /* where that was; "": nowhere */
    struct budget *outer;
};

void budget_begin(struct generation *generation, struct budget *budget, enum budget_kind kind,
                  struct memory_share *share);
void budget_end(struct generation *generation, struct budget *budget);
/* For work in C that the count of instructions does not see. Raises once over budget. */
void budget_charge(lua_State *L, uint64_t instructions);
/* From the allocator: counts; false once the call has had its share. Never raises. */
bool budget_allocate(struct generation *generation, size_t size);
/* From there, too: remembers where the script is, since an error for want of memory has no
 * position.
 */
void budget_refuse(struct generation *generation, const char *why);

/* stats.c */
struct hook_stats {
    uint64_t calls, errors;
    uint64_t refused;                /* not called, since the ration was used up */
    struct histogram times;          /* ns */
    time_t error_times[ERRORS_KEPT]; /* ring; monotonic s */
};

void hook_stats_call(struct hook_stats *stats, uint64_t ns);
/* Returns the errors of the last minute, this one included (at most ERRORS_KEPT). */
unsigned hook_stats_error(struct hook_stats *stats);
json_t *hook_stats_json(const struct hook_stats *stats);

#endif
