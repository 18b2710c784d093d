/* The monotonic clock: never set back, the same in every thread. Any thread, allocates nothing. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

uint64_t clock_ns(void);
uint64_t clock_us(void);

#endif
