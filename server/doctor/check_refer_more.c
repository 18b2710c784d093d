/* Putting out, referring, moving and inviting many by REFER (RFC 4579 §5.7, §5.10, §5.11). */
#include "doctor/picture.h"

#include <string.h>

static enum verdict check_bye(struct doctor *doctor)
{
    struct line *call, *others, *line;
    struct progress progress;
    NEEDS_REFER;
    MUST_ACCEPT(phone_call(doctor->alice, doctor->conference, &call), "INVITE");
    MUST_ACCEPT(phone_call(doctor->bob, doctor->conference, &others), "INVITE of another");
    line = line_create(doctor->alice, doctor->conference);
    const char *refer_to = in_brackets(doctor->home, doctor->bob->uri, ";method=BYE");
    MUST_ACCEPT(line_refer(line, refer_to, TAG_END()), "REFER with method=BYE");
    MUST(line_await_bye(others), "who was named gets no BYE");
    line_follow(line, NULL, &progress);
    MUST_END_WITH(progress, 2);
    return PASSED;
}

static enum verdict check_bye_nobody(struct doctor *doctor)
{
    struct line *call;
    struct progress progress;
    NEEDS_REFER;
    MUST_ACCEPT(phone_call(doctor->alice, doctor->conference, &call), "INVITE");
    const char *refer_to = in_brackets(doctor->home, doctor->bob->uri, ";method=BYE");
    const sip_t *reply = line_refer(call, refer_to, TAG_END());
    if (status_of(reply) >= 400) {
        return PASSED;
    }
    MUST_ACCEPT(reply, "REFER with method=BYE");
    line_follow(call, NULL, &progress);
    MUST(!progress.wrong[0], "%s", progress.wrong);
    MUST(progress.last >= 400, "who is not there is put out: %d", progress.last);
    return PASSED;
}

/* What a NOTIFY of a REFER has in it, RFC 3515 §2.4.5. */
static const sip_t *tell(struct line *line, const char *fragment, const char *state)
{
    return line_request(line, SIP_METHOD_NOTIFY, SIPTAG_EVENT_STR("refer"),
                        SIPTAG_SUBSCRIPTION_STATE_STR(state),
                        SIPTAG_CONTENT_TYPE_STR("message/sipfrag;version=2.0"),
                        SIPTAG_PAYLOAD_STR(fragment), TAG_END());
}

/* Figure 7: the focus refers Bob, who calls in. */
static enum verdict check_refer(struct doctor *doctor)
{
    struct line *call, *line, *bobs;
    struct progress progress;
    NEEDS_REFER;
    MUST_ACCEPT(phone_call(doctor->alice, doctor->conference, &call), "INVITE");
    const char *conference = url_as_string(doctor->home, doctor->conference);
    const char *more =
        su_sprintf(doctor->home, ";method=REFER?Refer-To=%s", uri_escape(doctor->home, conference));
    line = line_create(doctor->alice, doctor->conference);
    const char *refer_to = in_brackets(doctor->home, doctor->bob->at, more);
    MUST_ACCEPT(line_refer(line, refer_to, TAG_END()), "REFER with method=REFER");
    const struct arrival *refer = phone_await(doctor->bob, NULL, sip_method_refer);
    MUST(refer, "who was named gets no REFER");
    MUST(refer->sip->sip_refer_to && refer->sip->sip_refer_to->r_url->url_user &&
             strcmp(refer->sip->sip_refer_to->r_url->url_user, doctor->conference->url_user) == 0,
         "its Refer-To does not name the conference");
    const sip_t *reply = tell(refer->line, "SIP/2.0 100 Trying\r\n", "active;expires=60");
    MUST_ACCEPT(reply, "the NOTIFY of who was referred");
    reply = phone_call(doctor->bob, refer->sip->sip_refer_to->r_url, &bobs);
    MUST_ACCEPT(reply, "INVITE of who was referred");
    reply = tell(refer->line, "SIP/2.0 200 OK\r\n", "terminated;reason=noresource");
    MUST_ACCEPT(reply, "the last NOTIFY of who was referred");
    line_follow(line, NULL, &progress);
    MUST_END_WITH(progress, 2);
    return PASSED;
}

/* Figure 10: Alice and Bob talk; Bob is moved into the conference. */
static enum verdict check_replaces(struct doctor *doctor)
{
    struct line *talk, *call;
    struct progress progress;
    NEEDS_REFER;
    const url_t *bob = url_hdup(doctor->home, doctor->bob->contact->m_url);
    MUST_ACCEPT(phone_call(doctor->alice, bob, &talk), "the doctor's phones cannot talk: INVITE");
    const struct arrival *first = phone_await_call(doctor->bob);
    MUST(first, "the doctor's phones cannot talk");
    MUST_ACCEPT(phone_call(doctor->alice, doctor->conference, &call), "INVITE");
    const char *more = su_sprintf(doctor->home, "?Replaces=%s",
                                  uri_escape(doctor->home, line_dialog_id(first->line, true)));
    const char *refer_to = in_brackets(doctor->home, doctor->bob->at, more);
    MUST_ACCEPT(line_refer(call, refer_to, TAG_END()), "REFER with ?Replaces=");
    const struct arrival *invite = phone_await_call(doctor->bob);
    MUST(invite, "who was named is not called");
    MUST(invite->sip->sip_replaces, "the INVITE has no Replaces");
    MUST(strcmp(invite->sip->sip_replaces->rp_call_id, first->line->call_id->i_id) == 0,
         "the INVITE's Replaces names another dialog");
    MUST(line_await_bye(talk), "the talk goes on: the tags in Replaces are wrong");
    line_follow(call, NULL, &progress);
    MUST_END_WITH(progress, 2);
    return PASSED;
}

static enum verdict check_multiple(struct doctor *doctor)
{
    struct line *call, *line;
    const struct phone *both[] = {doctor->bob, doctor->carol};
    NEEDS_REFER;
    NEEDS(offers(doctor->focus.supported, "multiple-refer"), "no multiple-refer in Supported");
    MUST_ACCEPT(phone_call(doctor->alice, doctor->conference, &call), "INVITE");
    line = line_create(doctor->alice, doctor->conference);
    const sip_t *reply =
        line_refer(line, "<cid:list@doctor.invalid>", SIPTAG_HEADER_STR("Refer-Sub: false"),
                   SIPTAG_REQUIRE_STR("multiple-refer, norefersub"),
                   SIPTAG_CONTENT_TYPE_STR("application/resource-lists+xml"),
                   SIPTAG_CONTENT_DISPOSITION_STR("recipient-list"),
                   SIPTAG_HEADER_STR("Content-ID: <list@doctor.invalid>"),
                   SIPTAG_PAYLOAD_STR(resource_list(doctor->home, both, 2, "")), TAG_END());
    MUST_ACCEPT(reply, "REFER with a list");
    MUST(phone_await_call(doctor->bob) && phone_await_call(doctor->carol), "not all are called");
    return PASSED;
}

const struct check checks_refer_more[] = {
    {"refer-bye", "REFER with method=BYE puts somebody out", "RFC 4579 5.11", check_bye},
    {"refer-bye-nobody", "who is not in cannot be put out", "RFC 4579 5.11", check_bye_nobody},
    {"refer-refer", "REFER with method=REFER has somebody referred to the conference",
     "RFC 4579 5.7", check_refer},
    {"refer-replaces", "REFER with ?Replaces= moves a call of two into the conference",
     "RFC 4579 5.10", check_replaces},
    {"refer-list", "REFER with a list has all in it called", "RFC 5368 8", check_multiple},
    {0},
};
