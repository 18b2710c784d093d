/*
 * Percentiles without keeping the values: times in ns, in bins of 10 µs up to 100 ms and of 1 ms
 * up to 10 s. A percentile is the upper edge of its bin; the maximum is exact.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_FINE = 10000, /* bins of 10 µs */
    HISTOGRAM_COARSE = 10000,
};

/* Zeroed is empty. */
struct histogram {
    uint64_t count, max;
    uint32_t fine[HISTOGRAM_FINE];
    uint32_t coarse[HISTOGRAM_COARSE];
};

void histogram_add(struct histogram *histogram, uint64_t ns);

/* The value in ms that a fraction (0–1) of the values does not exceed; 0 when there are none. */
double histogram_ms(const struct histogram *histogram, double fraction);

struct percentiles {
    uint64_t count;
    double p50, p99, max; /* ms */
};

struct percentiles percentiles_of(const struct histogram *histogram);

static inline double histogram_max_ms(const struct histogram *histogram)
{
    return (double)histogram->max / 1e6;
}

#endif
