/*
 * A nonce is the time, some random bytes, and a keyed hash of both and of whom it is for. Being
 * bound to where the request came from, it proves that who uses it can also receive there: nobody
 * gets another's address locked out by wrong passwords (guesses.c).
 *
 * Of nonces in use the counts are remembered, at most so many; when one has to go, all that are as
 * old go with it, so that forgetting lets no count be used twice.
 */
#include "sip/digest.h"

#include "core/id.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

enum {
    KEY_SIZE = 32,
    MAC_SIZE = 16,     /* bytes of the hash that stand in the nonce */
    STAMP_DIGITS = 32, /* of the nonce: 16 of the time, 16 of random */
    NONCES_USED = 8192,
    WINDOW = 64, /* counts below the highest that may still come, reordered on the way */
};

/* One that was used with the right password. */
struct used_nonce {
    char stamp[STAMP_DIGITS + 1];
    uint64_t made_at;
    uint32_t highest;
    uint64_t window; /* bit i: count highest - i was used */
    UT_hash_handle hh;
};

struct nonces {
    unsigned char key[KEY_SIZE];
    uint64_t lifetime;       /* ms */
    struct used_nonce *used; /* hash, in order of first use */
    uint64_t forgotten;      /* what was made until then and is not in `used` may have been used */
    bool has_forgotten;
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

static void forget(struct nonces *nonces, struct used_nonce *used)
{
    HASH_DEL(nonces->used, used);
    free(used);
}

void nonces_destroy(struct nonces *nonces)
{
    struct used_nonce *used, *next;
    if (!nonces) {
        return;
    }
    HASH_ITER(hh, nonces->used, used, next)
    {
        forget(nonces, used);
    }
    explicit_bzero(nonces->key, sizeof nonces->key);
    free(nonces);
}

/* Writes the whole nonce of that stamp. */
static void sign(const struct nonces *nonces, const char *stamp, const void *source,
                 size_t source_size, char nonce[NONCE_SIZE])
{
    unsigned char text[STAMP_DIGITS + 32], mac[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (source_size > sizeof text - STAMP_DIGITS) {
        source_size = sizeof text - STAMP_DIGITS;
    }
    memcpy(text, stamp, STAMP_DIGITS);
    memcpy(text + STAMP_DIGITS, source, source_size);
    if (!HMAC(EVP_sha256(), nonces->key, KEY_SIZE, text, STAMP_DIGITS + source_size, mac,
              &length)) {
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

static uint64_t made_at(const char *nonce)
{
    char digits[17];
    snprintf(digits, sizeof digits, "%.16s", nonce);
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
    uint64_t made = made_at(nonce);
    return digest_equal(nonce, expected) && made <= now && now - made < nonces->lifetime;
}

/* Lets go of those whose time is over, and of the first ones when there are too many. */
static void make_room(struct nonces *nonces, uint64_t now)
{
    struct used_nonce *used = nonces->used;
    while (used &&
           (now - used->made_at >= nonces->lifetime || HASH_COUNT(nonces->used) >= NONCES_USED)) {
        if (!nonces->has_forgotten || used->made_at > nonces->forgotten) {
            nonces->forgotten = used->made_at;
            nonces->has_forgotten = true;
        }
        forget(nonces, used);
        used = nonces->used;
    }
}

static bool use_first(struct nonces *nonces, uint64_t now, const char *stamp, uint32_t count)
{
    uint64_t made = made_at(stamp);
    make_room(nonces, now);
    struct used_nonce *used =
        nonces->has_forgotten && made <= nonces->forgotten ? NULL : calloc(1, sizeof *used);
    if (!used) {
        return false;
    }
    snprintf(used->stamp, sizeof used->stamp, "%s", stamp);
    used->made_at = made;
    used->highest = count;
    used->window = 1;
    HASH_ADD(hh, nonces->used, stamp, STAMP_DIGITS, used);
    return true;
}

bool nonce_use(struct nonces *nonces, uint64_t now, const char *nonce, uint32_t count)
{
    char stamp[STAMP_DIGITS + 1];
    struct used_nonce *used;
    snprintf(stamp, sizeof stamp, "%.*s", STAMP_DIGITS, nonce);
    HASH_FIND(hh, nonces->used, stamp, STAMP_DIGITS, used);
    if (!used) {
        return use_first(nonces, now, stamp, count);
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
