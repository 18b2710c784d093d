/* CANCEL (RFC 3261 §9.2) of an INVITE that is not refused yet. */
#include "sip/call.h"
#include "sip/dialog.h"
#include "sip/invite.h"
#include "sip/message.h"
#include "sip/receive.h"

#include "core/log.h"

void cancel_receive(struct incoming *in)
{
    const struct dialog *dialog = in->sip->sip_to->a_tag
                                      ? dialog_find(in->agent, in->sip)
                                      : dialog_of_first_request(in->agent, in->sip);
    struct call *call = dialog ? dialog->call : NULL;

    if (!call || call->state == CALL_ENDED || !invite_matches(call, in->sip)) {
        respond(in, SIP_481_NO_TRANSACTION, TAG_END());
        return;
    }
    /* The tag is that of the responses to the INVITE. */
    respond_tagged(in, call->dialog->local->a_tag, SIP_200_OK, TAG_END());
    if (call->state == CALL_INCOMING) {
        invite_refuse(call, SIP_487_REQUEST_CANCELLED, TAG_END());
        call_finish(call, 487, "Cancelled");
    }
}
