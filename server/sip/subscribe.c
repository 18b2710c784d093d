/* SUBSCRIBE (RFC 6665 §4.2.1): a new subscription, in a dialog of its own or in one that is there,
 * or one more time of an old one. */
#include "sip/agent.h"
#include "sip/caller.h"
#include "sip/dialog.h"
#include "sip/message.h"
#include "sip/receive.h"
#include "sip/refer.h"
#include "sip/subscription.h"

#include "core/log.h"

#include <sofia-sip/su_string.h>
#include <stdlib.h>
#include <string.h>

enum {
    HOUR = 3600,               /* s: so long asked for is never too short (§4.2.1.1) */
    SUBSCRIPTIONS_MAX = 20000, /* at a time */
    DIALOG_MAX = 16,           /* of them in one dialog */
    EVENT_ID_MAX = 128,        /* bytes */
    PASSWORD_TIME = 32,        /* s that who is asked for a password has to repeat the SUBSCRIBE */
    DATAGRAM_MAX = 60000,      /* bytes of a body, so that a datagram holds it and the header */
};

static const struct package *find_package(const struct sip_agent *agent, const sip_event_t *event)
{
    if (event && su_casematch(event->o_type, referral_package()->event)) {
        return referral_package();
    }
    for (unsigned i = 0; event && i < agent->package_count; i++) {
        if (su_casematch(event->o_type, agent->packages[i].event)) {
            return &agent->packages[i];
        }
    }
    return NULL;
}

/* How long it is to last, in s. False: refused. */
static bool read_expires(struct incoming *in, const struct package *package, unsigned *expiresp)
{
    const struct sip_agent *agent = in->agent;
    unsigned long asked = in->sip->sip_expires ? in->sip->sip_expires->ex_delta : package->expires;

    if (asked > 0 && asked < agent->min_expires && asked < HOUR) {
        sip_min_expires_t least[1];
        sip_min_expires_init(least)->me_delta = agent->min_expires;
        respond(in, SIP_423_INTERVAL_TOO_BRIEF, SIPTAG_MIN_EXPIRES(least), TAG_END());
        return false;
    }
    *expiresp = asked < agent->max_expires ? (unsigned)asked : agent->max_expires;
    return true;
}

/* False: refused. */
static bool check_subscribe(struct incoming *in, const struct package *package,
                            const struct dialog *dialog)
{
    const struct sip_agent *agent = in->agent;
    const sip_event_t *event = in->sip->sip_event;

    if (!package) {
        respond(in, SIP_489_BAD_EVENT, SIPTAG_ALLOW_EVENTS(agent->allow_events), TAG_END());
        return false;
    }
    if (event->o_id && strlen(event->o_id) > EVENT_ID_MAX) {
        respond(in, 400, "Event Id Too Long", TAG_END());
        return false;
    }
    /* No package has filters in the body. */
    if (in->sip->sip_payload && in->sip->sip_content_type) {
        respond(in, SIP_415_UNSUPPORTED_MEDIA, TAG_END());
        return false;
    }
    if (in->sip->sip_accept) {
        sip_accept_t *accept = sip_accept_make(msg_home(in->msg), package->content_type);
        if (accept && nta_check_accept(NULL, in->sip, accept, NULL, TAG_END())) {
            respond(in, SIP_406_NOT_ACCEPTABLE, SIPTAG_ACCEPT(accept), TAG_END());
            return false;
        }
    }
    return check_contact(in, !dialog);
}

/* False: refused. */
static bool read_subscriber(struct incoming *in, const struct dialog *dialog,
                            struct subscriber *subscriber)
{
    su_home_t *home = msg_home(in->msg);

    if (!identify_in_dialog(in, dialog)) {
        return false;
    }
    memset(subscriber, 0, sizeof *subscriber);
    subscriber->code = 403;
    subscriber->call = dialog ? dialog_call(dialog) : NULL;
    subscriber->limit = tport_is_udp(in->tport) ? DATAGRAM_MAX : 0;
    subscriber->uri = request_uri(home, in->sip->sip_request->rq_url);
    if (!subscriber->uri || call_info_read(&subscriber->from, home, in)) {
        respond(in, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
        return false;
    }
    return true;
}

static void refuse(struct incoming *in, const struct subscriber *subscriber)
{
    respond(in, subscriber->code, phrase_of(subscriber->code, subscriber->reason), TAG_END());
}

static void accept_subscribe(struct subscription *subscription,
                             const struct subscribing *subscribing)
{
    struct dialog *dialog = subscription->dialog;
    struct incoming *in = subscribing->in;
    const struct sip_agent *agent = in->agent;
    sip_expires_t header[1];

    sip_expires_init(header)->ex_delta = subscribing->expires;
    dialog_retarget(dialog, in->sip->sip_contact);
    respond_tagged(in, dialog->local->a_tag, subscribing->status,
                   sip_status_phrase(subscribing->status), SIPTAG_CONTACT(dialog->contact),
                   SIPTAG_EXPIRES(header), SIPTAG_ALLOW(agent->allow),
                   SIPTAG_ALLOW_EVENTS(agent->allow_events), TAG_END());
    subscription_renew(subscription, subscribing->expires);
}

static bool renew(struct subscription *subscription, struct subscribing *subscribing)
{
    struct subscriber *subscriber = &subscribing->subscriber;

    subscriber->from.id = subscription->id;
    subscription->package->refresh(subscription->watcher, subscriber);
    if (subscriber->code >= 300) {
        refuse(subscribing->in, subscriber);
        if (subscriber->code == 401) {
            subscription_shorten(subscription, PASSWORD_TIME);
        } else {
            subscription_end(subscription, "rejected", 0);
        }
        return false;
    }
    accept_subscribe(subscription, subscribing);
    return true;
}

bool subscription_has_room(const struct sip_agent *agent, const struct dialog *dialog)
{
    unsigned count = 0;
    for (const struct subscription *s = dialog ? dialog->subscriptions : NULL; s; s = s->next) {
        count++;
    }
    return agent->subscription_count < SUBSCRIPTIONS_MAX && count < DIALOG_MAX;
}

/* The dialog is made for the subscription when there is none. */
static struct subscription *make(struct subscribing *subscribing)
{
    struct dialog *dialog = subscribing->dialog;
    struct incoming *in = subscribing->in;
    struct subscription *subscription = NULL;

    if (dialog || !dialog_create(in, subscribing->subscriber.from.requested_user, &dialog)) {
        if (subscription_create(dialog, subscribing->package, in->sip->sip_event->o_id,
                                &subscription)) {
            dialog_release(dialog);
        }
    }
    return subscription;
}

static bool begin(struct subscribing *subscribing)
{
    struct incoming *in = subscribing->in;
    struct subscriber *subscriber = &subscribing->subscriber;
    const struct package *package = subscribing->package;

    if (!package->open) {
        refuse(in, subscriber);
        return false;
    }
    if (!subscription_has_room(in->agent, subscribing->dialog)) {
        sip_retry_after_t after[1];
        sip_retry_after_init(after)->af_delta = RETRY_AFTER_FULL;
        respond(in, SIP_503_SERVICE_UNAVAILABLE, SIPTAG_RETRY_AFTER(after), TAG_END());
        return false;
    }
    struct subscription *subscription = make(subscribing);
    if (!subscription) {
        respond(in, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
        return false;
    }
    subscriber->from.id = subscription->id;
    package->open(package->ctx, subscriber, subscription, &subscription->watcher);
    if (!subscription->watcher) {
        refuse(in, subscriber);
        subscription_free(subscription);
        return false;
    }
    subscription->is_pending = subscriber->is_pending;
    if (!subscribing->dialog && subscriber->is_focus) {
        sip_contact_t *contact =
            contact_make(in->agent, subscription->dialog->home, subscriber->from.requested_user,
                         true, in->tport, in->sip->sip_request->rq_url);
        if (contact) {
            subscription->dialog->contact = contact;
        }
    }
    accept_subscribe(subscription, subscribing);
    return true;
}

bool subscribe_read(struct incoming *in, struct dialog *dialog, struct subscribing *subscribing)
{
    *subscribing = (struct subscribing){
        .in = in,
        .dialog = dialog,
        .package = find_package(in->agent, in->sip->sip_event),
        .status = 200,
    };
    return check_subscribe(in, subscribing->package, dialog) &&
           read_expires(in, subscribing->package, &subscribing->expires) &&
           read_subscriber(in, dialog, &subscribing->subscriber);
}

bool subscribe_accept(struct subscribing *subscribing)
{
    const struct dialog *dialog = subscribing->dialog;
    struct subscription *old = dialog ? subscription_find(dialog, subscribing->package,
                                                          subscribing->in->sip->sip_event->o_id)
                                      : NULL;
    return old ? renew(old, subscribing) : begin(subscribing);
}

void subscribe_receive(struct dialog *dialog, struct incoming *in)
{
    struct subscribing subscribing;

    if (subscribe_read(in, dialog, &subscribing)) {
        (void)subscribe_accept(&subscribing);
    }
}
