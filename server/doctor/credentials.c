/* The account's answers to challenges (RFC 3261 §22.2, RFC 7616). */
#include "core/id.h"
#include "doctor/private.h"
#include "sip/digest.h"

#include <stdio.h>
#include <string.h>

enum { CNONCE_SIZE = 17, COUNT_SIZE = 9 };

/* The value of a parameter without its quotes; NULL: there is none. */
static const char *param(su_home_t *home, const msg_auth_t *challenge, const char *name)
{
    const char *value = msg_params_find(challenge->au_params, name);
    size_t length = value ? strlen(value) : 0;
    if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
        return su_strndup(home, value + 1, (isize_t)(length - 2));
    }
    return value;
}

/* NULL: not a challenge that we can answer. */
static const char *answer(const struct phone *phone, su_home_t *home, const sip_request_t *request,
                          const msg_auth_t *challenge)
{
    const char *realm = param(home, challenge, "realm=");
    const char *nonce = param(home, challenge, "nonce=");
    const char *named = param(home, challenge, "algorithm=");
    const char *opaque = param(home, challenge, "opaque=");
    const char *qop = param(home, challenge, "qop=");
    const char *uri = url_as_string(home, request->rq_url);
    enum digest_algorithm algorithm;
    char ha1[DIGEST_SIZE], response[DIGEST_SIZE], cnonce[CNONCE_SIZE];
    static const char count[COUNT_SIZE] = "00000001"; /* each nonce is used once */

    if (!su_casematch(challenge->au_scheme, "Digest") || !realm || !nonce || !uri ||
        !digest_by_name(named ? named : "MD5", &algorithm) ||
        digest_ha1(algorithm, phone->doctor->user, realm, phone->doctor->password, ha1)) {
        return NULL;
    }
    id_random(cnonce, sizeof cnonce);
    const struct digest_terms terms = {.algorithm = algorithm,
                                       .ha1 = ha1,
                                       .nonce = nonce,
                                       .nc = qop ? count : NULL,
                                       .cnonce = cnonce,
                                       .method = request->rq_method_name,
                                       .uri = uri};
    if (digest_response(&terms, response)) {
        return NULL;
    }
    const char *counted =
        qop ? su_sprintf(home, ", qop=auth, nc=%s, cnonce=\"%s\"", count, cnonce) : "";
    return su_sprintf(home,
                      "Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", "
                      "response=\"%s\"%s%s%s%s%s%s",
                      phone->doctor->user, realm, nonce, uri, response, named ? ", algorithm=" : "",
                      named ? named : "", opaque ? ", opaque=\"" : "", opaque ? opaque : "",
                      opaque ? "\"" : "", counted);
}

bool credentials_add(const struct phone *phone, msg_t *msg, sip_t *sip, const sip_t *challenged)
{
    su_home_t *home = msg_home(msg);
    bool is_proxys = challenged->sip_status->st_status == 407;
    const msg_auth_t *challenge =
        is_proxys ? challenged->sip_proxy_authenticate : challenged->sip_www_authenticate;
    /* Of several for a realm the first that can be answered counts (RFC 7616 §3.7). */
    for (; challenge; challenge = challenge->au_next) {
        const char *text = answer(phone, home, sip->sip_request, challenge);
        msg_header_t *header = NULL;
        if (text) {
            header = is_proxys ? (msg_header_t *)sip_proxy_authorization_make(home, text)
                               : (msg_header_t *)sip_authorization_make(home, text);
        }
        if (header) {
            return msg_header_insert(msg, (msg_pub_t *)sip, header) >= 0;
        }
    }
    return false;
}
