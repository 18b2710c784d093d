#include "sip/guesses.h"

#include "core/hash.h"
#include "core/id.h"

#include <stdlib.h>

enum {
    SETS = 1024, /* a power of two */
    WAYS = 4,
    GUESS_COST = 10 * 1000, /* ms that one wrong password is remembered */
    GUESSES_AT_ONCE = 10,
};

/* Each wrong password moves the time at which all is forgiven. */
struct guess {
    uint64_t key;
    uint64_t forgiven_at; /* ms; 0: the place is free */
};

struct guesses {
    uint64_t salt;
    struct guess table[SETS][WAYS];
};

struct guesses *guesses_create(void)
{
    struct guesses *guesses = calloc(1, sizeof *guesses);
    if (guesses) {
        random_bytes(&guesses->salt, sizeof guesses->salt);
    }
    return guesses;
}

void guesses_destroy(struct guesses *guesses)
{
    free(guesses);
}

/* From a secret start. */
uint64_t guesses_key(const struct guesses *guesses, const void *who, size_t size)
{
    uint64_t key = hash_add(guesses->salt, who, size);
    return key ^ key >> 32;
}

static struct guess *find(const struct guesses *guesses, uint64_t key)
{
    const struct guess *set = guesses->table[key & (SETS - 1)];
    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].key == key && set[i].forgiven_at) {
            return (struct guess *)&set[i];
        }
    }
    return NULL;
}

bool guesses_are_too_many(const struct guesses *guesses, uint64_t now, uint64_t key)
{
    const struct guess *guess = find(guesses, key);
    return guess && guess->forgiven_at > now + (GUESSES_AT_ONCE - 1) * GUESS_COST;
}

void guesses_add(struct guesses *guesses, uint64_t now, uint64_t key)
{
    struct guess *set = guesses->table[key & (SETS - 1)];
    struct guess *guess = find(guesses, key);
    if (!guess) {
        guess = &set[0];
        for (unsigned i = 1; i < WAYS; i++) {
            if (set[i].forgiven_at < guess->forgiven_at) {
                guess = &set[i];
            }
        }
        *guess = (struct guess){.key = key};
    }
    guess->forgiven_at = (guess->forgiven_at > now ? guess->forgiven_at : now) + GUESS_COST;
}
