/* A new call: from the INVITE to its 200 (RFC 3261 §13.3). */
#include "sip/invite.h"
#include "sip/agent.h"
#include "sip/call.h"
#include "sip/dialog.h"
#include "sip/message.h"
#include "sip/offer.h"
#include "sip/receive.h"

#include "core/log.h"

#include <errno.h>

static void announce(struct call *call, const struct named_dialog *named)
{
    const struct call_info *info = &call->info;
    call_log(call, "incoming: %s (%s) calls %s@%s, Call-ID %s", info->caller.uri, info->caller.peer,
             info->requested_user, info->requested_host, call->dialog->call_id->i_id);
    /* Stops the phone's repetitions, however long a policy thinks (RFC 3261 §17.2.1). */
    invite_provisional(call, SIP_100_TRYING);
    call->info.names = named;
    call->agent->events->on_incoming(call, call->agent->events_arg);
    call->info.names = NULL;
}

/* RFC 5366 §3: who requires the extension has a list. False: refused. */
static bool check_list(struct incoming *in)
{
    if (in->recipients.count == 0 && sip_has_feature(in->sip->sip_require, RECIPIENT_LIST_INVITE)) {
        respond(in, 400, "Missing Recipient List", TAG_END());
        return false;
    }
    return true;
}

void invite_receive(struct incoming *in)
{
    const struct sdp_local any_address = {
        .codecs = in->agent->codecs,
        .codec_count = in->agent->codec_count,
        .direction = STREAM_SENDRECV,
    };
    struct sdp *offer = NULL;
    struct named_dialog named;
    bool is_named;

    if (!check_contact(in, true) || !bodies_read(in, NULL) || !check_list(in) || !check_body(in) ||
        !session_timer_check(in) || !named_dialog_read(in, &named, &is_named)) {
        return;
    }
    if (message_has_sdp(in->sip)) {
        offer = offer_read(in, &any_address);
        if (!offer) {
            return;
        }
    }
    struct call *call = call_create(in);
    if (!call) {
        sdp_free(offer);
        respond(in, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
        return;
    }
    call->offer = offer;
    call->recipients = in->recipients;
    in->recipients = (struct recipients){0};
    if (call->recipients.count > 0) {
        call->info.recipients = &call->recipients;
    }
    offer_remember(call, in->sip);
    call->info.has_offer = offer != NULL;
    call->info.family = offer ? sdp_family(offer) : msg_addr(in->msg)->su_family;
    session_timer_negotiate(call, in->sip);
    announce(call, is_named ? &named : NULL);
}

static int prepare_answer(struct call *call, const struct answer *how)
{
    struct terms *terms;
    int error = terms_create(call->agent, how, &terms);
    if (error) {
        return error;
    }
    terms_settle(call, terms);
    sip_contact_t *contact =
        contact_make(call->agent, call->dialog->home, terms->how.contact_user, terms->how.is_focus,
                     call->invite.tport, sip_object(call->invite.request)->sip_request->rq_url);
    if (!contact) {
        return ENOMEM;
    }
    call->dialog->contact = contact;
    return 0;
}

static void refuse_unanswerable(struct call *call, int error)
{
    int code = error == ENOMEM ? 500 : 488;
    call_warn(call, "no answer to the offer is possible: refused with %d", code);
    invite_refuse(call, code, sip_status_phrase(code), TAG_END());
    call_finish(call, code, sip_status_phrase(code));
}

/* Answers the offer, in a response that is to come; without one, makes our own. */
static int write_answer(struct call *call, const struct answer *how, char **bodyp)
{
    int error = prepare_answer(call, how);
    if (!error) {
        error =
            call->offer ? offer_answer(call, call->offer, bodyp) : offer_make(call, true, bodyp);
    }
    sdp_free(call->offer);
    call->offer = NULL;
    return error;
}

int invite_early(struct call *call, const struct answer *how)
{
    char *body = NULL;
    /* An offer of ours would have to come reliably (RFC 3261 §13.2.1). */
    if (!call->offer) {
        return EINVAL;
    }
    int error = write_answer(call, how, &body);
    if (error) {
        refuse_unanswerable(call, error);
        return 0;
    }
    call->invite.body = body;
    invite_provisional(call, SIP_183_SESSION_PROGRESS);
    if (call->session_changed) {
        call_later(call);
    }
    call_log(call, "answered early, with audio");
    return 0;
}

int invite_answer(struct call *call, const struct answer *how)
{
    /* What a 183 has said of media must be said again (RFC 3261 §13.2.1). */
    char *body = call->invite.body;
    bool offers = !call->offer && !body;
    int error = body ? prepare_answer(call, how) : write_answer(call, how, &body);
    if (error) {
        refuse_unanswerable(call, error);
        return 0;
    }
    call->invite.body = NULL; /* it is in `body` */
    if (how->rings) {
        invite_provisional(call, SIP_180_RINGING);
    }
    call->state = CALL_ANSWERED;
    invite_accept(call, body, offers);
    session_timer_restart(call);
    if (call->session_changed) {
        call_later(call);
    }
    call_log(call, "answered%s", offers ? ", with an offer of ours" : "");
    return 0;
}
