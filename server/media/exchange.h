/*
 * What one section of a mix says, for the other sections, which other media threads work.
 *
 * One writer, any number of readers, no locks, nobody waits: what has been said in the last few
 * ticks stands in places; the writer takes a place back only when nobody reads it, and publishes
 * nothing for one tick otherwise. So a reader who was stopped by the system in the middle of
 * reading costs one frame, and never gets a torn one.
 */
#ifndef MEDIA_EXCHANGE_H
#define MEDIA_EXCHANGE_H

#include "media/mixer.h"

struct exchange;

/* Focus thread. NULL: out of memory. */
struct exchange *exchange_create(void);
void exchange_destroy(struct exchange *exchange); /* NULL is fine */

/* The writer: what the mixer's channels say in this tick. `tick`: the same number for all sections,
 * growing, not 0. */
void exchange_publish(struct exchange *exchange, uint64_t tick, const struct mixer *mixer);

/* A reader: whether the tick has been published. */
bool exchange_has(const struct exchange *exchange, uint64_t tick);
/* Adds what was said in the tick to what this mixer's channels say. Nothing when it is not there.
 */
void exchange_read(struct exchange *exchange, uint64_t tick, struct mixer *mixer);

#endif
