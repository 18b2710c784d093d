/* Where every request arrives that is in no transaction of nta's: to which dialog, or to none. */
#include "sip/receive.h"
#include "sip/agent.h"
#include "sip/call.h"
#include "sip/caller.h"
#include "sip/dialog.h"
#include "sip/invite.h"
#include "sip/message.h"

#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/su_string.h>
#include <string.h>

/* nta looks behind the seventh character of a branch without asking whether there is one. */
enum { BRANCH_LEAST = 7 };

/* The response goes to where the request came from. A maddr, meant for multicast, would let the
 * peer choose another place, even one that cannot be sent to; nta aborts over such a thing. */
static void drop_maddr(sip_t *sip)
{
    if (sip->sip_via->v_maddr) {
        msg_header_remove_param(sip->sip_via->v_common, "maddr");
    }
}

static bool has_usable_branch(const sip_t *sip)
{
    const char *branch = sip->sip_via->v_branch;
    return !branch || strlen(branch) >= BRANCH_LEAST;
}

/* A method that the library has not heard of. */
static bool is_initiate(const sip_t *sip)
{
    return strcmp(sip->sip_request->rq_method_name, INITIATE) == 0;
}

static void receive_for_call(struct call *call, struct incoming *in)
{
    switch (in->sip->sip_request->rq_method) {
    case sip_method_invite:
        reinvite_receive(call, in);
        break;
    case sip_method_update:
        update_receive(call, in);
        break;
    case sip_method_info:
        info_receive(call, in);
        break;
    default: /* check_request lets no other pass */
        bye_receive(call, in);
        break;
    }
}

/* RFC 3261 §12.2.2. */
static void receive_in_dialog(struct incoming *in)
{
    sip_method_t method = in->sip->sip_request->rq_method;
    struct dialog *dialog = dialog_find(in->agent, in->sip);
    if (!dialog && method == sip_method_notify) {
        dialog = dialog_begun_by_notify(in->agent, in->sip);
    }
    struct call *call = dialog ? dialog_call(dialog) : NULL;

    if (method == sip_method_ack) {
        if (call) {
            ack_receive(call, in);
        }
        return;
    }
    if (!call && (!dialog || !(dialog->subscriptions || dialog->errand))) {
        respond(in, SIP_481_NO_CALL, TAG_END());
        return;
    }
    if (call && method == sip_method_invite && invite_matches(call, in->sip)) {
        invite_again(call);
        return;
    }
    if (in->sip->sip_cseq->cs_seq < dialog->remote_cseq) {
        respond(in, 500, "CSeq Out of Order", TAG_END());
        return;
    }
    dialog->remote_cseq = in->sip->sip_cseq->cs_seq;
    if (!check_request(in)) {
        return;
    }
    dialog_heard(dialog, in);
    if (method == sip_method_subscribe) {
        subscribe_receive(dialog, in);
    } else if (is_initiate(in->sip)) {
        initiate_receive(dialog, in);
    } else if (method == sip_method_refer) {
        refer_receive(dialog, in);
    } else if (method == sip_method_notify) {
        notify_receive(dialog, in);
    } else if (method == sip_method_message) {
        instant_receive(dialog, in);
    } else if (method == sip_method_options) {
        options_receive(dialog, in);
    } else if (method == sip_method_register) {
        respond(in, 400, "Not In A Dialog", TAG_END());
    } else if (call) {
        receive_for_call(call, in);
    } else {
        respond(in, SIP_481_NO_CALL, TAG_END());
    }
}

static void receive_first(struct incoming *in)
{
    sip_method_t method = in->sip->sip_request->rq_method;

    if (method == sip_method_ack) {
        return;
    }
    if (method == sip_method_invite) {
        struct dialog *dialog = dialog_of_first_request(in->agent, in->sip);
        /* What is over is no transaction under way: a refused one is refusal.c's. */
        if (dialog && dialog->call && dialog->call->state == CALL_ENDED) {
            dialog = NULL;
        }
        if (dialog && dialog->call &&
            su_casematch(dialog->first_branch, in->sip->sip_via->v_branch)) {
            invite_again(dialog->call);
            return;
        }
        if (dialog) {
            respond(in, 482, "Request Merged", TAG_END()); /* RFC 3261 §8.2.2.2 */
            return;
        }
    }
    /* What is relayed must not come back as if somebody else had said it. */
    if ((method == sip_method_invite || method == sip_method_message) &&
        dialog_is_looped(in->agent, in->sip)) {
        respond(in, SIP_482_LOOP_DETECTED, TAG_END());
        return;
    }
    if (!check_request(in) || !identify(in)) {
        return;
    }
    if (method == sip_method_invite) {
        invite_receive(in);
    } else if (method == sip_method_options) {
        options_receive(NULL, in);
    } else if (method == sip_method_subscribe) {
        subscribe_receive(NULL, in);
    } else if (is_initiate(in->sip)) {
        initiate_receive(NULL, in);
    } else if (method == sip_method_refer) {
        refer_receive(NULL, in);
    } else if (method == sip_method_message) {
        instant_receive(NULL, in);
    } else if (method == sip_method_register) {
        register_receive(in);
    } else {
        respond(in, SIP_481_NO_CALL, TAG_END()); /* BYE, UPDATE without dialog */
    }
}

static void dispatch(struct incoming *in)
{
    const sip_t *sip = in->sip;
    sip_method_t method = sip->sip_request->rq_method;

    if (!has_usable_branch(sip)) {
        if (method != sip_method_ack) {
            nta_msg_treply(in->agent->nta, msg_ref(in->msg), 400, "Bad Via Branch",
                           NTATAG_TPORT(in->tport), SIPTAG_SERVER(in->agent->server), TAG_END());
        }
    } else if (refusal_receive(in)) {
        return;
    } else if (method == sip_method_cancel) {
        cancel_receive(in);
    } else if (sip->sip_to->a_tag) {
        receive_in_dialog(in);
    } else {
        receive_first(in);
    }
}

int receive_message(struct sip_agent *agent, nta_agent_t *nta, msg_t *msg, sip_t *sip)
{
    struct incoming in = {.agent = agent, .msg = msg, .sip = sip};

    /* Of a response to nothing there is nothing to be made, and a source port 0 is forged: no
     * response can be sent there. */
    if (sip->sip_request && msg_addr(msg)->su_port != 0) {
        in.tport = nta_incoming_transport(nta, NULL, msg);
        drop_maddr(sip);
        dispatch(&in);
        tport_unref(in.tport);
        recipients_clear(&in.recipients);
    }
    msg_destroy(msg);
    return 0;
}
