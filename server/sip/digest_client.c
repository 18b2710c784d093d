/*
 * Answers to those who challenge our requests (RFC 3261 §22.2, RFC 7616, RFC 8760).
 *
 * Only a realm that the operator has given a password for is answered. What was answered once goes
 * with every later request of the dialog, so that a proxy need not ask again.
 */
#include "sip/dialog.h"

#include "core/id.h"
#include "sip/digest.h"

#include <sofia-sip/su_string.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    CNONCE_SIZE = 17,
    VALUE_SIZE = 512, /* bytes of a realm, nonce or opaque; longer ones are not answered */
};

struct challenge {
    struct challenge *next;
    bool is_proxys; /* answered by Proxy-Authorization */
    bool has_qop;
    bool has_algorithm; /* it was named; without it MD5 is meant */
    enum digest_algorithm algorithm;
    const char *realm, *nonce; /* as between their quotes */
    const char *opaque;        /* NULL: none */
    const char *user;
    char ha1[DIGEST_SIZE];
    uint32_t count; /* requests sent with this nonce */
};

/* ---- challenges ----------------------------------------------------------------------------- */

/* The value of a parameter without its quotes, on `home`. NULL: there is none that we would take.
 */
static const char *param(su_home_t *home, const msg_auth_t *header, const char *name)
{
    const char *value = msg_params_find(header->au_params, name);
    size_t length = value ? strlen(value) : 0;

    if (!value || length >= VALUE_SIZE) {
        return NULL;
    }
    if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
        return su_strndup(home, value + 1, (isize_t)(length - 2));
    }
    return su_strdup(home, value);
}

static bool offers_auth(const char *qop)
{
    while (qop && *qop) {
        size_t length = strcspn(qop, ", ");
        if (length == 4 && strncasecmp(qop, "auth", 4) == 0) {
            return true;
        }
        qop += length + strspn(qop + length, ", ");
    }
    return false;
}

static const struct sip_credential *credential_for(const struct sip_agent *agent, const char *realm)
{
    for (unsigned i = 0; i < agent->credential_count; i++) {
        if (strcmp(agent->credentials[i].realm, realm) == 0) {
            return &agent->credentials[i];
        }
    }
    return NULL;
}

/* NULL: not one that we can answer. */
static struct challenge *read_challenge(struct dialog *dialog, const msg_auth_t *header,
                                        bool is_proxys)
{
    su_home_t *home = dialog->home;
    struct challenge *challenge = su_zalloc(home, sizeof *challenge);
    const char *algorithm = param(home, header, "algorithm=");
    const char *qop = param(home, header, "qop=");

    if (!challenge || !su_casematch(header->au_scheme, "Digest")) {
        return NULL;
    }
    challenge->is_proxys = is_proxys;
    challenge->realm = param(home, header, "realm=");
    challenge->nonce = param(home, header, "nonce=");
    challenge->opaque = param(home, header, "opaque=");
    challenge->has_qop = offers_auth(qop);
    challenge->has_algorithm = algorithm != NULL;
    if (!challenge->realm || !challenge->nonce || (qop && !challenge->has_qop) ||
        !digest_by_name(algorithm ? algorithm : "MD5", &challenge->algorithm)) {
        return NULL;
    }
    const struct sip_credential *known = credential_for(dialog->agent, challenge->realm);
    if (!known || digest_ha1(challenge->algorithm, known->user, challenge->realm, known->password,
                             challenge->ha1)) {
        return NULL;
    }
    challenge->user = su_strdup(home, known->user);
    return challenge->user ? challenge : NULL;
}

static struct challenge **place_of(struct dialog *dialog, const char *realm, bool is_proxys)
{
    struct challenge **place = &dialog->challenges;
    while (*place && ((*place)->is_proxys != is_proxys || strcmp((*place)->realm, realm) != 0)) {
        place = &(*place)->next;
    }
    return place;
}

/* Of several for the same realm the first that we can answer counts. */
static bool take(struct dialog *dialog, const msg_auth_t *header, bool is_proxys)
{
    const char *taken = NULL;
    bool is_news = false;
    for (; header; header = header->au_next) {
        struct challenge *challenge = read_challenge(dialog, header, is_proxys);
        if (!challenge || (taken && strcmp(taken, challenge->realm) == 0)) {
            continue;
        }
        struct challenge **place = place_of(dialog, challenge->realm, is_proxys);
        const char *stale = param(dialog->home, header, "stale=");
        /* A second challenge says that the password is wrong, unless only the nonce is too old. */
        is_news = is_news || !*place || su_casematch(stale, "true");
        challenge->next = *place ? (*place)->next : NULL;
        *place = challenge;
        taken = challenge->realm;
    }
    return is_news;
}

bool digest_challenged(struct dialog *dialog, const sip_t *sip)
{
    bool by_server = take(dialog, sip->sip_www_authenticate, false);
    bool by_proxy = take(dialog, sip->sip_proxy_authenticate, true);
    return by_server || by_proxy;
}

/* ---- answers -------------------------------------------------------------------------------- */

static const char *write_answer(su_home_t *home, struct challenge *challenge, const char *method,
                                const char *uri)
{
    char response[DIGEST_SIZE], cnonce[CNONCE_SIZE], count[9];
    const struct digest_terms terms = {
        .algorithm = challenge->algorithm,
        .ha1 = challenge->ha1,
        .nonce = challenge->nonce,
        .nc = challenge->has_qop ? count : NULL,
        .cnonce = cnonce,
        .method = method,
        .uri = uri,
    };

    id_random(cnonce, sizeof cnonce);
    snprintf(count, sizeof count, "%08x", ++challenge->count);
    if (digest_response(&terms, response)) {
        return NULL;
    }
    const char *qop = challenge->has_qop
                          ? su_sprintf(home, ", qop=auth, nc=%s, cnonce=\"%s\"", count, cnonce)
                          : "";
    const char *opaque =
        challenge->opaque ? su_sprintf(home, ", opaque=\"%s\"", challenge->opaque) : "";
    return su_sprintf(home,
                      "Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", "
                      "response=\"%s\"%s%s%s%s",
                      challenge->user, challenge->realm, challenge->nonce, uri, response,
                      challenge->has_algorithm ? ", algorithm=" : "",
                      challenge->has_algorithm ? digest_name(challenge->algorithm) : "",
                      opaque ? opaque : "", qop ? qop : "");
}

void digest_answer(const struct dialog *dialog, msg_t *msg, sip_t *sip)
{
    su_home_t *home = msg_home(msg);
    const sip_request_t *request = sip->sip_request;
    const char *uri = url_as_string(home, request->rq_url);

    for (struct challenge *challenge = dialog->challenges; challenge && uri;
         challenge = challenge->next) {
        const char *text = write_answer(home, challenge, request->rq_method_name, uri);
        msg_header_t *header = NULL;
        if (text) {
            header = challenge->is_proxys ? (msg_header_t *)sip_proxy_authorization_make(home, text)
                                          : (msg_header_t *)sip_authorization_make(home, text);
        }
        /* Without memory for it the request is challenged again, which ends it. */
        if (header) {
            (void)msg_header_insert(msg, (msg_pub_t *)sip, header);
        }
    }
}
