/*
 * Inside the script engine: whose the memory is that scripts hold. A generation's allocator keeps
 * with each block the share that it belongs to, so that who is greedy goes without, and nobody
 * else. Focus thread.
 */
#ifndef LUA_MEMORY_H
#define LUA_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#define MEMORY_LIMIT ((size_t)64 << 20)      /* bytes of one generation */
#define SCRIPT_LIMIT ((size_t)32 << 20)      /* of one file, its conversations included */
#define CONVERSATION_LIMIT ((size_t)4 << 20) /* of one conversation */
#define STRING_LIMIT ((size_t)256 << 10)     /* of one Lua string */

/* What one file, or one conversation, holds. */
struct memory_share {
    size_t held;
    struct memory_share *whole; /* of a conversation: that of its file; NULL: it is of a file */
    bool is_left;               /* its conversation has ended: freed with its last block */
};

/* The allocator of a struct generation. What is made or grown while a budget runs is its share's,
 * and what nobody runs is the engine's own. */
void *memory_allocate(void *generation, void *block, size_t old_size, size_t size);
/* One of a conversation; NULL: out of memory. */
struct memory_share *memory_share_create(struct memory_share *whole);
/* The conversation has ended. What it has left behind counts as its file's. */
void memory_share_leave(struct memory_share *share);

#endif
