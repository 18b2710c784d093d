/* A re-INVITE: a new offer, a request for one of ours, a refresh (RFC 3261 §14.2). */
#include "sip/call.h"
#include "sip/cascade.h"
#include "sip/dialog.h"
#include "sip/invite.h"
#include "sip/message.h"
#include "sip/offer.h"
#include "sip/receive.h"

#include <errno.h>

/* False: refused, since something else is under way. */
static bool is_its_turn(struct call *call, struct incoming *in)
{
    if (call->state == CALL_INCOMING) {
        respond_later(in);
        return false;
    }
    if (call->state == CALL_ENDING) {
        respond(in, SIP_481_NO_CALL, TAG_END());
        return false;
    }
    /* One INVITE at a time in each direction (§14.1); before the ACK the last one is not over. */
    if (invite_awaits_ack(call) || reinvite_is_out(call)) {
        respond(in, SIP_491_REQUEST_PENDING, TAG_END());
        return false;
    }
    return true;
}

void reinvite_receive(struct call *call, struct incoming *in)
{
    struct sdp *offer = NULL;
    char *body = NULL;

    if (!is_its_turn(call, in) || !check_contact(in, false) || !bodies_read(in, NULL) ||
        !check_body(in) || !session_timer_check(in)) {
        return;
    }
    bool has_offer = message_has_sdp(in->sip);
    if (has_offer) {
        offer = offer_read(in, &call->local);
        if (!offer) {
            return;
        }
    }
    int error = invite_take(call, in);
    if (!error) {
        error = has_offer ? offer_answer(call, offer, &body) : offer_make(call, true, &body);
    }
    sdp_free(offer);
    if (error) {
        int code = error == ENOMEM ? 500 : 488;
        invite_refuse(call, code, sip_status_phrase(code), TAG_END());
        return;
    }
    if (has_offer) {
        offer_remember(call, in->sip);
    }
    dialog_retarget(call->dialog, in->sip->sip_contact);
    session_timer_negotiate(call, in->sip);
    invite_accept(call, body, !has_offer);
    session_timer_restart(call);
    call_emit_session(call);
    if (cascade_learn(call, in->sip) && call->state != CALL_ENDED) {
        call->agent->events->on_cascade(call, call->agent->events_arg);
    }
}
