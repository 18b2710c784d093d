/* The allocator: what is held, by whom, and how much that may be. */
#include "lua/memory.h"
#include "lua/budget.h"
#include "lua/generation.h"

#include <stdlib.h>

/* Before each block. Lua wants no more of it than 8 bytes of alignment. */
struct block {
    struct memory_share *share; /* NULL: the engine's own */
};

static void take(struct memory_share *share, size_t size)
{
    for (; share; share = share->whole)
        share->held += size;
}

static void give(struct memory_share *share, size_t size)
{
    for (; share; share = share->whole)
        share->held -= size;
}

static void settle(struct memory_share *share)
{
    if (share && share->is_left && share->held == 0)
        free(share);
}

/* Why it cannot have so much more; NULL: it can. */
static const char *shortage(const struct generation *generation, const struct memory_share *share,
                            size_t size)
{
    if (generation->memory + size > generation->memory_limit)
        return "all scripts together have 64 MiB";
    if (share && share->whole && share->held + size > CONVERSATION_LIMIT)
        return "a conversation has 4 MiB";
    while (share && share->whole)
        share = share->whole;
    if (share && share->held + size > SCRIPT_LIMIT)
        return "a script has 32 MiB";
    return NULL;
}

/* Whether the block may grow, to be that share's. */
static bool may_grow(struct generation *generation, struct memory_share *before, size_t old,
                     struct memory_share *share, size_t size)
{
    const char *why;

    give(before, old);
    generation->memory -= old;
    why = shortage(generation, share, size);
    generation->memory += old;
    take(before, old);
    if (!why && !budget_allocate(generation, size))
        why = "the budget is used up";
    if (why)
        budget_refuse(generation, why);
    return !why;
}

static void release(struct generation *generation, struct block *block, size_t size)
{
    struct memory_share *share = block->share;

    generation->memory -= size;
    give(share, size);
    settle(share);
    free(block);
}

void *memory_allocate(void *arg, void *data, size_t old_size, size_t size)
{
    struct generation *generation = arg;
    struct block *block = data ? (struct block *)data - 1 : NULL, *grown;
    struct memory_share *before = block ? block->share : NULL, *share = before;
    size_t old = block ? old_size + sizeof *block : 0; /* without one it says what is to be made */
    size_t wanted = size + sizeof *block;

    if (size == 0) {
        if (block)
            release(generation, block, old);
        return NULL;
    }
    if (size > MEMORY_LIMIT)
        return NULL;
    if (wanted > old) {
        share = generation->budget ? generation->budget->share : NULL;
        if (!block && old_size == LUA_TSTRING && size > STRING_LIMIT + 64) {
            budget_refuse(generation, "a string has at most 256 KiB");
            return NULL;
        }
        if (!may_grow(generation, before, old, share, wanted))
            return NULL;
    }
    grown = realloc(block, wanted);
    if (!grown)
        return wanted <= old ? data : NULL; /* Lua relies on shrinking to succeed */
    grown->share = share;
    give(before, old);
    take(share, wanted);
    generation->memory += wanted - old;
    if (before != share)
        settle(before);
    return grown + 1;
}

struct memory_share *memory_share_create(struct memory_share *whole)
{
    struct memory_share *share = calloc(1, sizeof *share);

    if (share)
        share->whole = whole;
    return share;
}

void memory_share_leave(struct memory_share *share)
{
    if (!share)
        return;
    share->is_left = true;
    settle(share);
}
