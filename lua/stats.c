/* Calls, errors and times of one hook. */
#include "lua/private.h"

enum {
    OCTAVE_STEPS = 4,  /* buckets of the histogram per doubling: 19 % apart */
    LOWEST_OCTAVE = 6, /* 64 ns; all that is quicker is in the first bucket */
};

/* Which bucket a time belongs to: by its highest bit, then by the two bits below that. */
static unsigned bucket_of(uint64_t ns)
{
    unsigned octave, bucket;

    if (ns < 1u << LOWEST_OCTAVE)
        return 0;
    octave = 63 - (unsigned)__builtin_clzll(ns);
    bucket = (octave - LOWEST_OCTAVE) * OCTAVE_STEPS + ((ns >> (octave - 2)) & 3);
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The bucket's upper end, µs. */
static double bucket_end(unsigned bucket)
{
    double octave = (double)(1ull << (bucket / OCTAVE_STEPS + LOWEST_OCTAVE));

    return octave * (1 + (bucket % OCTAVE_STEPS + 1) / (double)OCTAVE_STEPS) / 1000;
}

static double percentile(const struct hook_stats *stats, double fraction)
{
    uint64_t seen = 0, wanted = (uint64_t)((double)stats->calls * fraction);

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += stats->histogram[i];
        if (seen > wanted)
            return bucket_end(i);
    }
    return 0;
}

void hook_stats_call(struct hook_stats *stats, uint64_t ns)
{
    stats->calls++;
    stats->histogram[bucket_of(ns)]++;
}

unsigned hook_stats_error(struct hook_stats *stats)
{
    time_t now = (time_t)(clock_ns() / 1000000000);
    unsigned recent = 0;

    stats->error_times[stats->errors++ % ERRORS_KEPT] = now;
    for (unsigned i = 0; i < ERRORS_KEPT && i < stats->errors; i++)
        recent += now - stats->error_times[i] < ERROR_WINDOW;
    return recent;
}

json_t *hook_stats_json(const struct hook_stats *stats)
{
    return json_pack("{s:I, s:I, s:f, s:f}", "calls", (json_int_t)stats->calls, "errors",
                     (json_int_t)stats->errors, "p50_us", percentile(stats, 0.5), "p99_us",
                     percentile(stats, 0.99));
}
