/*
 * Wrong passwords, counted by who guesses, so that guessing is slow: ten at once, then one every
 * ten seconds. The table has a fixed size; the least guilty go first. Focus thread.
 */
#ifndef SIP_GUESSES_H
#define SIP_GUESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guesses;

/* NULL: out of memory. */
struct guesses *guesses_create(void);
void guesses_destroy(struct guesses *guesses);

/* Who guesses: an address, or a name. The number is different in every process. */
uint64_t guesses_key(const struct guesses *guesses, const void *who, size_t size);
/* `now` in ms. */
bool guesses_are_too_many(const struct guesses *guesses, uint64_t now, uint64_t key);
/* One more wrong password. */
void guesses_add(struct guesses *guesses, uint64_t now, uint64_t key);

#endif
