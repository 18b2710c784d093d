/*
 * Session timers (RFC 4028): both ends refresh the session in time, or the call is over.
 *
 * Who refreshes is settled with every 2xx to an INVITE or UPDATE. We refresh by UPDATE where the
 * peer takes it, else by a re-INVITE with our last offer; a peer that knows no timers is refreshed
 * all the same, so that a phone that has gone away is noticed.
 */
#include "sip/sip_private.h"

#include "core/log.h"

#include <sofia-sip/su_string.h>
#include <sofia-sip/su_uniqueid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BYE_MARGIN_MAX = 32 * 1000, /* ms before the expiration, when the peer refreshes; §10 */
    GLARE_UNIT = 10,            /* ms; RFC 3261 §14.1: 0 to 2 s in units of 10 ms when the */
    GLARE_UNITS = 200,          /* Call-ID is the peer's, 2.1 to 4 s when it is ours */
    GLARE_OWN_FIRST = 210,
    GLARE_OWN_LAST = 400,
    BUSY_WAIT = 500,          /* ms until the next try while another change is under way */
    RETRY_AFTER_LONGEST = 60, /* s that a peer may put us off */
};

static void refresh(void *arg);

bool session_timer_check(struct incoming *in)
{
    const struct sip_agent *agent = in->agent;
    bool knows = sip_has_feature(in->sip->sip_supported, "timer");

    /* §9: a 422 helps only those that know what it means. */
    if (!agent->session_expires || !knows ||
        !nta_check_session_expires(NULL, in->sip, (sip_time_t)agent->min_se, TAG_END())) {
        return true;
    }
    sip_min_se_t least[1];
    sip_min_se_init(least)->min_delta = agent->min_se;
    if (in->sip->sip_min_se && in->sip->sip_min_se->min_delta > agent->min_se) {
        least->min_delta = in->sip->sip_min_se->min_delta;
    }
    respond(in, SIP_422_SESSION_TIMER_TOO_SMALL, SIPTAG_MIN_SE(least),
            SIPTAG_SUPPORTED(agent->supported), TAG_END());
    return false;
}

static void learn_methods(struct call *call, const sip_t *sip)
{
    if (sip->sip_allow) {
        call->timer.peer_updates = SIP_IS_ALLOWED(sip->sip_allow, sip_method_update);
    }
}

/* The interval for the 2xx, in s; 0: none. Never longer than asked for (§9), and never so short
 * that refreshes become a burden: who asks for that without knowing the 422 gets no timer. */
static unsigned choose_interval(const struct sip_agent *agent, const sip_t *sip)
{
    unsigned long least = agent->min_se;
    if (sip->sip_min_se && sip->sip_min_se->min_delta > least) {
        least = sip->sip_min_se->min_delta;
    }
    unsigned long interval = agent->session_expires;
    if (interval < least) {
        interval = least;
    }
    if (sip->sip_session_expires) {
        unsigned long asked = sip->sip_session_expires->x_delta;
        if (asked < agent->min_se) {
            return 0;
        }
        interval = asked < interval ? asked : interval;
    }
    return interval < INT32_MAX / 1000 ? (unsigned)interval : INT32_MAX / 1000;
}

void session_timer_negotiate(struct call *call, const sip_t *sip)
{
    const sip_session_expires_t *asked = sip->sip_session_expires;
    struct session_timer *timer = &call->timer;
    bool knows = sip_has_feature(sip->sip_supported, "timer");

    learn_methods(call, sip);
    bool was_running = timer->interval != 0;
    timer->header[0] = '\0';
    timer->interval = call->agent->session_expires ? choose_interval(call->agent, sip) : 0;
    timer->require = knows && timer->interval != 0;
    if (!timer->interval) {
        return;
    }
    /* Table 2 of §9. */
    if (!knows) {
        timer->we_refresh = true;
    } else if (asked && asked->x_refresher) {
        timer->we_refresh = su_casematch(asked->x_refresher, "uas");
    } else if (!was_running) {
        timer->we_refresh = !asked;
    }
    snprintf(timer->header, sizeof timer->header, "%u;refresher=%s", timer->interval,
             timer->we_refresh ? "uas" : "uac");
}

/* ---- the time runs -------------------------------------------------------------------------- */

static void on_expiry(void *arg)
{
    struct call *call = arg;
    call_warn(call, "no session refresh in %u s", call->timer.interval);
    call_bye(call, 408, "Session Expired", false);
}

static void refresh_in(struct call *call, uint64_t ms)
{
    (void)loop_timer_start(call->agent->loop, &call->timer.refresh_timer, ms, refresh, call);
}

void session_timer_restart(struct call *call)
{
    struct session_timer *timer = &call->timer;
    uint64_t whole = (uint64_t)timer->interval * 1000;
    uint64_t margin = whole / 3 < BYE_MARGIN_MAX ? whole / 3 : BYE_MARGIN_MAX;

    if (timer->we_refresh) {
        margin = 0; /* our own tries may go on to the end */
    }

    loop_timer_stop(&timer->refresh_timer);
    loop_timer_stop(&timer->expiry_timer);
    if (!timer->interval) {
        return;
    }
    if (timer->we_refresh) {
        refresh_in(call, whole / 2);
    }
    (void)loop_timer_start(call->agent->loop, &timer->expiry_timer, whole - margin, on_expiry,
                           call);
}

void session_timer_stop(struct call *call)
{
    struct session_timer *timer = &call->timer;
    loop_timer_stop(&timer->refresh_timer);
    loop_timer_stop(&timer->expiry_timer);
    nta_outgoing_destroy(timer->refresh);
    timer->refresh = NULL;
}

/* ---- refreshes of ours ---------------------------------------------------------------------- */

void session_timer_agree(struct call *call, const sip_t *sip)
{
    struct session_timer *timer = &call->timer;
    const sip_session_expires_t *agreed = sip->sip_session_expires;

    call->tries = 0;
    learn_methods(call, sip);
    timer->require = timer->require || agreed;
    if (agreed && agreed->x_delta >= call->agent->min_se && agreed->x_delta <= timer->interval) {
        timer->interval = (unsigned)agreed->x_delta;
    }
    /* In this transaction the peer was the server. */
    timer->we_refresh = !(agreed && su_casematch(agreed->x_refresher, "uas"));
    session_timer_restart(call);
}

bool session_timer_lengthen(struct call *call, const sip_t *sip)
{
    struct session_timer *timer = &call->timer;
    if (!sip->sip_min_se || sip->sip_min_se->min_delta <= timer->interval ||
        sip->sip_min_se->min_delta >= INT32_MAX / 1000) {
        return false;
    }
    timer->interval = timer->min_se = (unsigned)sip->sip_min_se->min_delta;
    return true;
}

static void refreshed(struct call *call, const sip_t *sip, bool offered)
{
    dialog_retarget(call->dialog, sip->sip_contact);
    session_timer_agree(call, sip);
    if (offered && offer_answered(call, sip)) {
        call_bye(call, 488, "No Usable Answer To Our Offer", true);
        return;
    }
    call_debug(call, "session refreshed for %u s", call->timer.interval);
    call_emit_session(call);
}

static uint64_t glare_pause(const struct call *call)
{
    int units = call->info.is_outgoing ? su_randint(GLARE_OWN_FIRST, GLARE_OWN_LAST)
                                       : su_randint(0, GLARE_UNITS);
    return (uint64_t)units * GLARE_UNIT;
}

/* The session goes on until its expiry only, unless a later try succeeds. */
static void not_refreshed(struct call *call, const sip_t *sip, bool by_update)
{
    struct session_timer *timer = &call->timer;
    int status = sip->sip_status->st_status;

    if (status == 408 || status == 481 || ++call->tries > TRIES_MAX) {
        call_bye(call, 408, "Session Refresh Failed", false);
    } else if ((status == 422 && session_timer_lengthen(call, sip)) ||
               ((status == 401 || status == 407) && digest_challenged(call, sip))) {
        refresh(call);
    } else if (status == 491) {
        refresh_in(call, glare_pause(call));
    } else if (by_update && (status == 405 || status == 501)) {
        timer->peer_updates = false;
        refresh(call);
    } else if (sip->sip_retry_after && sip->sip_retry_after->af_delta <= RETRY_AFTER_LONGEST) {
        refresh_in(call, sip->sip_retry_after->af_delta * 1000);
    } else if (!timer->require) {
        /* It knows no timers and thinks of nothing else than refusing: it lives. */
        session_timer_restart(call);
    } else {
        call_warn(call, "the peer refuses to refresh the session: %d %s", status,
                  sip->sip_status->st_phrase);
    }
}

static int on_refresh_response(void *arg, nta_outgoing_t *request, const sip_t *sip)
{
    struct call *call = arg;
    bool offered = call->timer.refresh_offers;
    int status = sip ? sip->sip_status->st_status : 408;

    if (status < 200) {
        return 0;
    }
    call->timer.refresh = NULL;
    if (offered && status < 300) {
        dialog_acknowledge(call->dialog, sip);
    }
    if (!sip) {
        call_bye(call, 408, "Session Refresh Failed", false);
    } else if (status < 300) {
        refreshed(call, sip, offered);
    } else {
        not_refreshed(call, sip, !offered);
    }
    nta_outgoing_destroy(request);
    return 0;
}

static nta_outgoing_t *send_refresh(struct call *call, const char *body)
{
    const struct sip_agent *agent = call->agent;
    const struct session_timer *timer = &call->timer;
    char expires[40], least[16];

    snprintf(expires, sizeof expires, "%u;refresher=uac", timer->interval);
    snprintf(least, sizeof least, "%u", timer->min_se);
    return dialog_request(call->dialog, on_refresh_response, call,
                          body ? sip_method_invite : sip_method_update, body ? "INVITE" : "UPDATE",
                          0, SIPTAG_CONTACT(call->dialog->contact), SIPTAG_ALLOW(agent->allow),
                          SIPTAG_SUPPORTED(agent->supported), SIPTAG_SESSION_EXPIRES_STR(expires),
                          TAG_IF(timer->min_se, SIPTAG_MIN_SE_STR(least)),
                          TAG_IF(body, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
                          TAG_IF(body, SIPTAG_PAYLOAD_STR(body)), TAG_END());
}

static void refresh(void *arg)
{
    struct call *call = arg;
    struct session_timer *timer = &call->timer;
    char *body = NULL;

    if (call->state != CALL_ESTABLISHED || invite_awaits_ack(call) || timer->refresh) {
        refresh_in(call, BUSY_WAIT);
        return;
    }
    if (!timer->peer_updates) {
        /* Word for word the last one, so that nothing changes (§7.4). */
        body = strdup(call->sent_sdp);
        if (!body) {
            refresh_in(call, BUSY_WAIT);
            return;
        }
    }
    timer->refresh_offers = body != NULL;
    timer->refresh = send_refresh(call, body);
    free(body);
    if (!timer->refresh) {
        refresh_in(call, BUSY_WAIT);
    }
}
