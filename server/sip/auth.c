/*
 * Digest authentication of requests (RFC 3261 §22, RFC 7616, RFC 8760): challenges, and what comes
 * back. Who it then is, identity.c says.
 */
#include "sip/agent.h"
#include "sip/caller.h"
#include "sip/dialog.h"
#include "sip/message.h"

#include "core/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sofia-sip/su_string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    NONCE_EXPIRES = 300, /* s, when the config says nothing */
    URI_SIZE = 1024,
    CNONCE_SIZE = 256,
    NC_DIGITS = 8,
    SOURCE_SIZE = 16, /* bytes of an IPv6 address */
    NETWORK_SIZE = 8, /* bytes of it that one customer has in common */
};

/* An Authorization for our realm, unquoted. */
struct credentials {
    char user[USER_SIZE], nonce[NONCE_SIZE], uri[URI_SIZE], response[DIGEST_SIZE];
    char nc[NC_DIGITS + 1], cnonce[CNONCE_SIZE];
    enum digest_algorithm algorithm;
};

int auth_create(struct sip_agent *agent, const struct sip_config *config)
{
    char error[160];
    unsigned expires = config->nonce_expires ? config->nonce_expires : NONCE_EXPIRES;

    agent->accounts = config->accounts;
    for (unsigned i = 0; i < config->digest_algorithm_count && i < DIGEST_ALGORITHMS; i++) {
        if (digest_by_name(config->digest_algorithms[i],
                           &agent->algorithms[agent->algorithm_count])) {
            agent->algorithm_count++;
        }
    }
    for (unsigned i = 0; i < DIGEST_ALGORITHMS && config->digest_algorithm_count == 0; i++) {
        agent->algorithms[agent->algorithm_count++] = (enum digest_algorithm)i;
    }
    agent->trusted = calloc(config->trusted_peer_count + 1, sizeof *agent->trusted);
    agent->nonces = nonces_create((uint64_t)expires * 1000);
    agent->guesses = guesses_create();
    if (!agent->trusted || !agent->nonces || !agent->guesses) {
        return ENOMEM;
    }
    for (unsigned i = 0; i < config->trusted_peer_count; i++) {
        if (network_parse(config->trusted_peers[i], &agent->trusted[i], error, sizeof error)) {
            return EINVAL;
        }
        agent->trusted_count++;
    }
    return 0;
}

void auth_destroy(struct sip_agent *agent)
{
    nonces_destroy(agent->nonces);
    guesses_destroy(agent->guesses);
    free(agent->trusted);
}

const char *auth_realm(const struct sip_agent *agent)
{
    return agent->domain[0] ? agent->domain : "parley";
}

/* ---- where it comes from -------------------------------------------------------------------- */

bool peer_is_trusted(const struct incoming *in)
{
    struct sockaddr_storage peer;
    message_source(in->msg, &peer);
    for (unsigned i = 0; i < in->agent->trusted_count; i++) {
        if (network_has(&in->agent->trusted[i], &peer)) {
            return true;
        }
    }
    return false;
}

/* The address's bytes. Behind proxies that we trust it says nothing: a call may come by one of them
 * first and by another then. */
static size_t source_of(const struct incoming *in, unsigned char source[SOURCE_SIZE])
{
    const su_sockaddr_t *address = msg_addr(in->msg);
    size_t size = peer_is_trusted(in)              ? 0
                  : address->su_family == AF_INET6 ? sizeof address->su_sin6.sin6_addr
                                                   : sizeof address->su_sin.sin_addr;
    memcpy(source, SU_ADDR(address), size);
    return size;
}

/* Who is made to wait after wrong passwords. */
static uint64_t guesser_of(const struct incoming *in, const char *user)
{
    unsigned char source[SOURCE_SIZE];
    size_t size = source_of(in, source);
    if (size == 0) {
        return guesses_key(in->agent->guesses, user, strlen(user));
    }
    return guesses_key(in->agent->guesses, source, size < NETWORK_SIZE ? size : NETWORK_SIZE);
}

/* ---- challenges ----------------------------------------------------------------------------- */

static const char *ha1_of(const struct account *account, enum digest_algorithm algorithm)
{
    return algorithm == DIGEST_MD5 ? account->ha1_md5 : account->ha1_sha256;
}

static bool can_verify(const struct account *account, enum digest_algorithm algorithm)
{
    return account->password[0] || ha1_of(account, algorithm)[0];
}

/* RFC 8760 §2.3: one for each algorithm, the preferred one first. */
sip_www_authenticate_t *challenge_make(const struct incoming *in, su_home_t *home)
{
    const struct sip_agent *agent = in->agent;
    unsigned char source[SOURCE_SIZE];
    char nonce[NONCE_SIZE], text[512];
    sip_www_authenticate_t *first = NULL, **last = &first;

    nonce_make(agent->nonces, loop_now(agent->loop), source, source_of(in, source), nonce);
    for (unsigned i = 0; i < agent->algorithm_count; i++) {
        if (in->only && !can_verify(in->only, agent->algorithms[i])) {
            continue;
        }
        snprintf(text, sizeof text,
                 "Digest realm=\"%s\", nonce=\"%s\", algorithm=%s, qop=\"auth\"%s",
                 auth_realm(agent), nonce, digest_name(agent->algorithms[i]),
                 in->is_stale ? ", stale=true" : "");
        *last = sip_www_authenticate_make(home, text);
        if (!*last) {
            break;
        }
        last = &(*last)->au_next;
    }
    return first;
}

bool authorization_ask(struct incoming *in, const struct account *account, bool is_stale)
{
    in->only = account;
    in->is_stale = is_stale;
    respond(in, SIP_401_UNAUTHORIZED, TAG_END());
    in->only = NULL;
    return false;
}

static bool refuse(struct incoming *in, int status, const char *phrase)
{
    respond(in, status, phrase, TAG_END());
    return false;
}

/* ---- credentials ---------------------------------------------------------------------------- */

/* The value of the parameter without quotes and backslashes; "" when there is none. False when it
 * is too long. */
static bool parameter(const sip_authorization_t *authorization, const char *name, char *value,
                      size_t size)
{
    size_t name_length = strlen(name);
    size_t length = 0;
    value[0] = '\0';
    for (msg_param_t const *p = authorization->au_params; p && *p; p++) {
        const char *at = *p + name_length;
        if (strncasecmp(*p, name, name_length) != 0 || *at != '=') {
            continue;
        }
        bool is_quoted = *++at == '"';
        for (at += is_quoted; *at && !(is_quoted && *at == '"'); at++) {
            if (is_quoted && *at == '\\' && at[1]) {
                at++;
            }
            if (length + 1 >= size) {
                return false;
            }
            value[length++] = *at;
        }
        value[length] = '\0';
        return true;
    }
    return true;
}

/* Those for other realms are for others (RFC 3261 §22.3). */
const sip_authorization_t *authorization_find(const struct incoming *in)
{
    char realm[256];
    const sip_authorization_t *one = in->sip->sip_authorization;
    for (; one; one = one->au_next) {
        if (su_casematch(one->au_scheme, "Digest") &&
            parameter(one, "realm", realm, sizeof realm) &&
            strcmp(realm, auth_realm(in->agent)) == 0) {
            return one;
        }
    }
    return NULL;
}

/* False when something is missing or cannot be. */
static bool read_credentials(const sip_authorization_t *from, struct credentials *credentials)
{
    char algorithm[32], qop[16];
    bool is_good =
        parameter(from, "username", credentials->user, sizeof credentials->user) &&
        parameter(from, "nonce", credentials->nonce, sizeof credentials->nonce) &&
        parameter(from, "uri", credentials->uri, sizeof credentials->uri) &&
        parameter(from, "response", credentials->response, sizeof credentials->response) &&
        parameter(from, "nc", credentials->nc, sizeof credentials->nc) &&
        parameter(from, "cnonce", credentials->cnonce, sizeof credentials->cnonce) &&
        parameter(from, "algorithm", algorithm, sizeof algorithm) &&
        parameter(from, "qop", qop, sizeof qop);
    return is_good && credentials->user[0] && credentials->cnonce[0] && su_casematch(qop, "auth") &&
           strspn(credentials->nc, "0123456789abcdefABCDEF") == NC_DIGITS &&
           digest_by_name(algorithm[0] ? algorithm : "MD5", &credentials->algorithm);
}

/* RFC 7616 §3.4: what was signed must be what is asked for. A proxy may have changed the
 * Request-URI; the To then still has what the phone called. */
static bool is_for_this(const struct incoming *in, const char *text)
{
    const sip_t *sip = in->sip;
    const url_t *uri = url_make(msg_home(in->msg), text);
    return uri && (url_cmp(uri, sip->sip_request->rq_url) == 0 ||
                   (sip->sip_via->v_next && url_cmp(uri, sip->sip_to->a_url) == 0));
}

static bool is_offered(const struct sip_agent *agent, enum digest_algorithm algorithm)
{
    for (unsigned i = 0; i < agent->algorithm_count; i++) {
        if (agent->algorithms[i] == algorithm) {
            return true;
        }
    }
    return false;
}

/* Whether the password was known. */
static bool is_right(const struct incoming *in, const struct credentials *credentials,
                     const struct account *account)
{
    char ha1[DIGEST_SIZE], expected[DIGEST_SIZE];
    const struct digest_terms terms = {
        .algorithm = credentials->algorithm,
        .ha1 = ha1,
        .nonce = credentials->nonce,
        .nc = credentials->nc,
        .cnonce = credentials->cnonce,
        .method = in->sip->sip_request->rq_method_name,
        .uri = credentials->uri,
    };
    bool is_good = true;
    if (account->password[0]) {
        is_good = !digest_ha1(credentials->algorithm, credentials->user, auth_realm(in->agent),
                              account->password, ha1);
    } else {
        snprintf(ha1, sizeof ha1, "%s", ha1_of(account, credentials->algorithm));
    }
    is_good = is_good && !digest_response(&terms, expected) &&
              digest_equal(credentials->response, expected);
    explicit_bzero(ha1, sizeof ha1);
    return is_good;
}

int account_find(const struct sip_agent *agent, const char *user, const char *peer,
                 struct account *account)
{
    const struct accounts *accounts = agent->accounts;
    if (!accounts || !*user) {
        return ENOENT;
    }
    return accounts->find(accounts->ctx, user, auth_realm(agent), peer, account);
}

/* A password that was wrong, or an account that does not exist: both look the same. */
static bool count_guess(struct incoming *in, const char *user, const struct account *account,
                        uint64_t guesser)
{
    const struct sip_agent *agent = in->agent;
    char clean[USER_SIZE];

    guesses_add(agent->guesses, loop_now(agent->loop), guesser);
    text_clean(clean, sizeof clean, user, false);
    log_warn("wrong password for %s from %s%s", clean, in->caller.peer,
             guesses_are_too_many(agent->guesses, loop_now(agent->loop), guesser)
                 ? "; that is one too many, more have to wait"
                 : "");
    return authorization_ask(in, account, false);
}

/* The nonce is good. `account` NULL: there is none. */
static bool check_password(struct incoming *in, const struct credentials *credentials,
                           const struct account *account)
{
    const struct sip_agent *agent = in->agent;
    uint64_t guesser = guesser_of(in, credentials->user);
    uint32_t count = (uint32_t)strtoul(credentials->nc, NULL, 16);

    if (guesses_are_too_many(agent->guesses, loop_now(agent->loop), guesser)) {
        return refuse(in, 403, "Too Many Wrong Passwords");
    }
    if (account && !can_verify(account, credentials->algorithm)) {
        return authorization_ask(in, account, true); /* of its password we have another hash */
    }
    if (!account || !is_right(in, credentials, account)) {
        return count_guess(in, credentials->user, account, guesser);
    }
    return nonce_use(agent->nonces, credentials->nonce, count) ||
           authorization_ask(in, account, true);
}

bool authorization_verify(struct incoming *in, const sip_authorization_t *authorization,
                          const char **userp, struct account *account)
{
    const struct sip_agent *agent = in->agent;
    struct credentials credentials;
    unsigned char source[SOURCE_SIZE];

    if (!read_credentials(authorization, &credentials)) {
        return refuse(in, 400, "Bad Authorization");
    }
    if (!is_for_this(in, credentials.uri)) {
        return refuse(in, 400, "Authorization For Another URI");
    }
    if (!is_offered(agent, credentials.algorithm) ||
        !nonce_is_fresh(agent->nonces, loop_now(agent->loop), source, source_of(in, source),
                        credentials.nonce)) {
        return authorization_ask(in, NULL, true);
    }
    int status = account_find(agent, credentials.user, in->caller.peer, account);
    if (status && status != ENOENT) {
        return refuse(in, SIP_500_INTERNAL_SERVER_ERROR);
    }
    bool is_known = status == 0 && account_has_secret(account);
    *userp = su_strdup(msg_home(in->msg), credentials.user);
    if (!*userp) {
        return refuse(in, SIP_500_INTERNAL_SERVER_ERROR);
    }
    return check_password(in, &credentials, is_known ? account : NULL);
}
