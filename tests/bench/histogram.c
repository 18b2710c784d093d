#include "histogram.h"

#include <math.h>

enum {
    FINE_NS = 10 * 1000,
    COARSE_NS = 1000 * 1000,
};

void histogram_add(struct histogram *histogram, uint64_t ns)
{
    uint64_t coarse = ns / COARSE_NS;

    histogram->count++;
    if (ns > histogram->max)
        histogram->max = ns;
    if (ns / FINE_NS < HISTOGRAM_FINE)
        histogram->fine[ns / FINE_NS]++;
    else
        histogram->coarse[coarse < HISTOGRAM_COARSE ? coarse : HISTOGRAM_COARSE - 1]++;
}

double histogram_ms(const struct histogram *histogram, double fraction)
{
    uint64_t wanted = (uint64_t)ceil(fraction * (double)histogram->count);
    uint64_t seen = 0, edge;

    if (histogram->count == 0)
        return 0;
    if (wanted == 0)
        wanted = 1;
    for (unsigned i = 0; i < HISTOGRAM_FINE; i++) {
        seen += histogram->fine[i];
        if (seen >= wanted) {
            edge = (i + 1ULL) * FINE_NS;
            return (double)(edge < histogram->max ? edge : histogram->max) / 1e6;
        }
    }
    for (unsigned i = 0; i < HISTOGRAM_COARSE - 1; i++) {
        seen += histogram->coarse[i];
        if (seen >= wanted) {
            edge = (i + 1ULL) * COARSE_NS;
            return (double)(edge < histogram->max ? edge : histogram->max) / 1e6;
        }
    }
    return histogram_max_ms(histogram);
}

struct percentiles percentiles_of(const struct histogram *histogram)
{
    return (struct percentiles){
        .count = histogram->count,
        .p50 = histogram_ms(histogram, 0.5),
        .p99 = histogram_ms(histogram, 0.99),
        .max = histogram_max_ms(histogram),
    };
}
