/*
 * Changing a session ourselves: by re-INVITE (RFC 3261 §14.1), and by UPDATE when nothing but the
 * session timer is to be refreshed (RFC 4028 §7.4, RFC 3311).
 *
 * One request is out at a time. What the focus wants meanwhile, or before the ACK of the peer's own
 * INVITE, waits; of several wishes the last counts. What is refused leaves all as it was.
 */
#include "sip/agent.h"
#include "sip/call.h"
#include "sip/caller.h"
#include "sip/cascade.h"
#include "sip/dialog.h"
#include "sip/invite.h"
#include "sip/message.h"
#include "sip/offer.h"

#include "core/log.h"

#include <errno.h>
#include <sofia-sip/su_uniqueid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GLARE_UNIT = 10,   /* ms; RFC 3261 §14.1: 0 to 2 s in units of 10 ms when the */
    GLARE_UNITS = 200, /* Call-ID is the peer's, 2.1 to 4 s when it is ours */
    GLARE_OWN_FIRST = 210,
    GLARE_OWN_LAST = 400,
    RETRY_AFTER_LONGEST = 60, /* s that a peer may put us off */
    PATIENCE = 80,            /* T1: longer than a transaction waits for a first response (64) */
};

static int on_response(void *arg, nta_outgoing_t *request, const sip_t *sip);

/* A phone may ask its user first (RFC 3261 §14.2); nothing else can be changed meanwhile. */
static void on_no_answer(void *arg)
{
    struct call *call = arg;
    (void)nta_outgoing_tcancel(call->change.request, NULL, NULL,
                               SIPTAG_USER_AGENT(call->agent->user_agent), TAG_END());
}

/* ---- sending -------------------------------------------------------------------------------- */

/* `body` NULL: an UPDATE. */
static nta_outgoing_t *send_request(struct call *call, const sip_contact_t *contact,
                                    const char *body)
{
    const struct sip_agent *agent = call->agent;
    const struct session_timer *timer = &call->timer;
    char expires[40], least[16], header[CASCADE_HEADER];
    const char *cascade = body ? cascade_header(call->change.proposed, header) : NULL;

    snprintf(expires, sizeof expires, "%u;refresher=%s", timer->interval,
             timer->we_refresh ? "uac" : "uas");
    snprintf(least, sizeof least, "%u", timer->min_se);
    call->change.offers = body != NULL;
    call->change.request = dialog_request(
        call->dialog, on_response, call, body ? sip_method_invite : sip_method_update,
        body ? "INVITE" : "UPDATE", 0, SIPTAG_CONTACT(contact), SIPTAG_ALLOW(agent->allow),
        SIPTAG_SUPPORTED(agent->supported),
        TAG_IF(body, SIPTAG_ALLOW_EVENTS(allow_events_of(agent, contact))),
        TAG_IF(body, SIPTAG_ACCEPT(agent->accept)), TAG_IF(cascade, SIPTAG_HEADER_STR(cascade)),
        TAG_IF(timer->interval, SIPTAG_SESSION_EXPIRES_STR(expires)),
        TAG_IF(timer->interval && timer->min_se, SIPTAG_MIN_SE_STR(least)),
        TAG_IF(body, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
        TAG_IF(body, SIPTAG_PAYLOAD_STR(body)), TAG_END());
    if (call->change.request && body) {
        (void)loop_timer_start(call->agent->loop, &call->change.timer, PATIENCE * agent->t1,
                               on_no_answer, call);
    }
    return call->change.request;
}

static bool is_free(const struct call *call)
{
    return call->state == CALL_ESTABLISHED && !invite_awaits_ack(call) && !call->change.request;
}

bool reinvite_is_out(const struct call *call)
{
    return call->change.request && call->change.offers;
}

/* The offer of a refresh is word for word our last description, so that nothing changes (RFC 4028
 * §7.4), unless that was refused. */
static int repeat_offer(struct call *call, char **bodyp)
{
    if (call->is_sent_void) {
        return offer_make(call, false, bodyp);
    }
    *bodyp = strdup(call->sent_sdp);
    return *bodyp ? 0 : ENOMEM;
}

bool reinvite_refresh(struct call *call)
{
    char *body = NULL;
    if (!is_free(call) || (!call->timer.peer_updates && repeat_offer(call, &body))) {
        return false;
    }
    nta_outgoing_t *request = send_request(call, call->dialog->contact, body);
    free(body);
    return request != NULL;
}

/* ---- what the focus wants ------------------------------------------------------------------- */

static void on_timer(void *arg)
{
    reinvite_proceed(arg);
}

static void try_in(struct call *call, uint64_t ms)
{
    /* Without memory for the timer it is tried when the next request of the dialog is over. */
    (void)loop_timer_start(call->agent->loop, &call->change.timer, ms, on_timer, call);
}

int reinvite_update(struct call *call, const struct answer *how)
{
    struct change *change = &call->change;
    struct terms *terms = NULL;

    if (!how ||
        (call->state != CALL_CALLING && call->state != CALL_ANSWERED &&
         call->state != CALL_ESTABLISHED) ||
        call->end_wanted || !call->terms) {
        return EINVAL;
    }
    int error = terms_create(call->agent, how, &terms);
    if (error) {
        return error;
    }
    terms_free(change->wanted);
    change->wanted = terms;
    change->tries = 0;
    if (!change->timer) {
        try_in(call, 0);
    }
    return 0;
}

/* What was proposed is not agreed on. */
static void withdraw(struct call *call)
{
    terms_apply(call, call->terms);
    call->is_sent_void = true;
}

static void tell(struct call *call, int code, const char *reason)
{
    const struct sip_agent *agent = call->agent;
    char phrase[REASON_SIZE];
    if (call->state == CALL_ESTABLISHED && !call->change.wanted) {
        text_clean(phrase, sizeof phrase, reason, false);
        agent->events->on_updated(call, code, phrase, agent->events_arg);
    }
}

static sip_contact_t *contact_by(const struct call *call, su_home_t *home,
                                 const struct terms *terms)
{
    return contact_rename(home, call->dialog->contact, terms->how.contact_user,
                          terms->how.is_focus);
}

static int propose(struct call *call, struct terms *terms)
{
    char *body = NULL;
    sip_contact_t *contact = contact_by(call, terms->home, terms);
    if (!contact) {
        return ENOMEM;
    }
    terms_apply(call, terms);
    /* Without another choice of codecs, what is in use is to stay so. */
    call->local.reorders = strcmp(terms->how.codecs, call->terms->how.codecs) != 0;
    int error = offer_make(call, false, &body);
    call->local.reorders = false;
    if (!error && !send_request(call, contact, body)) {
        error = EHOSTUNREACH;
    }
    free(body);
    if (error) {
        withdraw(call);
    }
    return error;
}

void reinvite_proceed(struct call *call)
{
    struct change *change = &call->change;
    struct terms *terms = change->wanted;

    if (!terms || change->timer || !is_free(call)) {
        return;
    }
    change->wanted = NULL;
    change->proposed = terms;
    int error = propose(call, terms);
    if (error) {
        change->proposed = NULL;
        terms_free(terms);
        call_warn(call, "no re-INVITE is possible: %s", strerror(error));
        tell(call, error == ENOMEM ? 500 : error == ENOTSUP ? 488 : 503, "Cannot Be Changed");
    }
}

void reinvite_stop(struct call *call)
{
    loop_timer_stop(&call->change.timer);
    terms_free(call->change.wanted);
    call->change.wanted = NULL;
}

void reinvite_forget(struct call *call)
{
    nta_outgoing_destroy(call->change.request);
    call->change.request = NULL;
    terms_free(call->change.proposed);
    call->change.proposed = NULL;
}

/* ---- what comes back ------------------------------------------------------------------------ */

/* They are in force, and under their name we are known from now on. */
static void settle(struct call *call, struct terms *terms)
{
    struct dialog *dialog = call->dialog;
    sip_contact_t *contact = contact_by(call, dialog->home, terms);
    /* Without memory for it the peer knows us by a name that we will not repeat. */
    if (contact) {
        su_free(dialog->home, dialog->contact);
        dialog->contact = contact;
    }
    terms_settle(call, terms);
}

static void accepted(struct call *call, const sip_t *sip)
{
    struct terms *proposed = call->change.proposed;

    call->change.proposed = NULL;
    dialog_retarget(call->dialog, sip->sip_contact);
    session_timer_agree(call, sip);
    if (proposed) {
        settle(call, proposed);
    }
    if (call->change.offers && offer_answered(call, sip)) {
        call_bye(call, 488, "No Usable Answer To Our Offer", true);
        return;
    }
    call_debug(call, "session %s, timer %u s", proposed ? "changed" : "refreshed",
               call->timer.interval);
    call_emit_session(call);
    if (proposed) {
        tell(call, SIP_200_OK);
    }
}

/* §14.1. */
static uint64_t glare_pause(const struct call *call)
{
    int units = call->info.is_outgoing ? su_randint(GLARE_OWN_FIRST, GLARE_OWN_LAST)
                                       : su_randint(0, GLARE_UNITS);
    return (uint64_t)units * GLARE_UNIT;
}

/* Whether what was refused in this way may well be accepted in `*pausep` ms. */
static bool may_pass_later(struct call *call, const sip_t *sip, uint64_t *pausep)
{
    *pausep = 0;
    switch (sip->sip_status->st_status) {
    case 491:
        *pausep = glare_pause(call);
        return true;
    case 401:
    case 407:
        return digest_challenged(call->dialog, sip);
    case 422:
        return session_timer_lengthen(call, sip);
    default:
        break;
    }
    if (!sip->sip_retry_after || sip->sip_retry_after->af_delta > RETRY_AFTER_LONGEST) {
        return false;
    }
    *pausep = sip->sip_retry_after->af_delta * 1000;
    return true;
}

static void change_refused(struct call *call, struct terms *proposed, const sip_t *sip)
{
    struct change *change = &call->change;
    uint64_t pause;

    withdraw(call);
    if (change->wanted || ++change->tries > TRIES_MAX || !may_pass_later(call, sip, &pause)) {
        terms_free(proposed);
        call_log(call, "the re-INVITE is refused: %d %s", sip->sip_status->st_status,
                 sip->sip_status->st_phrase);
        tell(call, sip->sip_status->st_status, sip->sip_status->st_phrase);
        return;
    }
    change->wanted = proposed;
    try_in(call, pause);
}

static void refresh_refused(struct call *call, const sip_t *sip)
{
    uint64_t pause;

    if (++call->tries > TRIES_MAX) {
        call_bye(call, 408, "Session Refresh Failed", false);
    } else if (may_pass_later(call, sip, &pause)) {
        session_timer_retry(call, pause);
    } else {
        session_timer_refused(call, sip, !call->change.offers);
    }
}

static void refused(struct call *call, const sip_t *sip)
{
    struct terms *proposed = call->change.proposed;
    int status = sip ? sip->sip_status->st_status : 408;

    call->change.proposed = NULL;
    /* §12.2.1.2: the dialog is no more. */
    if (status == 408 || status == 481) {
        terms_free(proposed);
        call_bye(call, 408, "Session Refresh Failed", false);
    } else if (proposed) {
        change_refused(call, proposed, sip);
    } else {
        refresh_refused(call, sip);
    }
}

static int on_response(void *arg, nta_outgoing_t *request, const sip_t *sip)
{
    struct call *call = arg;
    int status = sip ? sip->sip_status->st_status : 408;

    if (status < 200) {
        return 0;
    }
    call->change.request = NULL;
    if (call->change.offers) {
        loop_timer_stop(&call->change.timer);
    }
    if (call->change.offers && status < 300) {
        dialog_acknowledge(call->dialog, sip);
    }
    if (call->state == CALL_ESTABLISHED) { /* else it has crossed our BYE */
        if (status < 300) {
            accepted(call, sip);
        } else {
            refused(call, sip);
        }
        reinvite_proceed(call);
    }
    nta_outgoing_destroy(request);
    return 0;
}
