#include "media/histogram.h"

/* 0–15 µs have a bucket each, further ones HISTOGRAM_STEPS for every doubling. */
static unsigned bucket_of(uint64_t late)
{
    unsigned shift = 0, bucket;

    while ((late >> shift) >= 2 * HISTOGRAM_STEPS) {
        shift++;
    }
    bucket = shift * HISTOGRAM_STEPS + (unsigned)(late >> shift);
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The least time, in µs, that falls into the next bucket. */
static uint64_t bucket_end(unsigned bucket)
{
    unsigned next = bucket + 1;
    unsigned shift = next < 2 * HISTOGRAM_STEPS ? 0 : next / HISTOGRAM_STEPS - 1;

    return (uint64_t)(next - shift * HISTOGRAM_STEPS) << shift;
}

void histogram_add(struct histogram *histogram, uint64_t late)
{
    _Atomic uint64_t *bucket = &histogram->buckets[bucket_of(late)];

    /* One writer: no read-modify-write is needed. */
    atomic_store_explicit(bucket, atomic_load_explicit(bucket, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    if (late > atomic_load_explicit(&histogram->max, memory_order_relaxed)) {
        atomic_store_explicit(&histogram->max, late, memory_order_relaxed);
    }
}

float histogram_percentile(struct histogram *histogram, double fraction)
{
    uint64_t counts[HISTOGRAM_BUCKETS], total = 0, below = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        counts[i] = atomic_load_explicit(&histogram->buckets[i], memory_order_relaxed);
        total += counts[i];
    }
    if (total == 0) {
        return 0;
    }
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        below += counts[i];
        if ((double)below >= fraction * (double)total) {
            return (float)bucket_end(i) / 1000;
        }
    }
    return histogram_max(histogram);
}

float histogram_max(struct histogram *histogram)
{
    return (float)atomic_load_explicit(&histogram->max, memory_order_relaxed) / 1000;
}
