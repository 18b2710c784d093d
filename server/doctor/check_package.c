/* The conference package as a subscription (RFC 4575 §3, RFC 6665). */
#include "doctor/picture.h"

#include <stdlib.h>
#include <string.h>

static enum verdict check_subscribe(struct doctor *doctor)
{
    struct watch *watch;
    NEEDS_PACKAGE;
    MUST_WATCH(line_create(doctor->alice, doctor->conference), &watch);
    MUST(!watch->picture.is_partial, "the first document is not full");
    MUST(picture_entity(&watch->picture), "the document has no entity");
    return PASSED;
}

static enum verdict check_in_dialog(struct doctor *doctor)
{
    struct line *line;
    struct watch *watch;
    NEEDS_PACKAGE;
    const sip_t *reply = phone_call(doctor->alice, doctor->conference, &line);
    MUST_ACCEPT(reply, "INVITE");
    MUST_WATCH(line, &watch);
    MUST(watch_await(watch, doctor->alice->uri, "connected"), "%s",
         watch_problem(watch, "the subscriber's own user is not there as connected"));
    return PASSED;
}

/* The subscription and the call are two usages of the dialog; each ends by itself (RFC 5057 §4). */
static enum verdict check_outlives(struct doctor *doctor)
{
    struct line *line, *other;
    struct watch *watch;
    NEEDS_PACKAGE;
    const sip_t *reply = phone_call(doctor->bob, doctor->conference, &other);
    MUST_ACCEPT(reply, "INVITE of another");
    reply = phone_call(doctor->alice, doctor->conference, &line);
    MUST_ACCEPT(reply, "INVITE");
    MUST_WATCH(line, &watch);
    reply = line_bye(line);
    MUST_ACCEPT(reply, "BYE");
    MUST(watch_await(watch, doctor->alice->uri, ""), "%s",
         watch_problem(watch, "no NOTIFY tells that the caller has left"));
    reply = line_subscribe(line, "conference", SUBSCRIBED_FOR);
    MUST_ACCEPT(reply, "SUBSCRIBE after the BYE");
    return PASSED;
}

static enum verdict check_fetch(struct doctor *doctor)
{
    struct line *line = line_create(doctor->alice, doctor->conference);
    struct picture picture = {0};
    NEEDS_PACKAGE;
    const sip_t *reply = line_subscribe(line, "conference", 0);
    MUST_ACCEPT(reply, "SUBSCRIBE with Expires: 0");
    const sip_t *notify = line_await_notify(line, "conference", NULL);
    MUST(notify, "no NOTIFY");
    MUST(notify_is_last(notify), "the NOTIFY has no Subscription-State: terminated");
    bool is_taken = picture_take(&picture, notify), has_document = picture.doc != NULL;
    picture_free(&picture);
    MUST(is_taken, "%s", picture.wrong);
    MUST(has_document, "the NOTIFY has no document");
    return PASSED;
}

static enum verdict check_refresh(struct doctor *doctor)
{
    struct watch *watch;
    NEEDS_PACKAGE;
    MUST_WATCH(line_create(doctor->alice, doctor->conference), &watch);
    unsigned before = watch->picture.documents;
    const sip_t *reply = line_subscribe(watch->line, "conference", SUBSCRIBED_FOR);
    MUST_ACCEPT(reply, "SUBSCRIBE again");
    MUST(reply->sip_expires, "200 without Expires");
    do {
        const sip_t *notify = line_await_notify(watch->line, "conference", NULL);
        MUST(notify, "no NOTIFY with a full document comes after the renewal");
        MUST(picture_take(&watch->picture, notify), "%s", watch->picture.wrong);
    } while (watch->picture.documents == before || watch->picture.is_partial);
    return PASSED;
}

static enum verdict check_unsubscribe(struct doctor *doctor)
{
    struct watch *watch;
    NEEDS_PACKAGE;
    MUST_WATCH(line_create(doctor->alice, doctor->conference), &watch);
    const sip_t *reply = line_subscribe(watch->line, "conference", 0);
    MUST_ACCEPT(reply, "SUBSCRIBE with Expires: 0");
    const sip_t *notify;
    do {
        notify = line_await_notify(watch->line, "conference", NULL);
        MUST(notify, "no NOTIFY with Subscription-State: terminated");
    } while (!notify_is_last(notify));
    reply = line_subscribe(watch->line, "conference", SUBSCRIBED_FOR);
    MUST_GET(reply, 481, "SUBSCRIBE after the end");
    return PASSED;
}

/* RFC 6665 §4.2.1.1: too short is 423 with what would do; any other answer keeps to what was asked.
 */
static enum verdict check_interval(struct doctor *doctor)
{
    struct line *line = line_create(doctor->alice, doctor->conference);
    NEEDS_PACKAGE;
    const sip_t *reply = line_subscribe(line, "conference", 1);
    if (status_of(reply) == 423) {
        MUST(reply->sip_min_expires, "423 without Min-Expires");
        return PASSED;
    }
    MUST_ACCEPT(reply, "SUBSCRIBE with Expires: 1");
    MUST(reply->sip_expires && reply->sip_expires->ex_delta <= 1,
         "1 s was asked for, and is lengthened");
    return PASSED;
}

static enum verdict check_bad_event(struct doctor *doctor)
{
    NEEDS_PACKAGE;
    const sip_t *reply = phone_ask(doctor->alice, doctor->conference, SIP_METHOD_SUBSCRIBE,
                                   SIPTAG_EVENT_STR("nothing-like-this"), TAG_END());
    MUST_GET(reply, 489, "SUBSCRIBE with Event: nothing-like-this");
    MUST(reply->sip_allow_events, "489 without Allow-Events");
    return PASSED;
}

static enum verdict check_accept(struct doctor *doctor)
{
    NEEDS_PACKAGE;
    const sip_t *reply = phone_ask(doctor->alice, doctor->conference, SIP_METHOD_SUBSCRIBE,
                                   SIPTAG_EVENT_STR("conference"),
                                   SIPTAG_ACCEPT_STR("text/x-nothing-like-this"), TAG_END());
    MUST_GET(reply, 406, "SUBSCRIBE without the package's type in Accept");
    return PASSED;
}

static enum verdict check_dialog_package(struct doctor *doctor)
{
    struct line *line, *call;
    NEEDS(offers(doctor->focus.events, "dialog"), "no dialog in Allow-Events");
    const sip_t *reply = phone_call(doctor->bob, doctor->conference, &call);
    MUST_ACCEPT(reply, "INVITE");
    line = line_create(doctor->alice, doctor->conference);
    reply = line_subscribe(line, "dialog", SUBSCRIBED_FOR);
    MUST_ACCEPT(reply, "SUBSCRIBE");
    const sip_t *notify = line_await_notify(line, "dialog", NULL);
    MUST(notify && notify->sip_payload, "no NOTIFY with a document");
    const sip_content_type_t *type = notify->sip_content_type;
    MUST(type && su_casematch(type->c_type, "application/dialog-info+xml"),
         "a NOTIFY of the type %s", type ? type->c_type : "(none)");
    MUST(memmem(notify->sip_payload->pl_data, notify->sip_payload->pl_len, call->call_id->i_id,
                strlen(call->call_id->i_id)),
         "the call that is there is not in the document");
    return PASSED;
}

const struct check checks_package[] = {
    {"subscribe", "SUBSCRIBE is answered, and a NOTIFY has a full, valid document",
     "RFC 4575 3, 4.4, 5", check_subscribe},
    {"subscribe-in-dialog", "the same in the dialog of a call, whose user is in it", "RFC 4579 5.1",
     check_in_dialog},
    {"outlives-call", "the subscription goes on after the BYE of its call", "RFC 4579 3.4",
     check_outlives},
    {"fetch", "Expires: 0 gets one document, and no more", "RFC 6665 4.4.3", check_fetch},
    {"refresh", "a renewal gets a full document", "RFC 4575 4.6", check_refresh},
    {"unsubscribe", "the end is told by a NOTIFY: terminated", "RFC 6665 4.1.2.3",
     check_unsubscribe},
    {"interval", "1 s gets 423 with Min-Expires, or 1 s", "RFC 6665 4.2.1.1", check_interval},
    {"bad-event", "an unknown package gets 489 with Allow-Events", "RFC 6665 4.2.1.1, 8.2.2",
     check_bad_event},
    {"accept", "who takes no document of the package gets 406", "RFC 3261 8.2.3, 21.4.7",
     check_accept},
    {"dialog-package", "the dialogs to join or to replace can be learned", "RFC 4579 5.8, RFC 4235",
     check_dialog_package},
    {0},
};
