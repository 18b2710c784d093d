/*
 * Session timers (RFC 4028): both ends refresh the session in time, or the call is over.
 *
 * Who refreshes is settled with every 2xx to an INVITE or UPDATE. A peer that knows no timers is
 * refreshed all the same, so that a phone that has gone away is noticed. What is sent for it, and
 * what comes back, is reinvite_client.c's.
 */
#include "sip/call.h"
#include "sip/invite.h"
#include "sip/message.h"
#include "sip/offer.h"

#include "core/log.h"

#include <sofia-sip/su_string.h>
#include <stdio.h>

enum {
    BYE_MARGIN_MAX = 32 * 1000, /* ms before the expiration, when the peer refreshes; §10 */
    BUSY_WAIT = 500,            /* ms until the next try while another change is under way */
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

void session_timer_retry(struct call *call, uint64_t pause)
{
    refresh_in(call, pause);
}

/* The session goes on until its expiry only, unless a later try succeeds. */
void session_timer_refused(struct call *call, const sip_t *sip, bool by_update)
{
    struct session_timer *timer = &call->timer;
    int status = sip->sip_status->st_status;

    if (by_update && (status == 405 || status == 501)) {
        timer->peer_updates = false;
        refresh(call);
    } else if (!timer->require) {
        /* It knows no timers and thinks of nothing else than refusing: it lives. */
        session_timer_restart(call);
    } else {
        call_warn(call, "the peer refuses to refresh the session: %d %s", status,
                  sip->sip_status->st_phrase);
    }
}

static void refresh(void *arg)
{
    struct call *call = arg;
    if (!reinvite_refresh(call)) {
        refresh_in(call, BUSY_WAIT);
    }
}
