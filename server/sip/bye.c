/* BYE, ours and the peer's (RFC 3261 §15). */
#include "sip/agent.h"
#include "sip/call.h"
#include "sip/dialog.h"
#include "sip/invite.h"
#include "sip/message.h"
#include "sip/offer.h"
#include "sip/receive.h"

#include "core/log.h"

static int on_bye_response(void *arg, nta_outgoing_t *request, const sip_t *sip)
{
    struct call *call = arg;
    if (!sip || sip->sip_status->st_status >= 200) {
        nta_outgoing_destroy(request);
        call->bye = NULL;
        call_finish(call, call->end_code, call->end_reason);
    }
    return 0;
}

void call_bye(struct call *call, int code, const char *reason, bool wait)
{
    char header[2 * REASON_SIZE + 64];

    call_want_end(call, code, reason);
    call->state = CALL_ENDING;
    invite_done(call);
    session_timer_stop(call);
    reinvite_stop(call);
    reason_write(header, sizeof header, call->end_code, call->end_reason);
    nta_outgoing_t *request = dialog_request(call->dialog, on_bye_response, call, SIP_METHOD_BYE, 0,
                                             SIPTAG_REASON_STR(header), TAG_END());
    if (!request || !wait) {
        /* Without us, nta goes on repeating it to the end. */
        nta_outgoing_destroy(request);
        call_finish(call, call->end_code, call->end_reason);
        return;
    }
    call->bye = request;
    call_debug(call, "BYE sent: %s", header);
}

void bye_receive(struct call *call, struct incoming *in)
{
    const sip_reason_t *reason = in->sip->sip_reason;

    if (invite_is_pending(call)) {
        invite_refuse(call, SIP_487_REQUEST_TERMINATED, TAG_END());
    }
    respond(in, SIP_200_OK, TAG_END());
    call_debug(call, "BYE received%s%s", reason ? ": cause " : "",
               reason && reason->re_cause ? reason->re_cause : "");
    call_finish(call, 0, "Bye");
}
