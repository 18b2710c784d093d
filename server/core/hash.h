/* A hash that tells things apart by 64 bits; no secret is safe in it (FNV-1a). Any thread. */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_EMPTY UINT64_C(0xcbf29ce484222325)

/* Of what `hash` is of, followed by `data`. */
uint64_t hash_add(uint64_t hash, const void *data, size_t size);

#endif
