/*
 * A REFER of ours (RFC 3515 §2.4.1, RFC 4579 §5.7): somebody is asked to call a conference, and
 * says by NOTIFY how that goes. It follows challenges and redirections as an INVITE of ours does.
 *
 * Of a forked REFER the first to answer counts; the other subscriptions end with a 481.
 */
#include "sip/agent.h"
#include "sip/caller.h"
#include "sip/dialog.h"
#include "sip/invite.h"
#include "sip/message.h"
#include "sip/receive.h"
#include "sip/refer.h"
#include "sip/target.h"

#include "core/log.h"

#include <errno.h>
#include <sofia-sip/su_string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ERRANDS_MAX = 1000 }; /* at a time */

struct errand {
    struct dialog *dialog;
    su_home_t home[1];
    char id[LOG_ID_SIZE];
    struct redirection redirection;
    const char *referred_by, *to; /* for the header, and for the log; on home */
    const char *conference;       /* user part of our Contact and of Refer-To; on home */
    unsigned tries;               /* REFERs since the last 2xx */
    nta_outgoing_t *request;      /* not answered yet */
    struct referral *referral;    /* is told; NULL: nobody wants to know */
    struct loop_timer *patience;
};

static int on_response(void *arg, nta_outgoing_t *request, const sip_t *sip);

/* Frees without a word. */
static void errand_free(struct errand *errand)
{
    struct dialog *dialog = errand->dialog;

    loop_timer_stop(&errand->patience);
    nta_outgoing_destroy(errand->request);
    if (dialog) {
        dialog->errand = NULL;
        dialog->agent->errand_count--;
        dialog_release(dialog);
    }
    su_home_deinit(errand->home);
    free(errand);
}

/* It is over, with this outcome. */
static void finish(struct errand *errand, int code, const char *reason)
{
    char phrase[REASON_SIZE];

    text_clean(phrase, sizeof phrase, reason ? reason : "", false);
    log_write(LOG_LEVEL_INFO, errand->conference, errand->id,
              "%s was referred to the conference: %d %s", errand->to, code, phrase);
    if (errand->referral) {
        referral_report(errand->referral, code, phrase);
    }
    errand_free(errand);
}

void errand_close(struct errand *errand)
{
    finish(errand, SIP_503_SERVICE_UNAVAILABLE);
}

static void on_no_answer(void *arg)
{
    finish(arg, SIP_408_REQUEST_TIMEOUT);
}

/* ---- the request ---------------------------------------------------------------------------- */

static int aim(struct errand *errand, const struct target *target)
{
    static const url_t nowhere[1];
    struct dialog *dialog = errand->dialog;

    if (dialog_aim(dialog, target)) {
        return ENOMEM;
    }
    sip_contact_t *contact = contact_make(dialog->agent, dialog->home, errand->conference, true,
                                          target->listener, nowhere);
    dialog->contact = contact;
    return contact ? 0 : ENOMEM;
}

static int send_refer(struct errand *errand)
{
    struct dialog *dialog = errand->dialog;
    const struct sip_agent *agent = dialog->agent;
    sip_refer_to_t to[1];

    if (++errand->tries > TRIES_MAX) {
        return ELOOP;
    }
    sip_refer_to_init(to);
    *to->r_url = *dialog->contact->m_url;
    errand->request =
        dialog_request(dialog, on_response, errand, SIP_METHOD_REFER, 0,
                       SIPTAG_CONTACT(dialog->contact), SIPTAG_REFER_TO(to),
                       TAG_IF(*errand->referred_by, SIPTAG_REFERRED_BY_STR(errand->referred_by)),
                       SIPTAG_ALLOW(agent->allow), SIPTAG_ALLOW_EVENTS(agent->allow_events),
                       SIPTAG_ACCEPT_STR("application/sdp, message/sipfrag"),
                       SIPTAG_SUPPORTED(agent->supported), TAG_END());
    return errand->request ? 0 : EHOSTUNREACH;
}

static int prepare(struct errand *errand, struct sip_agent *agent,
                   const struct outgoing_refer *refer)
{
    su_home_t *home = errand->home;
    const struct outgoing_call *call = &refer->call;
    const url_t *wanted = target_parse(home, call->target);
    struct target target = {0};

    if (!wanted) {
        return EINVAL;
    }
    errand->referred_by = su_strdup(home, call->referred_by ? call->referred_by : "");
    errand->to = target_spell(home, wanted);
    errand->conference = su_strdup(home, call->conference);
    if (!errand->referred_by || !errand->to || !errand->conference) {
        return ENOMEM;
    }
    int error = redirect_begin(&errand->redirection, agent, home, wanted);
    if (!error) {
        error = redirect_next(&errand->redirection, &target);
    }
    if (!error) {
        error = dialog_begin(agent, wanted, call, target.listener, &errand->dialog);
    }
    if (!error) {
        errand->dialog->errand = errand;
        agent->errand_count++;
        error = aim(errand, &target);
    }
    return error;
}

int errand_begin(void *ctx, const struct outgoing_refer *refer)
{
    struct sip_agent *agent = ctx;
    struct errand *errand;

    if (agent->errand_count >= ERRANDS_MAX) {
        return EAGAIN;
    }
    errand = calloc(1, sizeof *errand);
    if (!errand) {
        return ENOMEM;
    }
    su_home_init(errand->home);
    log_id_make(agent, errand->id);
    int error = prepare(errand, agent, refer);
    if (!error) {
        error =
            loop_timer_start(agent->loop, &errand->patience, refer->timeout, on_no_answer, errand);
    }
    if (!error) {
        error = send_refer(errand);
    }
    if (error) {
        errand_free(errand);
        return error;
    }
    errand->referral = refer->referral;
    log_write(LOG_LEVEL_INFO, refer->call.conference, errand->id,
              "%s is asked to call the conference, Call-ID %s", errand->to,
              errand->dialog->call_id->i_id);
    return 0;
}

/* ---- its answer ----------------------------------------------------------------------------- */

static bool try_next(struct errand *errand)
{
    struct target target;
    while (redirect_next(&errand->redirection, &target) == 0) {
        errand->dialog->challenges = NULL;
        if (aim(errand, &target) == 0 && send_refer(errand) == 0) {
            return true;
        }
    }
    return false;
}

/* RFC 3261 §8.1.3.5, §8.1.3.4. */
static bool try_again(struct errand *errand, const sip_t *sip)
{
    int status = sip->sip_status->st_status;

    if (status == 401 || status == 407) {
        if (digest_challenged(errand->dialog, sip)) {
            return send_refer(errand) == 0;
        }
    } else if (status >= 300 && status <= 302) {
        (void)redirect_take(&errand->redirection, sip);
    } else if (status >= 600) {
        return false;
    }
    return try_next(errand);
}

static void accepted(struct errand *errand, nta_outgoing_t *request, const sip_t *sip)
{
    int status = sip->sip_status->st_status;

    if (dialog_confirm(errand->dialog, request, sip)) {
        finish(errand, SIP_500_INTERNAL_SERVER_ERROR);
    } else if (refer_is_silent(sip)) {
        finish(errand, status, sip->sip_status->st_phrase);
    } else if (errand->referral) {
        referral_tell(errand->referral, status, sip->sip_status->st_phrase);
    }
}

static int on_response(void *arg, nta_outgoing_t *request, const sip_t *sip)
{
    struct errand *errand = arg;
    int status = sip ? sip->sip_status->st_status : 408;

    if (status < 200) {
        return 0;
    }
    errand->request = NULL;
    if (status < 300) {
        accepted(errand, request, sip);
    } else if (!sip || !try_again(errand, sip)) {
        finish(errand, status, sip ? sip->sip_status->st_phrase : sip_408_Request_timeout);
    }
    nta_outgoing_destroy(request);
    return 0;
}

/* ---- NOTIFY (RFC 6665 §4.1.3) --------------------------------------------------------------- */

/* The status line that the body begins with (RFC 3515 §2.4.5). 0: there is none. */
static int read_status(const sip_t *sip, char *phrase, size_t size)
{
    const sip_payload_t *body = sip->sip_payload;
    char line[REASON_SIZE];
    int status = 0, at = 0;

    (void)snprintf(line, sizeof line, "%.*s", body ? (int)body->pl_len : 0,
                   body ? body->pl_data : "");
    line[strcspn(line, "\r\n")] = '\0';
    if (sscanf(line, "SIP/2.0 %3d %n", &status, &at) != 1 || at == 0 || status < 100 ||
        status > 699) {
        return 0;
    }
    (void)snprintf(phrase, size, "%s", line + at);
    return status;
}

static bool check_notify(struct incoming *in)
{
    const sip_t *sip = in->sip;
    const sip_content_type_t *type = sip->sip_content_type;

    if (!sip->sip_event || !su_casematch(sip->sip_event->o_type, "refer")) {
        respond(in, SIP_489_BAD_EVENT, SIPTAG_ALLOW_EVENTS(in->agent->allow_events), TAG_END());
        return false;
    }
    if (!sip->sip_subscription_state) {
        respond(in, 400, "Missing Subscription-State Header", TAG_END());
        return false;
    }
    if (sip->sip_payload && !(type && su_casematch(type->c_type, "message/sipfrag"))) {
        respond(in, SIP_415_UNSUPPORTED_MEDIA, SIPTAG_ACCEPT_STR("message/sipfrag"), TAG_END());
        return false;
    }
    return true;
}

void notify_receive(struct dialog *dialog, struct incoming *in)
{
    struct errand *errand = dialog ? dialog->errand : NULL;
    struct call *call = dialog ? dialog_call(dialog) : NULL;
    char phrase[REASON_SIZE];

    if (!errand && !(call && transfer_is_meant(call, in->sip))) {
        respond(in, SIP_481_NO_CALL, TAG_END());
        return;
    }
    if (!check_notify(in)) {
        return;
    }
    int status = read_status(in->sip, phrase, sizeof phrase);
    bool is_last = su_casematch(in->sip->sip_subscription_state->ss_substate, "terminated");
    dialog_retarget(dialog, in->sip->sip_contact);
    respond_tagged(in, dialog->local->a_tag, SIP_200_OK, TAG_END());
    if (!errand) {
        transfer_told(call, status, phrase, is_last);
    } else if (status >= 200) {
        finish(errand, status, phrase);
    } else if (is_last) { /* it has been accepted, and more will never be known */
        finish(errand, SIP_202_ACCEPTED);
    }
}
