/*
 * What one hook call may use. Lua's count hook looks every few instructions; once the budget is
 * used up it comes at every single instruction and raises each time, so that no pcall, however
 * nested, gets further than its next instruction before it is killed, too.
 */
#include "lua/budget.h"
#include "lua/errors.h"
#include "lua/generation.h"

#include "core/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Few, since one instruction on long strings can take as long as thousands of others. */
enum { INSTRUCTIONS_A_LOOK = 250 };
/* ns, what one is said to take on a virtual clock. */
enum { INSTRUCTION_TIME = 5 };

static const struct {
    uint64_t instructions;
    uint64_t time; /* ns */
    size_t allocated;
    const char *instructions_text, *time_text, *allocated_text;
} limits[] = {
    [BUDGET_DECISION] = {1000000, 20000000, (size_t)32 << 20,
                         "stopped after 1000000 instructions, all that a hook may use",
                         "stopped after 20 ms, all that a decision may take",
                         "stopped after 32 MiB of memory, all that a hook may use"},
    [BUDGET_EVENT] = {1000000, 50000000, (size_t)32 << 20,
                      "stopped after 1000000 instructions, all that a hook may use",
                      "stopped after 50 ms, all that an event hook may take",
                      "stopped after 32 MiB of memory, all that a hook may use"},
    [BUDGET_MIX] = {1000000, 50000000, (size_t)32 << 20,
                    "stopped after 1000000 instructions, all that a hook may use",
                    "stopped after 50 ms, all that the hook mix may take",
                    "stopped after 32 MiB of memory, all that a hook may use"},
    [BUDGET_STEP] = {1000000, 50000000, (size_t)32 << 20,
                     "stopped after 1000000 instructions, all that an application may use from "
                     "wait to wait",
                     "stopped after 50 ms, all that an application may compute from wait to wait",
                     "stopped after 32 MiB of memory, all that an application may use from wait "
                     "to wait"},
    [BUDGET_MIGRATE] = {1000000, 20000000, (size_t)32 << 20,
                        "stopped after 1000000 instructions, all that a hook may use",
                        "stopped after 20 ms, all that migrate may take for one conference",
                        "stopped after 32 MiB of memory, all that a hook may use"},
    [BUDGET_LOAD] = {10000000, 1000000000, MEMORY_LIMIT,
                     "stopped after 10000000 instructions, all that loading a file may use",
                     "stopped after 1 s, all that loading a file may take",
                     "stopped after 64 MiB of memory, all that loading a file may use"},
    [BUDGET_TEST] = {20000000, 10000000000, (size_t)4 << 30,
                     "stopped after 20000000 instructions, all that a test may use",
                     "stopped after 10 s, all that a test or a replay may compute",
                     "stopped after 4 GiB of memory, all that a test may use"},
};

/* A script cannot wait for anything, so wall time beyond what the thread has computed is time in
 * which a busy machine did not let us run; that is not the script's fault. The cheap clock is
 * asked first. */
static bool is_late(const struct budget *budget)
{
    uint64_t most = limits[budget->timed_as].time * SLOWNESS;

    return clock_ns() - budget->began > most && clock_computed_ns() - budget->began_cpu > most;
}

static void budget_look(struct budget *budget)
{
    if (budget->exceeded)
        return;
    if (budget->instructions > limits[budget->kind].instructions)
        budget->exceeded = limits[budget->kind].instructions_text;
    else if (is_late(budget))
        budget->exceeded = limits[budget->timed_as].time_text;
}

static void count_hook(lua_State *L, lua_Debug *debug);

static void look_every(lua_State *L, int instructions)
{
    lua_sethook(L, count_hook, LUA_MASKCOUNT, instructions);
}

__attribute__((noreturn)) static void budget_kill(lua_State *L, struct budget *budget)
{
    look_every(L, 1);
    if (!*budget->where)
        position_text(L, 0, budget->where, sizeof budget->where);
    lua_pushfstring(L, "%s%s%s", budget->where, *budget->where ? ": " : "", budget->exceeded);
    (void)lua_error(L);
    abort(); /* not reached */
}

static void count_hook(lua_State *L, lua_Debug *debug)
{
    struct generation *generation = generation_of(L);
    struct budget *budget = generation->budget;

    (void)debug;
    if (!budget)
        return;
    budget->instructions += INSTRUCTIONS_A_LOOK;
    budget_look(budget);
    if (budget->exceeded)
        budget_kill(L, budget);
}

void budget_charge(lua_State *L, uint64_t instructions)
{
    struct generation *generation = generation_of(L);
    struct budget *budget = generation->budget;

    if (!budget)
        return;
    if (instructions > UINT64_MAX / 2)
        instructions = UINT64_MAX / 2;
    budget->instructions += instructions;
    budget_look(budget);
    if (budget->exceeded)
        budget_kill(L, budget);
}

bool budget_allocate(struct generation *generation, size_t size)
{
    struct budget *budget = generation->budget;

    if (!budget)
        return true;
    budget->allocated += size;
    if (!budget->exceeded && budget->allocated <= limits[budget->kind].allocated)
        return true;
    if (!budget->exceeded) {
        budget->exceeded = limits[budget->kind].allocated_text;
        /* lua_sethook only sets fields, and may be called from anywhere, signal handlers
         * included: so also from within an allocation. */
        look_every(generation->running, 1);
    }
    return false;
}

void budget_refuse(struct generation *generation, const char *why)
{
    struct budget *budget = generation->budget;

    if (!budget)
        return;
    budget->shortage = why;
    position_text(generation->running, 0, budget->refused, sizeof budget->refused);
}

void budget_begin(struct generation *generation, struct budget *budget, enum budget_kind kind,
                  struct memory_share *share)
{
    memset(budget, 0, sizeof *budget);
    budget->share = share;
    budget->kind = kind;
    /* There, real time only keeps a script from hanging, however slow the machine is. */
    budget->timed_as = generation_is_virtual(generation) ? BUDGET_TEST : kind;
    budget->began = clock_ns();
    budget->began_cpu = clock_computed_ns();
    budget->outer = generation->budget;
    generation->budget = budget;
    look_every(generation->running, INSTRUCTIONS_A_LOOK);
}

void budget_end(struct generation *generation, struct budget *budget)
{
    if (generation_is_virtual(generation)) {
        budget->computed = budget->instructions * INSTRUCTION_TIME;
    } else {
        uint64_t computed = clock_computed_ns() - budget->began_cpu;

        budget->computed += computed;
        if (budget->outer)
            budget->outer->computed -= computed;
    }
    generation->budget = budget->outer;
    look_every(generation->running, INSTRUCTIONS_A_LOOK);
}
