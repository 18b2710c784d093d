/* Asking the processor for memory that is needed soon; a hint that changes no result. */
#ifndef MEDIA_PREFETCH_H
#define MEDIA_PREFETCH_H

#include <stddef.h>

enum { CACHE_LINE = 64 };

/* `size` bytes from `memory` on, which will be read and written; NULL is harmless. */
static inline void prefetch(const void *memory, size_t size)
{
    for (size_t at = 0; at < size; at += CACHE_LINE) {
        __builtin_prefetch((const char *)memory + at, 1);
    }
}

#endif
