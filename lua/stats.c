/* Calls, errors and times of one hook. */
#include "lua/budget.h"

#include "core/clock.h"

static double percentile_us(const struct hook_stats *stats, double fraction)
{
    return (double)histogram_percentile(&stats->times, fraction) / 1000;
}

void hook_stats_call(struct hook_stats *stats, uint64_t ns)
{
    stats->calls++;
    histogram_add(&stats->times, ns);
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
    return json_pack("{s:I, s:I, s:I, s:f, s:f}", "calls", (json_int_t)stats->calls, "errors",
                     (json_int_t)stats->errors, "refused", (json_int_t)stats->refused, "p50_us",
                     percentile_us(stats, 0.5), "p99_us", percentile_us(stats, 0.99));
}
