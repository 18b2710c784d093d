/* The monotonic clock: never set back, the same in every thread. Any thread, allocates nothing. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

uint64_t clock_ns(void);
uint64_t clock_us(void);
/* What the thread has computed since it began: what it has waited, for others too, is not in it. */
uint64_t clock_computed_ns(void);

#endif
