/* REFER (RFC 3515): somebody wants something done by a conference (RFC 4579 §5.5, §5.11). */
#include "sip/refer.h"
#include "sip/agent.h"
#include "sip/caller.h"
#include "sip/dialog.h"
#include "sip/message.h"
#include "sip/receive.h"
#include "sip/subscription.h"

#include <sofia-sip/sip_extra.h>
#include <sofia-sip/su_string.h>
#include <stdio.h>

/* Of a header that may be there once, the parser keeps the others, and broken ones, here. */
static bool has_bad(const sip_t *sip, msg_hclass_t *class)
{
    for (const msg_error_t *error = sip->sip_error; error; error = error->er_next) {
        if (error->er_common->h_class == class) {
            return true;
        }
    }
    return false;
}

/* RFC 3515 §2.4.2 and RFC 3892 §2.1. False: refused. */
static bool check_refer(struct incoming *in, const struct dialog *dialog)
{
    const sip_t *sip = in->sip;

    if (!sip->sip_refer_to || has_bad(sip, sip_refer_to_class)) {
        respond(in, 400, "One Refer-To, Please", TAG_END());
        return false;
    }
    if (has_bad(sip, sip_referred_by_class)) {
        respond(in, 400, "Bad Referred-By Header", TAG_END());
        return false;
    }
    return check_contact(in, !dialog);
}

/* RFC 4488. */
bool refer_is_silent(const sip_t *sip)
{
    const sip_refer_sub_t *wish = sip_refer_sub(sip);
    return wish && su_casematch(wish->rs_value, "false");
}

static bool read_reference(struct incoming *in, const struct dialog *dialog,
                           struct reference *reference)
{
    const sip_t *sip = in->sip;
    const sip_refer_to_t *to = sip->sip_refer_to;
    su_home_t *home = msg_home(in->msg);

    *reference = (struct reference){
        .call = dialog ? dialog_call(dialog) : NULL,
        .referred_by = sip->sip_referred_by
                           ? sip_header_as_string(home, (const sip_header_t *)sip->sip_referred_by)
                           : "",
    };
    if (refer_is_many(sip)) {
        if (!refer_list_read(in, reference)) {
            return false;
        }
    } else if (reference_read(home, to->r_url, to->r_params, to->r_display, reference)) {
        respond(in, reference->code, reference->reason, TAG_END());
        return false;
    }
    if (!reference->referred_by || call_info_read(&reference->from, home, in)) {
        respond(in, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
        return false;
    }
    return true;
}

/* The second REFER in a dialog and those after it are told apart (RFC 3515 §2.4.6). The dialog is
 * made when there is none. */
static struct referral *begin(struct incoming *in, struct dialog *dialog,
                              const struct reference *reference)
{
    char id[16];
    struct referral *referral = NULL;

    if (dialog || !dialog_create(in, reference->from.requested_user, &dialog)) {
        (void)snprintf(id, sizeof id, "%u", (unsigned)in->sip->sip_cseq->cs_seq);
        referral = referral_create(dialog, dialog->is_referred ? id : NULL);
        dialog->is_referred = true;
        if (!referral) {
            dialog_release(dialog);
        }
    }
    return referral;
}

static void refuse(struct incoming *in, const struct reference *reference)
{
    respond(in, reference->code, phrase_of(reference->code, reference->reason), TAG_END());
}

static void accept_silently(struct incoming *in, struct dialog *dialog,
                            const struct reference *reference)
{
    const sip_contact_t *contact =
        dialog ? dialog->contact
               : contact_make(in->agent, msg_home(in->msg), reference->from.requested_user, true,
                              in->tport, in->sip->sip_request->rq_url);
    respond(in, SIP_202_ACCEPTED, SIPTAG_CONTACT(contact), SIPTAG_HEADER_STR("Refer-Sub: false"),
            SIPTAG_SUPPORTED(in->agent->supported), TAG_END());
}

static void accept_refer(struct incoming *in, const struct reference *reference, bool is_new)
{
    struct subscription *subscription = referral_subscription(reference->referral);
    struct dialog *dialog = subscription->dialog;
    const struct sip_agent *agent = in->agent;

    subscription->is_pending = reference->is_pending;
    if (is_new) {
        sip_contact_t *contact =
            contact_make(in->agent, dialog->home, reference->from.requested_user, true, in->tport,
                         in->sip->sip_request->rq_url);
        dialog->contact = contact ? contact : dialog->contact;
    }
    respond_tagged(in, dialog->local->a_tag, SIP_202_ACCEPTED, SIPTAG_CONTACT(dialog->contact),
                   SIPTAG_ALLOW(agent->allow), SIPTAG_ALLOW_EVENTS(agent->allow_events),
                   SIPTAG_SUPPORTED(agent->supported), TAG_END());
    subscription_renew(subscription, reference->expires);
}

static void carry_out(struct incoming *in, struct dialog *dialog, struct reference *reference)
{
    const struct sip_agent *agent = in->agent;

    agent->events->on_refer(reference, agent->events_arg);
    if (reference->code != 202) {
        if (reference->referral) {
            referral_refuse(reference->referral);
        }
        refuse(in, reference);
        return;
    }
    if (dialog) {
        dialog_retarget(dialog, in->sip->sip_contact);
    }
    if (reference->referral) {
        accept_refer(in, reference, !dialog);
    } else {
        accept_silently(in, dialog, reference);
    }
}

void refer_receive(struct dialog *dialog, struct incoming *in)
{
    struct reference reference;
    char id[LOG_ID_SIZE];

    if (!check_refer(in, dialog) || !identify_in_dialog(in, dialog) ||
        !read_reference(in, dialog, &reference)) {
        return;
    }
    /* What becomes of several, no subscription could tell (RFC 5368 §5). */
    if (refer_is_silent(in->sip) || reference.recipients) {
        log_id_make(in->agent, id);
        reference.from.id = id;
        carry_out(in, dialog, &reference);
        return;
    }
    if (!subscription_has_room(in->agent, dialog)) {
        sip_retry_after_t after[1];
        sip_retry_after_init(after)->af_delta = RETRY_AFTER_FULL;
        respond(in, SIP_503_SERVICE_UNAVAILABLE, SIPTAG_RETRY_AFTER(after), TAG_END());
        return;
    }
    reference.referral = begin(in, dialog, &reference);
    if (!reference.referral) {
        respond(in, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
        return;
    }
    reference.from.id = referral_subscription(reference.referral)->id;
    carry_out(in, dialog, &reference);
}
