#include "sip/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

static const char *const names[DIGEST_ALGORITHMS] = {"SHA-256", "MD5"};

const char *digest_name(enum digest_algorithm algorithm)
{
    return names[algorithm];
}

bool digest_by_name(const char *name, enum digest_algorithm *algorithmp)
{
    for (unsigned i = 0; i < DIGEST_ALGORITHMS; i++) {
        if (strcasecmp(names[i], name) == 0) {
            *algorithmp = (enum digest_algorithm)i;
            return true;
        }
    }
    return false;
}

/* The hash of the parts with colons between them, in hexadecimal. */
static int hash(enum digest_algorithm algorithm, const char *const *parts, size_t count,
                char hex[DIGEST_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good =
        context &&
        EVP_DigestInit_ex(context, algorithm == DIGEST_MD5 ? EVP_md5() : EVP_sha256(), NULL);
    for (size_t i = 0; i < count && is_good; i++) {
        is_good = (i == 0 || EVP_DigestUpdate(context, ":", 1)) &&
                  EVP_DigestUpdate(context, parts[i], strlen(parts[i]));
    }
    is_good = is_good && EVP_DigestFinal_ex(context, bytes, &length);
    EVP_MD_CTX_free(context);
    if (!is_good || 2 * length >= DIGEST_SIZE) {
        return ENOMEM;
    }
    for (unsigned i = 0; i < length; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * length] = '\0';
    return 0;
}

int digest_ha1(enum digest_algorithm algorithm, const char *user, const char *realm,
               const char *password, char ha1[DIGEST_SIZE])
{
    const char *const parts[] = {user, realm, password};
    return hash(algorithm, parts, 3, ha1);
}

int digest_response(const struct digest_terms *terms, char response[DIGEST_SIZE])
{
    char ha2[DIGEST_SIZE];
    const char *const a2[] = {terms->method, terms->uri};
    int status = hash(terms->algorithm, a2, 2, ha2);
    if (status) {
        return status;
    }
    if (!terms->nc) {
        const char *const old[] = {terms->ha1, terms->nonce, ha2};
        return hash(terms->algorithm, old, 3, response);
    }
    const char *const parts[] = {terms->ha1, terms->nonce, terms->nc, terms->cnonce, "auth", ha2};
    return hash(terms->algorithm, parts, 6, response);
}

bool digest_equal(const char *given, const char *expected)
{
    size_t length = strlen(expected);
    unsigned difference = 0;
    if (strlen(given) != length) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        /* 0x20 makes letters lower-case, and leaves digits as they are. */
        difference |= ((unsigned char)given[i] | 0x20u) ^ (unsigned char)expected[i];
    }
    return difference == 0;
}
