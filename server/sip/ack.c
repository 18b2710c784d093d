/* The ACK of a 200 of ours, or its absence (RFC 3261 §13.3.1.4). */
#include "sip/call.h"
#include "sip/dialog.h"
#include "sip/invite.h"
#include "sip/offer.h"
#include "sip/receive.h"

#include "core/log.h"

void ack_receive(struct call *call, struct incoming *in)
{
    const struct sip_agent *agent = call->agent;
    bool offers = call->invite.offers;
    bool is_first = call->state == CALL_ANSWERED;

    if (!invite_awaits_ack(call) || call->invite.cseq != in->sip->sip_cseq->cs_seq) {
        return; /* one more of an ACK that was here already */
    }
    dialog_heard(call->dialog, in);
    invite_done(call);
    if (is_first) {
        call->state = CALL_ESTABLISHED;
    }
    if (call->state != CALL_ESTABLISHED) {
        return;
    }
    if (call->end_wanted) {
        call_bye(call, call->end_code, call->end_reason, true);
        return;
    }
    if (offers && offer_answered(call, in->sip)) {
        call_bye(call, 488, "No Usable Answer To Our Offer", true);
        return;
    }
    call_emit_session(call);
    if (is_first && call->state == CALL_ESTABLISHED) {
        agent->events->on_established(call, agent->events_arg);
    }
    reinvite_proceed(call);
}

void ack_missing(struct call *call)
{
    call_warn(call, "no ACK came for our 200");
    call_bye(call, 408, "No ACK", false);
}
