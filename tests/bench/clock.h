/* Time in nanoseconds of the monotonic clock; all times in the bench are such, if not said. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_S 1000000000ULL
#define NS_PER_MS 1000000ULL

static inline uint64_t timespec_ns(const struct timespec *ts)
{
    return (uint64_t)ts->tv_sec * NS_PER_S + (uint64_t)ts->tv_nsec;
}

static inline uint64_t clock_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return timespec_ns(&ts);
}

/* What must be added to a wall clock time (the kernel's receive time stamps) to get ours. Read
 * again for every batch, since the wall clock may be set. */
static inline int64_t clock_wall_offset(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)clock_now() - (int64_t)timespec_ns(&ts);
}

/* Sleeps until `when`, or until a signal comes. */
static inline void clock_sleep_until(uint64_t when)
{
    struct timespec ts = {.tv_sec = (time_t)(when / NS_PER_S), .tv_nsec = (long)(when % NS_PER_S)};

    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

#endif
