/*
 * A store of values by keys, as those who keep something and the store see each other.
 *
 * Implemented by the store room (struct storing), used by lua. All functions run on the focus
 * thread and never wait: the disk is a thread of the store's own.
 */
#ifndef PORTS_STORING_H
#define PORTS_STORING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STORE_NAME_MAX = 64, /* bytes of a store's name */
    STORE_KEY_MAX = 256,
    STORE_VALUE_MAX = 64 << 10,
    STORE_KEYS_MAX = 1000, /* that one STORE_KEYS gives */
};

enum store_verb { STORE_GET, STORE_SET, STORE_ADD, STORE_DELETE, STORE_KEYS };

enum store_kind { STORE_NOTHING, STORE_NUMBER, STORE_BYTES };

struct store_value {
    enum store_kind kind;
    int64_t number;
    const unsigned char *bytes;
    size_t size;
};

/* Copied by whoever takes it. Texts are UTF-8. */
struct store_request {
    enum store_verb verb;
    const char *store;        /* its name; each has keys of its own */
    const char *key;          /* of STORE_KEYS: what they begin with */
    struct store_value value; /* to be kept; the number to be added */
    uint64_t ttl;             /* ms until it is forgotten; 0: it is kept, with STORE_ADD as long as
                               * it would have been */
};

/* Strings and bytes live for the call in which they are handed over. */
struct store_answer {
    const char *problem; /* why it could not be done; NULL: it is done, and kept */
    /* What is there, the sum, or what was deleted. Of STORE_KEYS: the keys in their order, each
     * with its NUL. */
    struct store_value value;
    bool has_more; /* keys than these */
};

struct store_errand;

struct storing {
    void *ctx;
    /* The answer comes later, if a handler is given (else *errandp is NULL), in the order of the
     * requests. EAGAIN: too many are waiting; ENOMEM. */
    int (*ask)(void *ctx, const struct store_request *request,
               void (*handler)(const struct store_answer *answer, void *arg), void *arg,
               struct store_errand **errandp);
    /* It is done all the same, but nobody is told. Not after the answer. */
    void (*forget)(struct store_errand *errand);
};

#endif
