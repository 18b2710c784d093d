/*
 * How a reference goes, told by NOTIFY to whoever sent the REFER (RFC 3515 §2.4.4): the event
 * package "refer", whose subscriptions no SUBSCRIBE makes.
 *
 * The first NOTIFY says 100, whatever is known by then, so that REFERers see the flows of RFC 4579.
 * What comes after it is told at most once a second (§3.10), but for the last one.
 */
#include "sip/agent.h"
#include "sip/caller.h"
#include "sip/message.h"
#include "sip/refer.h"
#include "sip/subscription.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INTERVAL = 1000, /* ms */
    SOON = 10,       /* ms, until the first NOTIFY is out */
    LINE_SIZE = REASON_SIZE + 32,
};

struct referral {
    struct sip_agent *agent;
    struct subscription *subscription; /* NULL: nobody wants to know any more */
    int code;                          /* the last that was reported */
    char reason[REASON_SIZE];
    bool is_final;
    bool is_begun; /* the first NOTIFY is made */
    uint64_t told_at;
    struct loop_timer *timer;
};

static void tell(void *arg);

/* Whoever reports has it in hand until the final code. */
static void release(struct referral *referral)
{
    loop_timer_stop(&referral->timer);
    if (referral->is_final && !referral->subscription) {
        free(referral);
    }
}

static void tell_in(struct referral *referral, uint64_t ms)
{
    struct loop *loop = referral->agent->loop;

    loop_timer_stop(&referral->timer);
    /* Without the memory for it the next report tells. */
    (void)loop_timer_start(loop, &referral->timer, ms, tell, referral);
}

static void tell(void *arg)
{
    struct referral *referral = arg;

    if (!referral->is_begun) {
        tell_in(referral, SOON);
    } else if (referral->is_final) {
        subscription_end(referral->subscription, "noresource", 0);
    } else {
        subscription_changed(referral->subscription);
    }
}

void referral_tell(struct referral *referral, int code, const char *reason)
{
    uint64_t now = loop_now(referral->agent->loop);
    uint64_t due = referral->told_at + INTERVAL;

    referral->code = code;
    if (referral->subscription) {
        referral->subscription->is_pending = false; /* it waited for somebody's decision */
    }
    text_clean(referral->reason, sizeof referral->reason, phrase_of(code, reason), false);
    if (referral->subscription && referral->is_final && referral->is_begun) {
        loop_timer_stop(&referral->timer);
        tell(referral); /* now: a NOTIFY that is due already must not say it as if more came */
    } else if (referral->subscription) {
        tell_in(referral, code < 200 && due > now ? due - now : 0);
    }
}

void referral_report(struct referral *referral, int code, const char *reason)
{
    referral->is_final = code >= 200;
    referral_tell(referral, code, reason);
    if (!referral->subscription) {
        release(referral);
    }
}

/* ---- the package ---------------------------------------------------------------------------- */

static struct body *write_body(void *watcher, bool is_full)
{
    struct referral *referral = watcher;
    bool is_first = !referral->is_begun;
    char line[LINE_SIZE];

    (void)is_full; /* it always is (§2.4.5) */
    referral->is_begun = true;
    referral->told_at = loop_now(referral->agent->loop);
    int length = is_first ? snprintf(line, sizeof line, "SIP/2.0 100 Trying\r\n")
                          : snprintf(line, sizeof line, "SIP/2.0 %d %s\r\n", referral->code,
                                     referral->reason);
    struct body *body = body_create((size_t)length);
    if (body) {
        memcpy(body->data, line, (size_t)length);
    }
    return body;
}

/* Whoever could ask for it may also go on with it. */
static void refresh(void *watcher, struct subscriber *subscriber)
{
    (void)watcher;
    subscriber->code = 200;
}

static void close_watcher(void *watcher)
{
    struct referral *referral = watcher;
    referral->subscription = NULL;
    release(referral);
}

static const struct package package = {
    .event = "refer",
    .content_type = "message/sipfrag;version=2.0",
    .refresh = refresh,
    .body = write_body,
    .close = close_watcher,
};

const struct package *referral_package(void)
{
    return &package;
}

struct referral *referral_create(struct dialog *dialog, const char *event_id)
{
    struct referral *referral = calloc(1, sizeof *referral);

    if (!referral) {
        return NULL;
    }
    referral->agent = dialog->agent;
    referral->code = 100;
    (void)snprintf(referral->reason, sizeof referral->reason, "Trying");
    if (subscription_create(dialog, &package, event_id, &referral->subscription)) {
        free(referral);
        return NULL;
    }
    referral->subscription->watcher = referral;
    return referral;
}

struct subscription *referral_subscription(const struct referral *referral)
{
    return referral->subscription;
}

void referral_refuse(struct referral *referral)
{
    referral->is_final = true;
    subscription_free(referral->subscription);
}
