/* The clocks. The monotonic one is never set back, the same in every thread. Any thread, allocates
 * nothing. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

uint64_t clock_ns(void);
uint64_t clock_us(void);
/* The time of day, which may be set, and goes on while no server runs: ms since 1970. */
int64_t clock_wall_ms(void);
/* What the thread has computed since it began: what it has waited, for others too, is not in it. */
uint64_t clock_computed_ns(void);

#endif
