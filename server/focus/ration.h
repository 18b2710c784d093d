/*
 * Inside the focus: so often in a time, and no more. Focus thread.
 */
#ifndef FOCUS_RATION_H
#define FOCUS_RATION_H

#include <stdbool.h>
#include <stdint.h>

/* How many there were since `since` (ms). */
struct ration {
    uint64_t since;
    unsigned count;
};

/* One more: whether there are then more than `most` within `window` ms. */
static inline bool ration_is_used_up(struct ration *ration, uint64_t now, unsigned window,
                                     unsigned most)
{
    if (now - ration->since >= window)
        *ration = (struct ration){.since = now};
    return ++ration->count > most;
}

#endif
