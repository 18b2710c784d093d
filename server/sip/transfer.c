/*
 * A call is asked to call somebody else instead: a REFER in its dialog (RFC 3515 §2.4.1; the blind
 * transfer of RFC 5589 §6), whose NOTIFYs say how that goes. The call stays as it is; who has asked
 * ends it.
 */
#include "sip/agent.h"
#include "sip/call.h"
#include "sip/caller.h"
#include "sip/dialog.h"
#include "sip/invite.h"
#include "sip/target.h"

#include "core/log.h"

#include <errno.h>
#include <stdlib.h>

static int on_response(void *arg, nta_outgoing_t *request, const sip_t *sip);

void transfer_forget(struct call *call)
{
    struct transfer *transfer = &call->transfer;

    loop_timer_stop(&transfer->patience);
    nta_outgoing_destroy(transfer->request);
    transfer->request = NULL;
    transfer->is_under_way = false;
}

static void finish(struct call *call, int code, const char *reason)
{
    const struct sip_agent *agent = call->agent;
    char phrase[REASON_SIZE];

    text_clean(phrase, sizeof phrase, reason ? reason : "", false);
    transfer_forget(call);
    log_write(LOG_LEVEL_INFO, NULL, call->id, "was asked to call %s: %d %s", call->transfer.target,
              code, phrase);
    if (call->state == CALL_ESTABLISHED) {
        agent->events->on_transferred(call, code, phrase, agent->events_arg);
    }
}

static void on_no_answer(void *arg)
{
    finish(arg, SIP_408_REQUEST_TIMEOUT);
}

/* RFC 3892 §2.1: who asks is the URI that was called. */
static int send_refer(struct call *call)
{
    struct transfer *transfer = &call->transfer;
    const struct dialog *dialog = call->dialog;
    const struct sip_agent *agent = call->agent;
    su_home_t *home = call->home;
    char *to = su_sprintf(home, "<%s>", transfer->target);
    char *by = su_sprintf(home, "<" URL_PRINT_FORMAT ">", URL_PRINT_ARGS(dialog->local->a_url));

    if (to && by && ++transfer->tries <= TRIES_MAX) {
        transfer->request = dialog_request(call->dialog, on_response, call, SIP_METHOD_REFER, 0,
                                           SIPTAG_CONTACT(dialog->contact), SIPTAG_REFER_TO_STR(to),
                                           SIPTAG_REFERRED_BY_STR(by), SIPTAG_ALLOW(agent->allow),
                                           SIPTAG_ACCEPT_STR("application/sdp, message/sipfrag"),
                                           SIPTAG_SUPPORTED(agent->supported), TAG_END());
        transfer->cseq = dialog->local_cseq;
    }
    su_free(home, to);
    su_free(home, by);
    return transfer->request ? 0 : EHOSTUNREACH;
}

int transfer_begin(struct call *call, const char *target, unsigned timeout)
{
    struct transfer *transfer = &call->transfer;
    const url_t *url = target_parse(call->home, target);

    if (!url) {
        return EINVAL;
    }
    if (call->state != CALL_ESTABLISHED || transfer->is_under_way) {
        return EBUSY;
    }
    su_free(call->home, transfer->target);
    transfer->target = su_strdup(call->home, target_spell(call->home, url));
    transfer->tries = 0;
    int error = transfer->target ? loop_timer_start(call->agent->loop, &transfer->patience, timeout,
                                                    on_no_answer, call)
                                 : ENOMEM;
    if (!error) {
        error = send_refer(call);
    }
    transfer->is_under_way = !error;
    if (error) {
        transfer_forget(call);
    }
    return error;
}

/* A 2xx makes the subscription, and what comes of it is told by NOTIFY. */
static int on_response(void *arg, nta_outgoing_t *request, const sip_t *sip)
{
    struct call *call = arg;
    int status = sip ? sip->sip_status->st_status : 408;

    if (status < 200) {
        return 0;
    }
    call->transfer.request = NULL;
    bool is_challenged = (status == 401 || status == 407) && sip &&
                         digest_challenged(call->dialog, sip) && send_refer(call) == 0;
    if (status < 300) {
        dialog_retarget(call->dialog, sip->sip_contact);
    } else if (!is_challenged) {
        finish(call, status, sip ? sip->sip_status->st_phrase : sip_408_Request_timeout);
    }
    nta_outgoing_destroy(request);
    return 0;
}

/* RFC 3515 §2.4.6: of several REFERs in a dialog the CSeq says which. */
bool transfer_is_meant(const struct call *call, const sip_t *sip)
{
    const char *id = sip->sip_event ? sip->sip_event->o_id : NULL;

    return call->transfer.is_under_way && (!id || strtoul(id, NULL, 10) == call->transfer.cseq);
}

void transfer_told(struct call *call, int status, const char *phrase, bool is_last)
{
    if (status >= 200) {
        finish(call, status, phrase);
    } else if (is_last) { /* RFC 3515 §2.4.5 wants a final status: without one it is no success */
        finish(call, 500, "The phone has not said how it went");
    }
}
