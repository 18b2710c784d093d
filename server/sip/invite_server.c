/*
 * Answering an INVITE, the first one or a later one, up to its ACK.
 *
 * Provisional and 2xx responses go out without a transaction of nta's, since the 2xx is repeated
 * by the user agent end to end until the ACK comes (RFC 3261 §13.3.1.4), a CANCEL after it still
 * gets its 200 (§9.2), and a BYE stops it. What is refused goes over to refusal.c.
 */
#include "sip/agent.h"
#include "sip/caller.h"
#include "sip/cascade.h"
#include "sip/invite.h"
#include "sip/message.h"
#include "sip/receive.h"

#include "core/log.h"

#include <errno.h>
#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/su_string.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PROVISIONAL_AGAIN = 60 * 1000 /* ms; §13.3.1.1: proxies cancel what nothing is heard of */
};

bool invite_is_pending(const struct call *call)
{
    return call->invite.request && call->invite.status < 200;
}

bool invite_awaits_ack(const struct call *call)
{
    return call->invite.request && call->invite.status >= 200;
}

bool invite_matches(const struct call *call, const sip_t *sip)
{
    return call->invite.cseq == sip->sip_cseq->cs_seq &&
           su_casematch(call->invite.branch, sip->sip_via->v_branch);
}

int invite_take(struct call *call, const struct incoming *in)
{
    struct invite_server *invite = &call->invite;
    char *branch = su_strdup(call->home, in->sip->sip_via->v_branch);
    invite_done(call);
    su_free(call->home, invite->branch);
    invite->branch = branch;
    invite->cseq = in->sip->sip_cseq->cs_seq;
    invite->request = msg_ref(in->msg);
    invite->tport = tport_ref(in->tport);
    invite->status = 0;
    return branch || !in->sip->sip_via->v_branch ? 0 : ENOMEM;
}

/* What stands in the response follows from the call alone, so a repetition is the same bytes. */
static void send_response(struct call *call)
{
    struct sip_agent *agent = call->agent;
    const struct invite_server *invite = &call->invite;
    bool is_ok = invite->status >= 200;
    bool has_tag = invite->status > 100;
    char header[CASCADE_HEADER];
    const char *cascade = is_ok ? cascade_header(call->terms, header) : NULL;

    nta_msg_treply(
        agent->nta, msg_ref(invite->request), invite->status, invite->phrase,
        NTATAG_TPORT(invite->tport), TAG_IF(has_tag, SIPTAG_TO(call->dialog->local_to)),
        TAG_IF(has_tag, SIPTAG_CONTACT(call->dialog->contact)), SIPTAG_SERVER(agent->server),
        TAG_IF(is_ok, SIPTAG_ALLOW(agent->allow)),
        TAG_IF(is_ok, SIPTAG_ALLOW_EVENTS(allow_events_of(agent, call->dialog->contact))),
        TAG_IF(is_ok, SIPTAG_ACCEPT(agent->accept_bodies)),
        TAG_IF(is_ok, SIPTAG_SUPPORTED(agent->supported)),
        TAG_IF(cascade, SIPTAG_HEADER_STR(cascade)),
        TAG_IF(is_ok && invite->require_timer, SIPTAG_REQUIRE_STR("timer")),
        TAG_IF(is_ok && invite->session_expires[0],
               SIPTAG_SESSION_EXPIRES_STR(invite->session_expires)),
        TAG_IF(invite->body, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
        TAG_IF(invite->body, SIPTAG_PAYLOAD_STR(invite->body)), TAG_END());
}

static void on_provisional_again(void *arg)
{
    struct call *call = arg;
    send_response(call);
    (void)loop_timer_start(call->agent->loop, &call->invite.resend, PROVISIONAL_AGAIN,
                           on_provisional_again, call);
}

void invite_provisional(struct call *call, int status, const char *phrase)
{
    struct invite_server *invite = &call->invite;
    invite->status = status;
    text_clean(invite->phrase, sizeof invite->phrase, phrase, false);
    send_response(call);
    if (status > 100) {
        (void)loop_timer_start(call->agent->loop, &invite->resend, PROVISIONAL_AGAIN,
                               on_provisional_again, call);
    }
}

void invite_again(struct call *call)
{
    if (call->invite.request && call->invite.status) {
        call->agent->resent++;
        send_response(call);
    }
}

static void on_resend(void *arg)
{
    struct call *call = arg;
    struct invite_server *invite = &call->invite;
    struct sip_agent *agent = call->agent;

    if (loop_now(agent->loop) >= invite->give_up) {
        invite_done(call);
        ack_missing(call);
        return;
    }
    invite_again(call);
    unsigned longest = SIP_T2 / SIP_T1 * agent->t1;
    invite->interval = 2 * invite->interval < longest ? 2 * invite->interval : longest;
    (void)loop_timer_start(agent->loop, &invite->resend, invite->interval, on_resend, call);
}

void invite_accept(struct call *call, char *body, bool offers)
{
    struct invite_server *invite = &call->invite;
    struct sip_agent *agent = call->agent;

    free(invite->body);
    invite->body = body;
    invite->offers = offers;
    invite->status = 200;
    invite->require_timer = call->timer.require;
    snprintf(invite->session_expires, sizeof invite->session_expires, "%s", call->timer.header);
    snprintf(invite->phrase, sizeof invite->phrase, "%s", sip_200_OK);
    send_response(call);
    invite->interval = agent->t1;
    invite->give_up = loop_now(agent->loop) + (uint64_t)T1_MULTIPLE * agent->t1;
    /* Without memory for the timer the peer's own repetitions still get the 200. */
    (void)loop_timer_start(agent->loop, &invite->resend, invite->interval, on_resend, call);
}

void invite_refuse(struct call *call, int status, const char *phrase, tag_type_t tag,
                   tag_value_t value, ...)
{
    struct incoming in = {
        .agent = call->agent,
        .msg = call->invite.request,
        .sip = sip_object(call->invite.request),
        .tport = call->invite.tport,
    };
    char clean[REASON_SIZE];
    text_clean(clean, sizeof clean, phrase, false);
    ta_list ta;
    ta_start(ta, tag, value);
    respond_tagged(&in, call->dialog->local->a_tag, status, clean, ta_tags(ta));
    ta_end(ta);
    invite_done(call);
}

void invite_done(struct call *call)
{
    struct invite_server *invite = &call->invite;
    loop_timer_stop(&invite->resend);
    if (invite->request) {
        msg_destroy(invite->request);
        invite->request = NULL;
    }
    if (invite->tport) {
        tport_unref(invite->tport);
        invite->tport = NULL;
    }
    free(invite->body);
    invite->body = NULL;
}
