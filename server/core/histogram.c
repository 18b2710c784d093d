#include "core/histogram.h"

/* Small values have a bucket each, further ones HISTOGRAM_STEPS for every doubling. */
static unsigned bucket_of(uint64_t value)
{
    unsigned highest_bit = 63 - (unsigned)__builtin_clzll(value | HISTOGRAM_STEPS);
    unsigned shift = highest_bit - HISTOGRAM_STEP_BITS;
    unsigned bucket = shift * HISTOGRAM_STEPS + (unsigned)(value >> shift);

    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The least value that falls into the next bucket. */
static uint64_t bucket_end(unsigned bucket)
{
    unsigned next = bucket + 1;
    unsigned shift = next < 2 * HISTOGRAM_STEPS ? 0 : next / HISTOGRAM_STEPS - 1;

    return (uint64_t)(next - shift * HISTOGRAM_STEPS) << shift;
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
    _Atomic uint64_t *bucket = &histogram->buckets[bucket_of(value)];

    /* One writer: no read-modify-write is needed. */
    atomic_store_explicit(bucket, atomic_load_explicit(bucket, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    if (value > histogram_max(histogram)) {
        atomic_store_explicit(&histogram->max, value, memory_order_relaxed);
    }
}

uint64_t histogram_percentile(const struct histogram *histogram, double fraction)
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
            return bucket_end(i);
        }
    }
    return histogram_max(histogram);
}

uint64_t histogram_max(const struct histogram *histogram)
{
    return atomic_load_explicit(&histogram->max, memory_order_relaxed);
}
