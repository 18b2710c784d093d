/* What the phones send, and how they wait for the answer. */
#include "doctor/private.h"

#include <sofia-sip/nta_tag.h>
#include <stdlib.h>
#include <string.h>

enum { TRIES = 3 /* without a password, with one, and with a fresh nonce */ };

/* ---- one transaction ------------------------------------------------------------------------ */

static int on_response(struct exchange *exchange, nta_outgoing_t *orq, const sip_t *sip)
{
    int status = sip ? sip->sip_status->st_status : 408;
    /* What the library makes up for want of an answer is none. */
    if (sip && !nta_sip_is_internal(sip)) {
        msg_t *msg = nta_outgoing_getresponse(orq);
        msg_destroy(exchange->msg);
        exchange->msg = msg;
        exchange->sip = sip_object(msg);
    } else {
        exchange->sip = NULL;
    }
    exchange->is_over = status >= 200;
    return 0;
}

static struct exchange *exchange_create(struct phone *phone)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange) {
        exchange->next = phone->exchanges;
        phone->exchanges = exchange;
    }
    return exchange;
}

static bool allows_contact(sip_method_t method)
{
    return method != sip_method_bye && method != sip_method_ack;
}

static msg_t *write_request(const struct line *line, sip_method_t method, const char *name,
                            uint32_t cseq)
{
    msg_t *msg = nta_msg_create(line->phone->nta, 0);
    su_home_t *home = msg ? msg_home(msg) : NULL;
    sip_t *sip = msg ? sip_object(msg) : NULL;
    sip_request_t *request =
        msg ? sip_request_create(home, method, name, (const url_string_t *)line->target, NULL)
            : NULL;
    sip_cseq_t *number = msg ? sip_cseq_create(home, cseq, method, name) : NULL;
    if (!request || !number ||
        msg_header_insert(msg, (msg_pub_t *)sip, (msg_header_t *)request) < 0 ||
        sip_add_tl(
            msg, sip, SIPTAG_FROM(line->local), SIPTAG_TO(line->remote),
            SIPTAG_CALL_ID(line->call_id), SIPTAG_CSEQ(number), SIPTAG_ROUTE(line->route),
            SIPTAG_MAX_FORWARDS_STR("70"), SIPTAG_USER_AGENT_STR("Parley-doctor/" PARLEY_VERSION),
            TAG_IF(allows_contact(method), SIPTAG_CONTACT(line->phone->contact)), TAG_END()) < 0) {
        msg_destroy(msg);
        return NULL;
    }
    return msg;
}

nta_outgoing_t *line_send(struct line *line, struct exchange *exchange, sip_method_t method,
                          const char *name, uint32_t cseq, tagi_t const *tags,
                          const sip_t *challenged)
{
    msg_t *msg = write_request(line, method, name, cseq);
    sip_t *sip = msg ? sip_object(msg) : NULL;
    if (!msg || sip_add_tagis(msg, sip, &tags) < 0 ||
        (challenged && !credentials_add(line->phone, msg, sip, challenged))) {
        msg_destroy(msg);
        return NULL;
    }
    nta_outgoing_t *orq = nta_outgoing_mcreate(line->phone->nta, exchange ? on_response : NULL,
                                               exchange, NULL, msg, TAG_END());
    if (!orq) {
        msg_destroy(msg);
    }
    return orq;
}

static bool is_challenge(const struct line *line, const sip_t *sip)
{
    int status = status_of(sip);
    return line->phone->has_account && (status == 401 || status == 407);
}

/* Whether the password was right, and only the nonce too old (RFC 7616 §3.3). */
static bool is_stale(const sip_t *sip)
{
    const msg_auth_t *challenge =
        sip->sip_www_authenticate ? sip->sip_www_authenticate : sip->sip_proxy_authenticate;
    const char *stale = challenge ? msg_params_find(challenge->au_params, "stale=") : NULL;
    return stale && su_casematch(stale, "true");
}

/* The exchange with its final response, or without one. NULL: it could not be sent. */
static struct exchange *transact(struct line *line, sip_method_t method, const char *name,
                                 tagi_t const *tags)
{
    struct doctor *doctor = line->phone->doctor;
    const sip_t *challenged = NULL;
    struct exchange *exchange = NULL;
    for (int i = 0; i < TRIES; i++) {
        struct exchange *next = exchange_create(line->phone);
        if (!next) {
            return exchange;
        }
        next->orq = line_send(line, next, method, name, ++line->cseq, tags, challenged);
        if (!next->orq) {
            return exchange;
        }
        exchange = next;
        if (method == sip_method_invite) {
            line->invite = exchange;
        }
        uint64_t deadline = doctor_deadline(doctor);
        while (!exchange->is_over && doctor_step(doctor, deadline)) {
        }
        if (!exchange->is_over || !is_challenge(line, exchange->sip) ||
            (challenged && !is_stale(exchange->sip))) {
            break;
        }
        challenged = exchange->sip;
    }
    return exchange;
}

static const sip_t *final_of(const struct exchange *exchange)
{
    return exchange && exchange->is_over ? exchange->sip : NULL;
}

const sip_t *line_request(struct line *line, sip_method_t method, const char *name, tag_type_t tag,
                          tag_value_t value, ...)
{
    if (!line) {
        return NULL;
    }
    ta_list ta;
    ta_start(ta, tag, value);
    const sip_t *reply = final_of(transact(line, method, name, ta_args(ta)));
    ta_end(ta);
    if (is_success(reply)) {
        line_learn(line, reply, false);
    }
    return reply;
}

/* ---- calls ---------------------------------------------------------------------------------- */

const sip_t *line_invite(struct line *line, enum stream_direction direction, tag_type_t tag,
                         tag_value_t value, ...)
{
    if (!line || (line->rtp < 0 && line_open_media(line))) {
        return NULL;
    }
    bool is_first = line->call != CALL_UP;
    line->call = is_first ? CALL_BEGUN : CALL_UP;
    const char *offer = line_offer(line, direction);
    ta_list ta;
    ta_start(ta, tag, value);
    bool has_body = tl_find(ta_args(ta), siptag_payload_str) != NULL;
    tagi_t const tags[] = {{TAG_IF(!has_body, SIPTAG_CONTENT_TYPE_STR("application/sdp"))},
                           {TAG_IF(!has_body, SIPTAG_PAYLOAD_STR(offer))},
                           {SIPTAG_ALLOW_STR("INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, "
                                             "SUBSCRIBE, NOTIFY, UPDATE")},
                           {SIPTAG_SUPPORTED_STR("replaces, join, norefersub")},
                           {TAG_NEXT(ta_args(ta))}};
    const sip_t *reply = final_of(transact(line, SIP_METHOD_INVITE, tags));
    ta_end(ta);
    if (is_success(reply)) {
        line_learn(line, reply, false);
        line->call = CALL_UP;
        (void)line_take_answer(line, direction, reply);
        nta_outgoing_destroy(line->ack);
        /* Kept, so that the library repeats it for a repeated 200. */
        line->ack = line_send(line, NULL, SIP_METHOD_ACK, line->cseq, NULL, NULL);
    } else if (is_first && reply) {
        line->call = CALL_OVER;
    }
    return reply;
}

const sip_t *line_invite_offerless(struct line *line)
{
    if (!line || line_open_media(line)) {
        return NULL;
    }
    line->call = CALL_BEGUN;
    const sip_t *reply = final_of(transact(line, SIP_METHOD_INVITE, NULL));
    if (is_success(reply)) {
        line_learn(line, reply, false);
        line->call = CALL_UP;
        const char *answer = line_reply_sdp(line, reply);
        tagi_t const tags[] = {{TAG_IF(answer, SIPTAG_CONTENT_TYPE_STR("application/sdp"))},
                               {TAG_IF(answer, SIPTAG_PAYLOAD_STR(answer))},
                               {TAG_END()}};
        line->ack = line_send(line, NULL, SIP_METHOD_ACK, line->cseq, tags, NULL);
    }
    return reply;
}

const sip_t *phone_call(struct phone *phone, const url_t *uri, struct line **linep)
{
    *linep = line_create(phone, uri);
    return line_invite(*linep, STREAM_SENDRECV, TAG_END());
}

const sip_t *line_bye(struct line *line)
{
    line->call = CALL_OVER;
    return line_request(line, SIP_METHOD_BYE, TAG_END());
}

/* ---- others --------------------------------------------------------------------------------- */

const sip_t *line_subscribe(struct line *line, const char *event, unsigned expires)
{
    static const char both[] = "application/conference-info+xml, application/dialog-info+xml";
    if (!line) {
        return NULL;
    }
    const char *accept = strcmp(event, "conference") == 0 ? "application/conference-info+xml"
                         : strcmp(event, "dialog") == 0   ? "application/dialog-info+xml"
                                                          : both;
    const sip_t *reply = line_request(line, SIP_METHOD_SUBSCRIBE, SIPTAG_EVENT_STR(event),
                                      SIPTAG_EXPIRES_STR(su_sprintf(line->home, "%u", expires)),
                                      SIPTAG_ACCEPT_STR(accept), TAG_END());
    line->event = expires > 0 && is_success(reply) ? event : NULL;
    return reply;
}

const sip_t *line_refer(struct line *line, const char *refer_to, tag_type_t tag, tag_value_t value,
                        ...)
{
    if (!line) {
        return NULL;
    }
    ta_list ta;
    ta_start(ta, tag, value);
    const sip_t *reply =
        line_request(line, SIP_METHOD_REFER, SIPTAG_REFER_TO_STR(refer_to),
                     SIPTAG_REFERRED_BY_STR(su_sprintf(line->home, "<%s>", line->phone->uri)),
                     SIPTAG_ACCEPT_STR("application/sdp, message/sipfrag"), ta_tags(ta));
    ta_end(ta);
    return reply;
}

const sip_t *phone_ask(struct phone *phone, const url_t *uri, sip_method_t method, const char *name,
                       tag_type_t tag, tag_value_t value, ...)
{
    struct line *line = line_create(phone, uri);
    if (!line) {
        return NULL;
    }
    ta_list ta;
    ta_start(ta, tag, value);
    const sip_t *reply = line_request(line, method, name, ta_tags(ta));
    ta_end(ta);
    return reply;
}
