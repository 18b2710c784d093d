/* A histogram of times, or of any numbers: one thread fills it, any may read, without locks. Zeroed
 * is empty. */
#ifndef CORE_HISTOGRAM_H
#define CORE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

enum {
    HISTOGRAM_STEP_BITS = 3,
    HISTOGRAM_STEPS = 1 << HISTOGRAM_STEP_BITS, /* buckets an octave, each an eighth wide at most */
    /* All from 2^34 on is in the last one: in nanoseconds, 17 s. */
    HISTOGRAM_BUCKETS = 32 * HISTOGRAM_STEPS,
};

struct histogram {
    _Atomic uint64_t buckets[HISTOGRAM_BUCKETS];
    _Atomic uint64_t max;
};

/* The filling thread. */
void histogram_add(struct histogram *histogram, uint64_t value);
/* The value that `fraction` of all stay below, rounded up to its bucket's end; 0 when there is
 * nothing yet. */
uint64_t histogram_percentile(const struct histogram *histogram, double fraction);
/* Exact. */
uint64_t histogram_max(const struct histogram *histogram);

#endif
