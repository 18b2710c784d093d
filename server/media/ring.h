/* A small bounded queue of numbers from one thread to one other, without locks. */
#ifndef MEDIA_RING_H
#define MEDIA_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { RING_SIZE = 16 }; /* a power of two */

struct ring {
    _Atomic uint32_t written, read; /* count for ever; their difference is what waits */
    uint32_t items[RING_SIZE];
};

/* The one writer. False when it is full. */
static inline bool ring_put(struct ring *ring, uint32_t item)
{
    uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);

    if (written - atomic_load_explicit(&ring->read, memory_order_acquire) == RING_SIZE) {
        return false;
    }
    ring->items[written % RING_SIZE] = item;
    atomic_store_explicit(&ring->written, written + 1, memory_order_release);
    return true;
}

/* The one reader. False when it is empty. */
static inline bool ring_get(struct ring *ring, uint32_t *itemp)
{
    uint32_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);

    if (atomic_load_explicit(&ring->written, memory_order_acquire) == read) {
        return false;
    }
    *itemp = ring->items[read % RING_SIZE];
    atomic_store_explicit(&ring->read, read + 1, memory_order_release);
    return true;
}

#endif
