/*
 * Calling somebody: our INVITE, from its target to its final answer (RFC 3261 §13.2).
 *
 * Each INVITE is a client transaction of nta's, which repeats it, tries the other addresses of a
 * name and acknowledges refusals. Several may follow each other in one call: with credentials, a
 * longer session, or to another target. Of a forked one the first 2xx counts; nta answers those of
 * the other branches with ACK and BYE.
 */
#include "sip/agent.h"
#include "sip/call.h"
#include "sip/caller.h"
#include "sip/cascade.h"
#include "sip/dialog.h"
#include "sip/instant.h"
#include "sip/invite.h"
#include "sip/message.h"
#include "sip/offer.h"
#include "sip/target.h"

#include "core/log.h"

#include <errno.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/su_string.h>
#include <stdio.h>
#include <stdlib.h>

static int on_response(void *arg, nta_outgoing_t *request, const sip_t *sip);

static int make_contact(struct call *call)
{
    static const url_t nowhere[1];
    const struct answer *how = call->terms ? &call->terms->how : NULL;
    sip_contact_t *contact = contact_make(call->agent, call->dialog->home,
                                          how ? how->contact_user : call->info.requested_user,
                                          how && how->is_focus, call->listener, nowhere);
    if (contact) {
        call->dialog->contact = contact;
    }
    return contact ? 0 : ENOMEM;
}

/* The next INVITE goes there. */
static int aim(struct call *call, const struct target *target)
{
    if (target->family != call->info.family) {
        return EAFNOSUPPORT; /* than that of the media which we offer */
    }
    call->listener = target->listener;
    return dialog_aim(call->dialog, target) ? ENOMEM : make_contact(call);
}

/* What goes with each of its INVITEs. ENOMEM. */
static int take_headers(struct call *call, const struct outgoing_call *outgoing)
{
    call->referred_by = su_strdup(call->home, outgoing->referred_by ? outgoing->referred_by : "");
    call->replaces = su_strdup(call->home, outgoing->replaces ? outgoing->replaces : "");
    return call->referred_by && call->replaces ? 0 : ENOMEM;
}

int invite_prepare(struct call *call, const struct outgoing_call *outgoing)
{
    const url_t *wanted = target_parse(call->home, outgoing->target);
    struct target target = {0};

    if (!wanted) {
        return EINVAL;
    }
    int error = outgoing->device && *outgoing->device
                    ? redirect_begin_at(&call->redirection, call->agent, call->home, wanted,
                                        outgoing->device)
                    : redirect_begin(&call->redirection, call->agent, call->home, wanted);
    if (!error) {
        error = take_headers(call, outgoing);
    }
    if (!error) {
        error = redirect_next(&call->redirection, &target);
    }
    if (!error) {
        error = dialog_begin(call->agent, wanted, outgoing, target.listener, &call->dialog);
    }
    if (!error) {
        call->dialog->call = call;
        error = caller_of_target(call, wanted, outgoing, target.family);
    }
    if (error) {
        return error;
    }
    call->timer.interval = call->agent->session_expires;
    return aim(call, &target);
}

static int send_invite(struct call *call)
{
    const struct sip_agent *agent = call->agent;
    const struct session_timer *timer = &call->timer;
    char expires[16], least[16], header[CASCADE_HEADER];
    const char *cascade = cascade_header(call->terms, header);

    if (++call->tries > TRIES_MAX) {
        return ELOOP;
    }
    snprintf(expires, sizeof expires, "%u", timer->interval);
    snprintf(least, sizeof least, "%u", timer->min_se);
    call->calling = dialog_request(
        call->dialog, on_response, call, SIP_METHOD_INVITE, 0,
        SIPTAG_CONTACT(call->dialog->contact), SIPTAG_ALLOW(agent->allow),
        SIPTAG_ALLOW_EVENTS(allow_events_of(agent, call->dialog->contact)),
        SIPTAG_ACCEPT(agent->accept), SIPTAG_SUPPORTED(agent->supported),
        TAG_IF(cascade, SIPTAG_HEADER_STR(cascade)),
        TAG_IF(*call->referred_by, SIPTAG_REFERRED_BY_STR(call->referred_by)),
        TAG_IF(*call->replaces, SIPTAG_REPLACES_STR(call->replaces)),
        TAG_IF(*call->replaces, SIPTAG_REQUIRE_STR("replaces")),
        TAG_IF(timer->interval, SIPTAG_SESSION_EXPIRES_STR(expires)),
        TAG_IF(timer->min_se, SIPTAG_MIN_SE_STR(least)), SIPTAG_CONTENT_TYPE_STR("application/sdp"),
        SIPTAG_PAYLOAD_STR(call->sent_sdp), TAG_END());
    return call->calling ? 0 : EHOSTUNREACH;
}

int invite_call(struct call *call, const struct answer *offer)
{
    char *body = NULL;
    struct terms *terms = NULL;
    int error = terms_create(call->agent, offer, &terms);
    if (!error) {
        terms_settle(call, terms);
        error = make_contact(call);
    }
    if (!error) {
        error = offer_make(call, true, &body);
        free(body); /* it is in call->sent_sdp */
    }
    if (!error) {
        error = send_invite(call);
    }
    if (error) {
        call_finish(call, 503, "Cannot Be Called");
        return 0;
    }
    call_log(call, "outgoing: %s is called, Call-ID %s", call->info.caller.uri,
             call->dialog->call_id->i_id);
    return 0;
}

static void on_unheard(void *arg)
{
    struct call *call = arg;
    call_log(call, "its INVITE is cancelled, and gets no final answer");
    call_finish(call, call->end_code, call->end_reason);
}

void invite_cancel(struct call *call)
{
    char header[2 * REASON_SIZE + 64];

    if (!call->calling) {
        call_finish(call, call->end_code, call->end_reason);
        return;
    }
    call->state = CALL_CANCELLING;
    reason_write(header, sizeof header, call->end_code, call->end_reason);
    /* nta holds it back until there was a 1xx (§9.1). A 487 must not be relied on (ibid.); without
     * memory for the timer nta's own, which is longer, ends it. */
    (void)loop_timer_start(call->agent->loop, &call->unheard,
                           (uint64_t)T1_MULTIPLE * call->agent->t1, on_unheard, call);
    (void)nta_outgoing_tcancel(call->calling, NULL, NULL, SIPTAG_REASON_STR(header),
                               SIPTAG_USER_AGENT(call->agent->user_agent), TAG_END());
    call_debug(call, "CANCEL: %s", header);
}

/* ---- what comes back ------------------------------------------------------------------------ */

/* Of several phones that ring, that which said so last. */
static void note_early_tag(struct call *call, const char *tag)
{
    const char *copy = su_strdup(call->home, tag ? tag : "");
    if (!copy) {
        return;
    }
    call->info.dialog.remote_tag = copy;
    for (unsigned i = 0; i < call->early_tag_count; i++) {
        if (su_casematch(call->early_tags[i], copy)) {
            return;
        }
    }
    if (*copy && call->early_tag_count < EARLY_TAGS) {
        call->early_tags[call->early_tag_count++] = copy;
    }
}

static void progress(struct call *call, const sip_t *sip)
{
    const struct sip_agent *agent = call->agent;
    char phrase[REASON_SIZE];

    if (call->state == CALL_CALLING && sip->sip_status->st_status > 100) {
        text_clean(phrase, sizeof phrase, sip->sip_status->st_phrase, false);
        call_debug(call, "progress: %d %s", sip->sip_status->st_status, phrase);
        note_early_tag(call, sip->sip_to->a_tag);
        agent->events->on_progress(call, sip->sip_status->st_status, phrase, agent->events_arg);
    }
}

/* §13.2.2.4. */
static void answered(struct call *call, nta_outgoing_t *request, const sip_t *sip)
{
    const struct sip_agent *agent = call->agent;
    bool is_wanted = call->state == CALL_CALLING;

    if (dialog_confirm(call->dialog, request, sip) || caller_answered(call, request, sip)) {
        call_finish(call, 500, "Out of Memory");
        return;
    }
    instant_learn(call, sip);
    (void)cascade_learn(call, sip);
    dialog_acknowledge(call->dialog, sip);
    call->state = CALL_ESTABLISHED;
    if (!is_wanted) { /* it has crossed our CANCEL */
        call_bye(call, call->end_code, call->end_reason, true);
        return;
    }
    session_timer_agree(call, sip);
    if (offer_answered(call, sip)) {
        call_bye(call, 488, "No Usable Answer To Our Offer", true);
        return;
    }
    call_log(call, "answered by %s", call->info.caller.uri);
    call_emit_session(call);
    if (call->state == CALL_ESTABLISHED) {
        agent->events->on_established(call, agent->events_arg);
    }
    reinvite_proceed(call);
}

static bool try_next(struct call *call)
{
    struct target target;
    while (redirect_next(&call->redirection, &target) == 0) {
        call->dialog->challenges = NULL;
        if (aim(call, &target) == 0 && send_invite(call) == 0) {
            call_log(call, "redirected to %s", url_as_string(call->home, target.uri));
            return true;
        }
    }
    return false;
}

/* §8.1.3.5, §8.1.3.4: whether there is something else to try. */
static bool try_again(struct call *call, const sip_t *sip)
{
    switch (sip->sip_status->st_status) {
    case 401:
    case 407:
        if (digest_challenged(call->dialog, sip)) {
            return send_invite(call) == 0;
        }
        break;
    case 422:
        if (session_timer_lengthen(call, sip)) {
            return send_invite(call) == 0;
        }
        break;
    case 300:
    case 301:
    case 302:
        if (!redirect_take(&call->redirection, sip)) {
            call_log(call, "no new URI in the redirection, or it is one too many");
        }
        break;
    default:
        if (sip->sip_status->st_status >= 600) {
            return false; /* nowhere else either (§21.6) */
        }
        break;
    }
    return try_next(call);
}

static int on_response(void *arg, nta_outgoing_t *request, const sip_t *sip)
{
    struct call *call = arg;
    int status = sip ? sip->sip_status->st_status : 408;

    if (status < 200) {
        progress(call, sip);
        return 0;
    }
    call->calling = NULL;
    if (status < 300) {
        answered(call, request, sip);
    } else if (!sip || call->state != CALL_CALLING || !try_again(call, sip)) {
        call_finish(call, status, sip ? sip->sip_status->st_phrase : sip_408_Request_timeout);
    }
    nta_outgoing_destroy(request);
    return 0;
}
