/* Sound on its way from a media thread to the disk's: a bounded queue of frames, without locks. */
#ifndef MEDIA_TAPE_H
#define MEDIA_TAPE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { TAPE_SIZE = 1 << 17 }; /* bytes: 4 s at 16 kHz, 1.3 s at 48 kHz */

struct tape {
    _Atomic uint32_t written, read; /* bytes, counted for ever; their difference is what waits */
    uint8_t bytes[TAPE_SIZE];
};

/* What stands before the samples of a frame. */
struct tape_frame {
    uint32_t silence; /* ms before it */
    uint16_t rate;    /* kHz */
    uint16_t count;   /* samples */
};

static inline void tape_write(struct tape *tape, uint32_t at, const void *data, uint32_t size)
{
    uint32_t begin = at % TAPE_SIZE;
    uint32_t first = size < TAPE_SIZE - begin ? size : TAPE_SIZE - begin;

    memcpy(tape->bytes + begin, data, first);
    memcpy(tape->bytes, (const uint8_t *)data + first, size - first);
}

static inline void tape_copy(const struct tape *tape, uint32_t at, void *data, uint32_t size)
{
    uint32_t begin = at % TAPE_SIZE;
    uint32_t first = size < TAPE_SIZE - begin ? size : TAPE_SIZE - begin;

    memcpy(data, tape->bytes + begin, first);
    memcpy((uint8_t *)data + first, tape->bytes, size - first);
}

/* The one writer. False when there is no room for it. */
static inline bool tape_put(struct tape *tape, const struct tape_frame *frame,
                            const int16_t *samples)
{
    uint32_t written = atomic_load_explicit(&tape->written, memory_order_relaxed);
    uint32_t waiting = written - atomic_load_explicit(&tape->read, memory_order_acquire);
    uint32_t size = frame->count * (uint32_t)sizeof *samples;

    if (waiting + sizeof *frame + size > TAPE_SIZE) {
        return false;
    }
    tape_write(tape, written, frame, sizeof *frame);
    tape_write(tape, written + (uint32_t)sizeof *frame, samples, size);
    atomic_store_explicit(&tape->written, written + (uint32_t)sizeof *frame + size,
                          memory_order_release);
    return true;
}

/* The one reader; `samples` has room for the longest frame. False when there is none. */
static inline bool tape_get(struct tape *tape, struct tape_frame *frame, int16_t *samples)
{
    uint32_t read = atomic_load_explicit(&tape->read, memory_order_relaxed);
    uint32_t size;

    if (atomic_load_explicit(&tape->written, memory_order_acquire) == read) {
        return false;
    }
    tape_copy(tape, read, frame, sizeof *frame);
    size = frame->count * (uint32_t)sizeof *samples;
    tape_copy(tape, read + (uint32_t)sizeof *frame, samples, size);
    atomic_store_explicit(&tape->read, read + (uint32_t)sizeof *frame + size, memory_order_release);
    return true;
}

#endif
