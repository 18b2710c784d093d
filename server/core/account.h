/*
 * Accounts: names of ours that can be proven by a password. They come from the config or from a
 * policy's hook, and signalling asks for them by struct accounts. Plain data and plain functions,
 * any thread, nothing is allocated.
 */
#ifndef CORE_ACCOUNT_H
#define CORE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

enum {
    ACCOUNT_HA1_SIZE = 65, /* hexadecimal digits of SHA-256, and a NUL */
    ACCOUNT_GROUPS_MAX = 32,
    ACCOUNT_GROUP_SIZE = 32, /* bytes of a group's name, with what ends it */
};

struct account {
    char password[256]; /* "": only the hashes are known */
    /* H(user:realm:password) in lower-case hexadecimal (RFC 7616 §3.4.2); "": not given. */
    char ha1_md5[ACCOUNT_HA1_SIZE], ha1_sha256[ACCOUNT_HA1_SIZE];
    char name[128];                                       /* to be shown; "" for none */
    char groups[ACCOUNT_GROUPS_MAX * ACCOUNT_GROUP_SIZE]; /* separated by blanks; "" for none */
};

/* Who knows the accounts. */
struct accounts {
    void *ctx;
    /* 0: *account is filled in; ENOENT: there is no account of that name. Focus thread; must not
     * block. `realm` is what an HA1 must have been made for; `peer` where the packets come
     * from of who wants to prove it, "192.0.2.1:5060;udp", or NULL. */
    int (*find)(void *ctx, const char *user, const char *realm, const char *peer,
                struct account *account);
};

/* Setters that check. EINVAL: `error` says what is allowed, without telling the value. */
int account_set_password(struct account *account, const char *text, char *error, size_t size);
/* 32 digits are MD5's, 64 are SHA-256's. */
int account_set_ha1(struct account *account, const char *text, char *error, size_t size);
int account_set_name(struct account *account, const char *text, char *error, size_t size);
int account_add_group(struct account *account, const char *text, char *error, size_t size);

/* Whether a digest can be verified at all. */
bool account_has_secret(const struct account *account);
/* Overwrites it, so that no password is left on the stack. */
void account_wipe(struct account *account);

#endif
