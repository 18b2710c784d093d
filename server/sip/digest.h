/*
 * The arithmetic of Digest authentication (RFC 7616, RFC 8760), qop=auth; nonces and their counts.
 *
 * A nonce tells by itself when and for whom it was made, so none is kept until its first use with
 * the right password; from then on the counts used with it are. Focus thread.
 */
#ifndef SIP_DIGEST_H
#define SIP_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum digest_algorithm { DIGEST_SHA256, DIGEST_MD5, DIGEST_ALGORITHMS };

enum {
    DIGEST_SIZE = 65, /* hexadecimal digits and a NUL */
    NONCE_SIZE = 65,
};

/* "SHA-256" */
const char *digest_name(enum digest_algorithm algorithm);
/* False when `name` is none of ours; any case. */
bool digest_by_name(const char *name, enum digest_algorithm *algorithmp);

/* H(user:realm:password), RFC 7616 §3.4.2. ENOMEM. */
int digest_ha1(enum digest_algorithm algorithm, const char *user, const char *realm,
               const char *password, char ha1[DIGEST_SIZE]);

struct digest_terms {
    enum digest_algorithm algorithm;
    const char *ha1;
    const char *nonce, *nc, *cnonce; /* nc NULL: without qop, as RFC 2069 had it */
    const char *method, *uri;
};

/* RFC 7616 §3.4.1. ENOMEM. */
int digest_response(const struct digest_terms *terms, char response[DIGEST_SIZE]);

/* Takes as long for a wrong text as for the right one. Any case. */
bool digest_equal(const char *given, const char *expected);

/* ---- nonces --------------------------------------------------------------------------------- */

struct nonces;

/* `lifetime` in ms. NULL: out of memory. */
struct nonces *nonces_create(uint64_t lifetime);
void nonces_destroy(struct nonces *nonces);

/* `now` is loop_now's; `source` is whom the nonce is for, a few bytes, and no use to others. */
void nonce_make(const struct nonces *nonces, uint64_t now, const void *source, size_t source_size,
                char nonce[NONCE_SIZE]);
/* Made here, for this source, and not too long ago. */
bool nonce_is_fresh(const struct nonces *nonces, uint64_t now, const void *source,
                    size_t source_size, const char *nonce);
/* Notes the count of a request that was otherwise right, with a fresh nonce. False: it was used
 * before, or may have been (RFC 7616 §3.4.5): the client needs a new nonce. */
bool nonce_use(struct nonces *nonces, const char *nonce, uint32_t count);

#endif
