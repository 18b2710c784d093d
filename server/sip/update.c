/* UPDATE: a new offer or a refresh, without an ACK to wait for (RFC 3311). */
#include "sip/call.h"
#include "sip/dialog.h"
#include "sip/invite.h"
#include "sip/message.h"
#include "sip/offer.h"
#include "sip/receive.h"

#include <errno.h>
#include <stdlib.h>

/* RFC 3311 §5.2. */
static bool is_its_turn(struct call *call, struct incoming *in, bool has_offer)
{
    if (call->state == CALL_ENDING) {
        respond(in, SIP_481_NO_CALL, TAG_END());
        return false;
    }
    if (!has_offer) {
        return true;
    }
    if (call->state == CALL_INCOMING) {
        respond_later(in);
        return false;
    }
    if ((invite_awaits_ack(call) && call->invite.offers) || reinvite_is_out(call)) {
        respond(in, SIP_491_REQUEST_PENDING, TAG_END());
        return false;
    }
    return true;
}

static void accept_update(struct call *call, struct incoming *in, const char *body)
{
    const struct sip_agent *agent = call->agent;
    const struct session_timer *timer = &call->timer;

    session_timer_negotiate(call, in->sip);
    respond(in, SIP_200_OK, SIPTAG_CONTACT(call->dialog->contact), SIPTAG_ALLOW(agent->allow),
            SIPTAG_ACCEPT(agent->accept), SIPTAG_SUPPORTED(agent->supported),
            TAG_IF(timer->require, SIPTAG_REQUIRE_STR("timer")),
            TAG_IF(timer->header[0], SIPTAG_SESSION_EXPIRES_STR(timer->header)),
            TAG_IF(body, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
            TAG_IF(body, SIPTAG_PAYLOAD_STR(body)), TAG_END());
    if (call->state != CALL_INCOMING) {
        session_timer_restart(call);
    }
}

void update_receive(struct call *call, struct incoming *in)
{
    bool has_offer = message_has_sdp(in->sip);
    char *body = NULL;

    if (!is_its_turn(call, in, has_offer) || !check_contact(in, false) || !check_body(in) ||
        !session_timer_check(in)) {
        return;
    }
    if (has_offer) {
        struct sdp *offer = offer_read(in, &call->local);
        if (!offer) {
            return;
        }
        int error = offer_answer(call, offer, &body);
        sdp_free(offer);
        if (error) {
            int code = error == ENOMEM ? 500 : 488;
            respond(in, code, sip_status_phrase(code), TAG_END());
            return;
        }
        offer_remember(call, in->sip);
    }
    dialog_retarget(call->dialog, in->sip->sip_contact);
    accept_update(call, in, body);
    free(body);
    call_emit_session(call);
}
