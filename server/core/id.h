/* Numbers and names: random ones that nobody can guess (FW 3.1: URIs opaque, pseudo-random,
 * collision-free), and plain counted ones. */
#ifndef CORE_ID_H
#define CORE_ID_H

#include <stddef.h>
#include <stdint.h>

/* Fills `buffer` from getrandom(2); at most 256 bytes. Any thread. */
void random_bytes(void *buffer, size_t size);

/* Fills `buffer` with size-1 lower-case hexadecimal characters and a NUL, from getrandom(2). */
void id_random(char *buffer, size_t size);

/* The same with size-1 decimal digits, the first of them not 0: a number that can be dialled. */
void id_random_number(char *buffer, size_t size);

/* Unique in this process, never 0, rising. Focus thread. */
uint64_t id_next(void);

#endif
