/*
 * A subscription (RFC 6665 §4.2), from its first NOTIFY to its last one.
 *
 * One NOTIFY at a time, so that none overtakes another: what changes while one is not answered is
 * told by the next one. A change that concerns thousands is told to a part of them in each turn of
 * the loop, so that SIP is served between.
 */
#include "sip/subscription.h"
#include "sip/agent.h"
#include "sip/dialog.h"

#include "core/log.h"

#include <errno.h>
#include <sofia-sip/su_string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum {
    NOTIFIES_A_TURN = 200,
    RETRY_AFTER_LONGEST = 60, /* s that a subscriber may put us off */
};

#define subscription_log(subscription, ...)                                                        \
    log_write(LOG_LEVEL_DEBUG, NULL, (subscription)->id, __VA_ARGS__)

static void send_due(void *arg);

static bool is_ending(const struct subscription *subscription)
{
    return subscription->end_reason[0] != '\0';
}

/* ---- beginning and end ---------------------------------------------------------------------- */

int subscription_create(struct dialog *dialog, const struct package *package, const char *event_id,
                        struct subscription **subscriptionp)
{
    struct subscription *subscription = calloc(1, sizeof *subscription);
    if (!subscription) {
        return ENOMEM;
    }
    subscription->event_id = event_id ? strdup(event_id) : NULL;
    if (event_id && !subscription->event_id) {
        free(subscription);
        return ENOMEM;
    }
    subscription->dialog = dialog;
    subscription->package = package;
    log_id_make(dialog->agent, subscription->id);
    LL_PREPEND(dialog->subscriptions, subscription);
    dialog->agent->subscription_count++;
    *subscriptionp = subscription;
    return 0;
}

static void leave_queue(struct subscription *subscription)
{
    if (subscription->is_queued) {
        subscription->is_queued = false;
        DL_DELETE2(subscription->dialog->agent->due, subscription, prev_due, next_due);
    }
}

void subscription_free(struct subscription *subscription)
{
    struct dialog *dialog = subscription->dialog;

    leave_queue(subscription);
    loop_timer_stop(&subscription->expiry_timer);
    loop_timer_stop(&subscription->retry_timer);
    nta_outgoing_destroy(subscription->notify);
    if (subscription->watcher) {
        subscription->package->close(subscription->watcher);
    }
    LL_DELETE(dialog->subscriptions, subscription);
    dialog->agent->subscription_count--;
    free(subscription->event_id);
    free(subscription);
    dialog_release(dialog);
}

struct subscription *subscription_find(const struct dialog *dialog, const struct package *package,
                                       const char *event_id)
{
    struct subscription *subscription;
    LL_FOREACH(dialog->subscriptions, subscription)
    {
        if (subscription->package == package && !is_ending(subscription) &&
            su_strcmp(subscription->event_id, event_id) == 0) {
            return subscription;
        }
    }
    return NULL;
}

/* ---- what is due ---------------------------------------------------------------------------- */

static void enqueue(struct subscription *subscription)
{
    struct sip_agent *agent = subscription->dialog->agent;

    subscription->is_due = true;
    if (subscription->is_queued || subscription->notify || subscription->retry_timer) {
        return;
    }
    subscription->is_queued = true;
    DL_APPEND2(agent->due, subscription, prev_due, next_due);
    if (!agent->due_timer && loop_timer_start(agent->loop, &agent->due_timer, 0, send_due, agent)) {
        log_error("out of memory: the NOTIFY of subscription %s goes out with the next one's",
                  subscription->id);
    }
}

void subscription_changed(struct subscription *subscription)
{
    if (!is_ending(subscription)) {
        enqueue(subscription);
    }
}

static void subscription_accepted(struct subscription *subscription)
{
    subscription->is_pending = false;
    if (!is_ending(subscription)) {
        subscription->wants_full = true;
        enqueue(subscription);
    }
}

void subscription_end(struct subscription *subscription, const char *reason, unsigned retry_after)
{
    if (is_ending(subscription)) {
        return;
    }
    (void)snprintf(subscription->end_reason, sizeof subscription->end_reason, "%s", reason);
    subscription->retry_after = retry_after;
    loop_timer_stop(&subscription->expiry_timer);
    enqueue(subscription);
}

static void on_expiry(void *arg)
{
    struct subscription *subscription = arg;
    subscription_log(subscription, "no refresh came in time");
    subscription_end(subscription, "timeout", 0);
}

static void last_for(struct subscription *subscription, uint64_t ms)
{
    struct loop *loop = subscription->dialog->agent->loop;

    subscription->expires_at = loop_now(loop) + ms;
    if (loop_timer_start(loop, &subscription->expiry_timer, ms, on_expiry, subscription)) {
        subscription_end(subscription, "probation", 0); /* rather than for ever */
    }
}

void subscription_renew(struct subscription *subscription, unsigned expires)
{
    subscription->wants_full = true;
    if (expires == 0) {
        subscription_end(subscription, "timeout", 0);
        return;
    }
    last_for(subscription, (uint64_t)expires * 1000);
    enqueue(subscription);
}

void subscription_shorten(struct subscription *subscription, unsigned expires)
{
    uint64_t ms = (uint64_t)expires * 1000;

    if (subscription->expires_at > loop_now(subscription->dialog->agent->loop) + ms) {
        last_for(subscription, ms);
    }
}

/* ---- NOTIFY --------------------------------------------------------------------------------- */

static void on_retry(void *arg)
{
    struct subscription *subscription = arg;
    subscription->wants_full = true;
    enqueue(subscription);
}

/* §4.2.2 names the responses that end a subscription; of the others we believe only those that say
 * when to try again. */
static bool is_put_off(const sip_t *sip)
{
    int status = sip->sip_status->st_status;
    bool is_fatal = status == 404 || status == 405 || status == 408 || status == 410 ||
                    status == 416 || (status >= 480 && status <= 485) || status == 489 ||
                    status == 501 || status == 604;
    return !is_fatal && sip->sip_retry_after;
}

static int on_notify_response(void *arg, nta_outgoing_t *request, const sip_t *sip)
{
    struct subscription *subscription = arg;
    struct loop *loop = subscription->dialog->agent->loop;
    int status = sip ? sip->sip_status->st_status : 408;

    if (status < 200) {
        return 0;
    }
    subscription->notify = NULL;
    if (status < 300) {
        if (subscription->is_due) {
            enqueue(subscription);
        }
    } else if (sip && is_put_off(sip)) {
        unsigned long delay = sip->sip_retry_after->af_delta;
        delay = delay < RETRY_AFTER_LONGEST ? delay : RETRY_AFTER_LONGEST;
        (void)loop_timer_start(loop, &subscription->retry_timer, delay * 1000, on_retry,
                               subscription);
    } else {
        subscription_log(subscription, "ended: NOTIFY was answered with %d", status);
        subscription_free(subscription);
    }
    nta_outgoing_destroy(request);
    return 0;
}

static void write_state(const struct subscription *subscription, char *state, size_t size)
{
    uint64_t now = loop_now(subscription->dialog->agent->loop);

    if (!is_ending(subscription)) {
        uint64_t left = subscription->expires_at > now ? subscription->expires_at - now : 0;
        (void)snprintf(state, size, "%s;expires=%u",
                       subscription->is_pending ? "pending" : "active",
                       (unsigned)((left + 500) / 1000));
    } else if (subscription->retry_after) {
        (void)snprintf(state, size, "terminated;reason=%s;retry-after=%u", subscription->end_reason,
                       subscription->retry_after);
    } else {
        (void)snprintf(state, size, "terminated;reason=%s", subscription->end_reason);
    }
}

static nta_outgoing_t *send_notify(struct subscription *subscription, const struct body *body)
{
    struct dialog *dialog = subscription->dialog;
    const struct package *package = subscription->package;
    const char *id = subscription->event_id;
    char event[256], state[64];

    (void)snprintf(event, sizeof event, "%s%s%s", package->event, id ? ";id=" : "", id ? id : "");
    write_state(subscription, state, sizeof state);
    dialog->agent->notify_count++;
    return dialog_request(dialog, is_ending(subscription) ? NULL : on_notify_response, subscription,
                          SIP_METHOD_NOTIFY, 0, SIPTAG_CONTACT(dialog->contact),
                          SIPTAG_EVENT_STR(event), SIPTAG_SUBSCRIPTION_STATE_STR(state),
                          TAG_IF(body, SIPTAG_CONTENT_TYPE_STR(package->content_type)),
                          TAG_IF(body, SIPTAG_PAYLOAD_STR(body ? body->data : "")), TAG_END());
}

void subscription_close(struct subscription *subscription)
{
    if (is_ending(subscription)) {
        nta_outgoing_destroy(send_notify(subscription, NULL));
    }
    subscription_free(subscription);
}

static void notify(struct subscription *subscription)
{
    bool is_last = is_ending(subscription);
    bool is_asked_for = subscription->wants_full;

    subscription->is_due = false; /* unless the package has more to say than one body holds */
    struct body *body = subscription->package->body(subscription->watcher, is_asked_for);
    if (!body && !is_asked_for && !is_last) {
        return;
    }
    subscription->wants_full = false;
    nta_outgoing_t *request = send_notify(subscription, body);
    body_unref(body);
    if (is_last) {
        /* Without us, nta goes on repeating it to the end. */
        nta_outgoing_destroy(request);
        subscription_log(subscription, "ended: %s", subscription->end_reason);
        subscription_free(subscription);
    } else if (!request) {
        subscription_free(subscription);
    } else {
        subscription->notify = request;
    }
}

static void send_due(void *arg)
{
    struct sip_agent *agent = arg;

    for (unsigned n = 0; n < NOTIFIES_A_TURN && agent->due; n++) {
        struct subscription *subscription = agent->due;
        DL_DELETE2(agent->due, subscription, prev_due, next_due);
        subscription->is_queued = false;
        if (!subscription->notify) {
            notify(subscription);
        }
    }
    if (agent->due) {
        (void)loop_timer_start(agent->loop, &agent->due_timer, 0, send_due, agent);
    }
}

const struct notifying *sip_notifying(void)
{
    static const struct notifying notifying = {
        .changed = subscription_changed,
        .accepted = subscription_accepted,
        .end = subscription_end,
    };
    return &notifying;
}
