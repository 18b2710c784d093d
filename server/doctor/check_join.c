/* Calls that name another: Join (RFC 3911) and Replaces (RFC 3891). Both are Alice's, by two
 * phones: who is the same may do both. */
#include "doctor/picture.h"

#include <string.h>

#define NEEDS_EXTENSION(name)                                                                      \
    NEEDS(offers(doctor->focus.supported, name), "no " name " in Supported")

static const sip_t *call_with(struct phone *phone, const url_t *uri, const char *header,
                              struct line **linep)
{
    *linep = line_create(phone, uri);
    return line_invite(*linep, STREAM_SENDRECV, SIPTAG_HEADER_STR(header), TAG_END());
}

static const char *header(struct doctor *doctor, const char *name, const char *dialog,
                          const char *more)
{
    const char *text = su_sprintf(doctor->home, "%s: %s%s", name, dialog, more);
    return text ? text : "";
}

static const char nowhere[] = "nothing@like.this;to-tag=1;from-tag=2";

static enum verdict check_join(struct doctor *doctor)
{
    struct line *call, *joined;
    NEEDS_EXTENSION("join");
    MUST_ACCEPT(phone_call(doctor->alice, doctor->conference, &call), "INVITE");
    const char *join = header(doctor, "Join", line_dialog_id(call, false), "");
    const sip_t *reply = call_with(doctor->tablet, doctor->conference, join, &joined);
    MUST_ACCEPT(reply, "INVITE with Join");
    MUST(is_focus(reply), "200 without isfocus in Contact");
    doctor_rest(doctor, 200);
    MUST(!phone_seen(doctor->alice, call, sip_method_bye), "who was joined is hung up");
    return PASSED;
}

/* The factory's URI is another, and the dialog says which conference is meant. */
static enum verdict check_elsewhere(struct doctor *doctor)
{
    struct line *call, *joined;
    NEEDS_EXTENSION("join");
    if (!doctor->factory) {
        return skipped(doctor, "give --factory");
    }
    MUST_ACCEPT(phone_call(doctor->alice, doctor->conference, &call), "INVITE");
    const char *join = header(doctor, "Join", line_dialog_id(call, false), "");
    const sip_t *reply = call_with(doctor->tablet, doctor->factory, join, &joined);
    MUST_ACCEPT(reply, "INVITE with Join to the factory");
    MUST(is_focus(reply), "200 without isfocus in Contact");
    const char *user = reply->sip_contact->m_url->url_user;
    MUST(user && strcmp(user, doctor->conference->url_user) == 0, "it is in the conference %s",
         user ? user : "(none)");
    return PASSED;
}

/* RFC 3911 §4: on a conference's URI a Join that matches nothing is none. */
static enum verdict check_join_nothing(struct doctor *doctor)
{
    struct line *line;
    NEEDS_EXTENSION("join");
    const char *join = header(doctor, "Join", nowhere, "");
    const sip_t *reply = call_with(doctor->alice, doctor->conference, join, &line);
    MUST_ACCEPT(reply, "INVITE with a Join that matches nothing");
    if (doctor->factory) {
        reply = call_with(doctor->alice, doctor->factory, join, &line);
        MUST_GET(reply, 481, "INVITE with a Join that matches nothing, to the factory");
    }
    return PASSED;
}

static enum verdict check_both(struct doctor *doctor)
{
    struct line *call, *line;
    NEEDS_EXTENSION("join");
    NEEDS_EXTENSION("replaces");
    MUST_ACCEPT(phone_call(doctor->alice, doctor->conference, &call), "INVITE");
    const char *id = line_dialog_id(call, false);
    line = line_create(doctor->tablet, doctor->conference);
    const sip_t *reply = line_invite(line, STREAM_SENDRECV, SIPTAG_REPLACES_STR(id),
                                     SIPTAG_HEADER_STR(header(doctor, "Join", id, "")), TAG_END());
    MUST_GET(reply, 400, "INVITE with Join and Replaces");
    return PASSED;
}

/* Figure 9: the old phone is hung up, the user stays. */
static enum verdict check_replaces(struct doctor *doctor)
{
    struct line *call, *line, *others;
    struct watch *watch;
    NEEDS_EXTENSION("replaces");
    NEEDS_PACKAGE;
    MUST_ACCEPT(phone_call(doctor->carol, doctor->conference, &others), "INVITE of another");
    MUST_ACCEPT(phone_call(doctor->alice, doctor->conference, &call), "INVITE");
    MUST_WATCH(line_create(doctor->alice, doctor->conference), &watch);
    MUST(watch_await(watch, doctor->alice->uri, "connected"), "the caller is not in the roster");
    line = line_create(doctor->tablet, doctor->conference);
    const sip_t *reply = line_invite(line, STREAM_SENDRECV,
                                     SIPTAG_REPLACES_STR(line_dialog_id(call, false)), TAG_END());
    MUST_ACCEPT(reply, "INVITE with Replaces");
    MUST(is_focus(reply), "200 without isfocus in Contact");
    MUST(line_await_bye(call), "the replaced phone gets no BYE");
    uint64_t deadline = doctor_deadline(doctor);
    do {
        watch_update(watch);
    } while (picture_endpoints(&watch->picture, doctor->alice->uri) != 1 &&
             doctor_step(doctor, deadline));
    MUST(!watch->picture.wrong[0], "%s", watch->picture.wrong);
    MUST(picture_endpoints(&watch->picture, doctor->alice->uri) == 1,
         "the user does not have one connected endpoint, but %u",
         picture_endpoints(&watch->picture, doctor->alice->uri));
    return PASSED;
}

static enum verdict check_replaces_nothing(struct doctor *doctor)
{
    NEEDS_EXTENSION("replaces");
    struct line *line = line_create(doctor->alice, doctor->conference);
    const sip_t *reply =
        line_invite(line, STREAM_SENDRECV, SIPTAG_REPLACES_STR(nowhere), TAG_END());
    MUST_GET(reply, 481, "INVITE with a Replaces that matches nothing");
    return PASSED;
}

static enum verdict check_early_only(struct doctor *doctor)
{
    struct line *call, *line;
    NEEDS_EXTENSION("replaces");
    MUST_ACCEPT(phone_call(doctor->alice, doctor->conference, &call), "INVITE");
    const char *id = su_sprintf(doctor->home, "%s;early-only", line_dialog_id(call, false));
    line = line_create(doctor->tablet, doctor->conference);
    const sip_t *reply = line_invite(line, STREAM_SENDRECV, SIPTAG_REPLACES_STR(id), TAG_END());
    MUST_GET(reply, 486, "INVITE with Replaces and early-only");
    return PASSED;
}

const struct check checks_join[] = {
    {"join", "INVITE with Join comes into the conference of that dialog", "RFC 4579 5.8, RFC 3911",
     check_join},
    {"join-elsewhere", "the same when it is sent to another URI", "RFC 4579 5.8", check_elsewhere},
    {"join-nothing", "a Join that matches nothing is ignored; elsewhere it gets 481", "RFC 3911 4",
     check_join_nothing},
    {"join-and-replaces", "Join and Replaces in one INVITE get 400", "RFC 3911 4", check_both},
    {"replaces", "INVITE with Replaces changes a user's phone; the user stays in",
     "RFC 4579 5.9, RFC 3891", check_replaces},
    {"replaces-nothing", "a Replaces that matches nothing gets 481", "RFC 3891 3",
     check_replaces_nothing},
    {"replaces-early", "early-only of a call that was answered gets 486", "RFC 3891 3",
     check_early_only},
    {0},
};
