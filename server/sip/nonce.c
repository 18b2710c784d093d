/*
 * A nonce is the time, some random bytes, and a keyed hash of both and of whom it is for. Being
 * bound to where the request came from, it proves that who uses it can also receive there: nobody
 * gets another's address locked out by wrong passwords (guesses.c).
 *
 * Of nonces in use the counts are remembered, in a table of fixed size; when one has to go, all
 * that are as old and not in the table go with it, so that forgetting lets no count be used twice.
 */
#include "sip/digest.h"

#include "core/id.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_SIZE = 32,
    MAC_SIZE = 16,     /* bytes of the hash that stand in the nonce */
    TIME_DIGITS = 16,  /* of the nonce, then as many of the random number */
    STAMP_DIGITS = 32, /* both */
    SOURCE_MAX = 32,
    SETS = 2048, /* a power of two */
    WAYS = 4,
    WINDOW = 64, /* counts below the highest that may still come, reordered on the way */
};

/* One that was used with the right password. */
struct used_nonce {
    uint64_t made_at, random;
    uint64_t window; /* bit i: count highest - i was used; 0: the place is free */
    uint32_t highest;
};

struct nonces {
    unsigned char key[KEY_SIZE];
    uint64_t lifetime;  /* ms */
    uint64_t forgotten; /* what was made before and is not in the table may have been used */
    struct used_nonce table[SETS][WAYS];
};

struct nonces *nonces_create(uint64_t lifetime)
{
    struct nonces *nonces = calloc(1, sizeof *nonces);
    if (nonces) {
        nonces->lifetime = lifetime;
        random_bytes(nonces->key, sizeof nonces->key);
    }
    return nonces;
}

void nonces_destroy(struct nonces *nonces)
{
    if (nonces) {
        explicit_bzero(nonces->key, sizeof nonces->key);
        free(nonces);
    }
}

/* Writes the whole nonce of that stamp. */
static void sign(const struct nonces *nonces, const char *stamp, const void *source,
                 size_t source_size, char nonce[NONCE_SIZE])
{
    unsigned char text[STAMP_DIGITS + SOURCE_MAX], mac[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    size_t size = source_size < SOURCE_MAX ? source_size : SOURCE_MAX;
    memcpy(text, stamp, STAMP_DIGITS);
    memcpy(text + STAMP_DIGITS, source, size);
    if (!HMAC(EVP_sha256(), nonces->key, KEY_SIZE, text, STAMP_DIGITS + size, mac, &length)) {
        /* Out of memory: a nonce that will be stale. */
        random_bytes(mac, MAC_SIZE);
    }
    snprintf(nonce, NONCE_SIZE, "%.*s", STAMP_DIGITS, stamp);
    for (unsigned i = 0; i < MAC_SIZE; i++) {
        snprintf(nonce + STAMP_DIGITS + 2 * i, 3, "%02x", mac[i]);
    }
}

void nonce_make(const struct nonces *nonces, uint64_t now, const void *source, size_t source_size,
                char nonce[NONCE_SIZE])
{
    uint64_t random;
    char stamp[STAMP_DIGITS + 1];
    random_bytes(&random, sizeof random);
    snprintf(stamp, sizeof stamp, "%016" PRIx64 "%016" PRIx64, now, random);
    sign(nonces, stamp, source, source_size, nonce);
}

static uint64_t number_at(const char *text)
{
    char digits[TIME_DIGITS + 1];
    snprintf(digits, sizeof digits, "%.*s", TIME_DIGITS, text);
    return strtoull(digits, NULL, 16);
}

bool nonce_is_fresh(const struct nonces *nonces, uint64_t now, const void *source,
                    size_t source_size, const char *nonce)
{
    char expected[NONCE_SIZE];
    if (strlen(nonce) != NONCE_SIZE - 1) {
        return false;
    }
    sign(nonces, nonce, source, source_size, expected);
    uint64_t made_at = number_at(nonce);
    return digest_equal(nonce, expected) && made_at <= now && now - made_at < nonces->lifetime;
}

/* A free place of the set, or the oldest one, which is forgotten for it. */
static struct used_nonce *make_room(struct nonces *nonces, struct used_nonce *set)
{
    struct used_nonce *oldest = set;
    for (struct used_nonce *one = set; one < set + WAYS; one++) {
        if (!one->window) {
            return one;
        }
        oldest = one->made_at < oldest->made_at ? one : oldest;
    }
    if (oldest->made_at >= nonces->forgotten) {
        nonces->forgotten = oldest->made_at + 1;
    }
    return oldest;
}

bool nonce_use(struct nonces *nonces, const char *nonce, uint32_t count)
{
    uint64_t made_at = number_at(nonce);
    uint64_t random = number_at(nonce + TIME_DIGITS);
    struct used_nonce *set = nonces->table[random & (SETS - 1)];
    struct used_nonce *used = set;
    while (used < set + WAYS && (used->made_at != made_at || used->random != random)) {
        used++;
    }
    if (used == set + WAYS) {
        if (made_at < nonces->forgotten) {
            return false;
        }
        *make_room(nonces, set) = (struct used_nonce){
            .made_at = made_at, .random = random, .window = 1, .highest = count};
        return true;
    }
    if (count > used->highest) {
        uint32_t step = count - used->highest;
        used->window = step < WINDOW ? used->window << step | 1 : 1;
        used->highest = count;
        return true;
    }
    uint32_t behind = used->highest - count;
    if (behind >= WINDOW || (used->window >> behind & 1)) {
        return false;
    }
    used->window |= (uint64_t)1 << behind;
    return true;
}
