/* A histogram of how late things are: one thread fills it, any may read, without locks. */
#ifndef MEDIA_HISTOGRAM_H
#define MEDIA_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

enum {
    HISTOGRAM_STEPS = 8, /* buckets an octave: a percentile is right within 9 % */
    HISTOGRAM_BUCKETS = 24 * HISTOGRAM_STEPS,
};

struct histogram {
    _Atomic uint64_t buckets[HISTOGRAM_BUCKETS];
    _Atomic uint64_t max; /* µs */
};

/* The filling thread. `late` in µs. */
void histogram_add(struct histogram *histogram, uint64_t late);
/* The time, in ms, that `fraction` of all were not later than; 0 when there is nothing yet. */
float histogram_percentile(struct histogram *histogram, double fraction);
float histogram_max(struct histogram *histogram);

#endif
