/* What the phones answer by themselves: calls are taken, everything else gets its 200. */
#include "doctor/private.h"

#include <stdlib.h>
#include <string.h>

static struct arrival *note(struct phone *phone, struct line *line, msg_t *msg, const sip_t *sip)
{
    struct arrival *arrival = calloc(1, sizeof *arrival);
    struct arrival **end = &phone->arrivals;
    if (!arrival) {
        return NULL;
    }
    *arrival = (struct arrival){.line = line, .msg = msg_ref(msg), .sip = sip};
    while (*end) {
        end = &(*end)->next;
    }
    *end = arrival;
    return arrival;
}

/* The ACK, or that it did not come. */
static int acknowledged(struct line *line, nta_incoming_t *irq, const sip_t *sip)
{
    if (line->invited == irq && (!sip || sip->sip_request->rq_method == sip_method_ack)) {
        if (sip && sip->sip_payload) {
            (void)line_take_answer(line, STREAM_SENDRECV, sip);
        }
        line->invited = NULL;
        nta_incoming_destroy(irq);
    }
    return 0;
}

/* The call that a Replaces names (RFC 3891 §3), when it is one of this phone's. */
static struct line *replaced_by(const struct phone *phone, const sip_t *sip)
{
    const sip_replaces_t *replaces = sip->sip_replaces;
    for (struct line *line = replaces ? phone->lines : NULL; line; line = line->next) {
        const char *remote = line_remote_tag(line);
        if (line->call == CALL_UP && strcmp(line->call_id->i_id, replaces->rp_call_id) == 0 &&
            replaces->rp_to_tag && su_casematch(line_tag(line), replaces->rp_to_tag) && remote &&
            replaces->rp_from_tag && su_casematch(remote, replaces->rp_from_tag)) {
            return line;
        }
    }
    return NULL;
}

/* Hangs up without waiting for the answer: this is within the loop. */
static void hang_up(struct line *line)
{
    line->call = CALL_OVER;
    nta_outgoing_destroy(line_send(line, NULL, SIP_METHOD_BYE, ++line->cseq, NULL, NULL));
}

static void take_call(struct line *line, nta_incoming_t *irq, const sip_t *sip)
{
    bool is_first = line->call == CALL_NONE;
    const char *body = NULL;
    if (line->rtp >= 0 || line_open_media(line) == 0) {
        body = sip->sip_payload ? line_reply_sdp(line, sip) : line_offer(line, STREAM_SENDRECV);
    }
    if (!body) {
        nta_incoming_treply(irq, SIP_488_NOT_ACCEPTABLE, TAG_END());
        nta_incoming_destroy(irq);
        return;
    }
    struct line *replaced = is_first ? replaced_by(line->phone, sip) : NULL;
    line->call = CALL_UP;
    if (line->invited) { /* whose ACK has not come: it must not outlive the line */
        nta_incoming_destroy(line->invited);
    }
    line->invited = irq;
    nta_incoming_bind(irq, acknowledged, line);
    nta_incoming_treply(
        irq, SIP_200_OK, SIPTAG_CONTACT(line->phone->contact),
        SIPTAG_ALLOW_STR("INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, UPDATE"),
        SIPTAG_SUPPORTED_STR("replaces"), SIPTAG_CONTENT_TYPE_STR("application/sdp"),
        SIPTAG_PAYLOAD_STR(body), TAG_END());
    if (replaced) {
        hang_up(replaced);
    }
}

static void receive_invite(struct line *line, nta_incoming_t *irq, const sip_t *sip)
{
    int refuses = line->phone->refuses;
    if (refuses && line->call == CALL_NONE) {
        nta_incoming_treply(irq, refuses, sip_status_phrase(refuses), TAG_END());
        nta_incoming_destroy(irq);
    } else {
        take_call(line, irq, sip);
    }
}

/* A final answer to what is no INVITE. */
static void answer(struct line *line, nta_incoming_t *irq, const sip_t *sip)
{
    switch (sip->sip_request->rq_method) {
    case sip_method_bye:
        line->call = CALL_OVER;
        nta_incoming_treply(irq, SIP_200_OK, TAG_END());
        break;
    case sip_method_refer:
        nta_incoming_treply(irq, SIP_202_ACCEPTED, SIPTAG_CONTACT(line->phone->contact), TAG_END());
        break;
    case sip_method_notify:
        if (notify_is_last(sip) && sip->sip_event && line->event &&
            su_casematch(sip->sip_event->o_type, line->event)) {
            line->event = NULL;
        }
        nta_incoming_treply(irq, SIP_200_OK, SIPTAG_CONTACT(line->phone->contact), TAG_END());
        break;
    case sip_method_options:
    case sip_method_update:
    case sip_method_info:
    case sip_method_message:
        nta_incoming_treply(irq, SIP_200_OK, SIPTAG_CONTACT(line->phone->contact), TAG_END());
        break;
    default:
        nta_incoming_treply(irq, SIP_501_NOT_IMPLEMENTED, TAG_END());
        break;
    }
    nta_incoming_destroy(irq);
}

static bool begins_dialog(sip_method_t method)
{
    return method == sip_method_invite || method == sip_method_refer ||
           method == sip_method_options || method == sip_method_message;
}

int phone_receive(struct phone *phone, nta_agent_t *nta, msg_t *msg, sip_t *sip)
{
    /* Responses to nothing, and ACKs of what was refused. */
    if (!sip->sip_request || sip->sip_request->rq_method == sip_method_ack || !sip->sip_to ||
        !sip->sip_from) {
        msg_destroy(msg);
        return 0;
    }
    sip_method_t method = sip->sip_request->rq_method;
    struct line *line = sip->sip_to->a_tag      ? line_find(phone, sip)
                        : begins_dialog(method) ? line_answer(phone, sip)
                                                : NULL;
    nta_incoming_t *irq = nta_incoming_create(nta, NULL, msg_ref(msg), sip, TAG_END());
    if (irq && line && note(phone, line, msg, sip)) {
        nta_incoming_tag(irq, line_tag(line));
        if (method == sip_method_notify) {
            line_learn(line, sip, true);
        }
        if (method == sip_method_invite) {
            receive_invite(line, irq, sip);
        } else {
            answer(line, irq, sip);
        }
    } else if (irq) {
        nta_incoming_treply(irq, SIP_481_NO_TRANSACTION, TAG_END());
        nta_incoming_destroy(irq);
    }
    msg_destroy(msg);
    return 0;
}
