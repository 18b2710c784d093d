/* REGISTER: an account says where it can be reached (RFC 3261 §10.3). All of a request is carried
 * out, or nothing. */
#include "sip/bindings.h"
#include "sip/caller.h"
#include "sip/message.h"
#include "sip/receive.h"

#include <stdlib.h>
#include <string.h>

enum {
    EXPIRES_DEFAULT = 3600, /* s, §10.2 */
    CONTACT_LENGTH_MAX = 512,
    RETRY_AFTER = 60, /* s */
};

/* s; 0 removes. What is malformed is the default (§10.2.1.1). */
static unsigned expires_of(const struct incoming *in, const sip_contact_t *contact)
{
    const struct sip_agent *agent = in->agent;
    const sip_expires_t *header = in->sip->sip_expires;
    unsigned long wanted = EXPIRES_DEFAULT;

    if (contact && contact->m_expires) {
        size_t digits = strspn(contact->m_expires, "0123456789");
        if (digits > 0 && !contact->m_expires[digits]) {
            wanted = digits <= 9 ? strtoul(contact->m_expires, NULL, 10) : agent->registration_max;
        }
    } else if (header) {
        wanted = header->ex_delta;
    }
    return wanted < agent->registration_max ? (unsigned)wanted : agent->registration_max;
}

/* Steps 3 to 5: who registers whom. False: refused. */
static bool check_owner(struct incoming *in, const char **userp)
{
    const url_t *to = in->sip->sip_to->a_url;
    const char *request_host = in->sip->sip_request->rq_url->url_host;
    char user[256];

    if (!request_host || !host_is_ours(in->agent, in->tport, request_host)) {
        respond(in, 404, "Not Our Domain", TAG_END());
        return false;
    }
    if (!in->caller.authenticated) {
        respond(in, SIP_401_UNAUTHORIZED, TAG_END());
        return false;
    }
    text_clean(user, sizeof user, to->url_user, true);
    if (!to->url_host || !host_is_ours(in->agent, in->tport, to->url_host) ||
        !host_is_ours(in->agent, in->tport, in->caller.host) ||
        strcmp(user, in->caller.user) != 0) {
        respond(in, 403, "Not Your Address", TAG_END());
        return false;
    }
    *userp = in->caller.user;
    return true;
}

static bool is_star(const sip_contact_t *contact)
{
    return contact && contact->m_url->url_type == url_any;
}

/* Step 6 and what of step 7 can be wrong. False: refused. */
static bool check_contacts(struct incoming *in)
{
    const struct sip_agent *agent = in->agent;
    const sip_contact_t *first = in->sip->sip_contact;
    unsigned added = 0;

    for (const sip_contact_t *one = first; one; one = one->m_next) {
        unsigned expires = expires_of(in, one);
        bool is_alone = one == first && !one->m_next;
        bool clears_all = is_star(one) && is_alone && in->sip->sip_expires && expires == 0;
        bool is_good = !is_star(one) && contact_is_usable(one) && one->m_url->url_type == url_sip &&
                       url_len(one->m_url) <= CONTACT_LENGTH_MAX;
        if (!clears_all && !is_good) {
            respond(in, 400, "Bad Contact Header", TAG_END());
            return false;
        }
        if (expires > 0 && expires < agent->registration_min) {
            sip_min_expires_t least[1];
            sip_min_expires_init(least)->me_delta = agent->registration_min;
            respond(in, SIP_423_INTERVAL_TOO_BRIEF, SIPTAG_MIN_EXPIRES(least), TAG_END());
            return false;
        }
        added += expires > 0;
    }
    if (added > BINDINGS_OF_ACCOUNT) {
        respond(in, 403, "Too Many Contacts", TAG_END());
        return false;
    }
    if (added > 0 && !bindings_have_room(agent)) {
        sip_retry_after_t after[1];
        sip_retry_after_init(after)->af_delta = RETRY_AFTER;
        respond(in, SIP_503_SERVICE_UNAVAILABLE, SIPTAG_RETRY_AFTER(after), TAG_END());
        return false;
    }
    return true;
}

/* Of one Call-ID only what is newer counts (§10.3 step 7). False: refused. */
static bool check_order(struct incoming *in, const char *user)
{
    const sip_t *sip = in->sip;
    const struct binding *binding = sip->sip_contact ? bindings_find(in->agent, user) : NULL;

    for (; binding; binding = binding->next) {
        bool is_meant = is_star(sip->sip_contact);
        for (const sip_contact_t *one = sip->sip_contact; one && !is_meant; one = one->m_next) {
            is_meant = url_cmp_all(one->m_url, binding->target) == 0;
        }
        if (is_meant && strcmp(binding->call_id, sip->sip_call_id->i_id) == 0 &&
            sip->sip_cseq->cs_seq <= binding->cseq) {
            respond(in, 500, "CSeq Out of Order", TAG_END());
            return false;
        }
    }
    return true;
}

/* Those to be added, so that memory runs out before anything has changed. */
static bool make_bindings(const struct incoming *in, struct binding **listp)
{
    struct binding **last = listp;
    for (const sip_contact_t *one = in->sip->sip_contact; one; one = one->m_next) {
        unsigned expires = expires_of(in, one);
        if (expires > 0) {
            *last = binding_create(in, one, expires);
            if (!*last) {
                return false;
            }
            last = &(*last)->next;
        }
    }
    return true;
}

static int carry_out(struct incoming *in, const char *user, struct binding *list)
{
    int error = 0;
    for (const sip_contact_t *one = in->sip->sip_contact; one; one = one->m_next) {
        if (expires_of(in, one) == 0) {
            bindings_remove(in->agent, user, is_star(one) ? NULL : one->m_url);
        }
    }
    while (list && !error) {
        struct binding *next = list->next;
        error = bindings_add(in->agent, user, list);
        list = next;
    }
    bindings_free(list);
    return error;
}

/* Step 8: all that there is. */
static void tell_bindings(struct incoming *in, const char *user)
{
    su_home_t *home = msg_home(in->msg);
    sip_contact_t *contacts = NULL, **last = &contacts;
    const struct binding *binding = bindings_find(in->agent, user);

    for (; binding; binding = binding->next) {
        const char *text = su_sprintf(home, "<%s>;q=%u.%03u;expires=%u",
                                      url_as_string(home, binding->target), binding->q / 1000,
                                      binding->q % 1000, binding_seconds_left(in->agent, binding));
        *last = text ? sip_contact_make(home, text) : NULL;
        if (!*last) {
            respond(in, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
            return;
        }
        last = &(*last)->m_next;
    }
    respond(in, SIP_200_OK, SIPTAG_CONTACT(contacts), SIPTAG_DATE(sip_date_create(home, 0)),
            SIPTAG_ALLOW(in->agent->allow), SIPTAG_SUPPORTED(in->agent->supported), TAG_END());
}

void register_receive(struct incoming *in)
{
    const char *user;
    struct binding *list = NULL;

    if (!check_owner(in, &user) || !check_contacts(in) || !check_order(in, user)) {
        return;
    }
    if (!make_bindings(in, &list)) {
        bindings_free(list);
        respond(in, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
    } else if (carry_out(in, user, list)) {
        respond(in, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
    } else {
        tell_bindings(in, user);
    }
}
