/* Calling the conference, and what a call there can do (RFC 4579 §5.1, §5.9). */
#include "doctor/private.h"

#include <sofia-sip/nta_tag.h>
#include <string.h>

static enum verdict check_dial_in(struct doctor *doctor)
{
    struct line *line;
    const sip_t *reply = phone_call(doctor->alice, doctor->conference, &line);
    MUST_ACCEPT(reply, "INVITE");
    offering_learn(doctor, &doctor->focus, reply);
    MUST(reply->sip_contact, "200 without Contact");
    MUST(is_focus(reply), "Contact <%s> without isfocus",
         url_as_string(doctor->home, reply->sip_contact->m_url));
    MUST(reply->sip_payload && line_has_media(line), "200 without a usable SDP answer");
    reply = line_bye(line);
    MUST_ACCEPT(reply, "BYE");
    return PASSED;
}

static enum verdict check_headers(struct doctor *doctor)
{
    struct line *line;
    const sip_t *reply = phone_call(doctor->alice, doctor->conference, &line);
    MUST_ACCEPT(reply, "INVITE");
    MUST(reply->sip_allow, "200 without Allow");
    MUST(reply->sip_allow_events, "200 without Allow-Events");
    MUST(reply->sip_supported, "200 without Supported");
    MUST(reply->sip_accept, "200 without Accept");
    return PASSED;
}

static enum verdict check_media(struct doctor *doctor)
{
    struct line *line;
    const sip_t *reply = phone_call(doctor->alice, doctor->conference, &line);
    MUST_ACCEPT(reply, "INVITE");
    MUST(line_hears(line), "no RTP comes");
    return PASSED;
}

static enum verdict check_hold(struct doctor *doctor)
{
    struct line *line;
    const sip_t *reply = phone_call(doctor->alice, doctor->conference, &line);
    MUST_ACCEPT(reply, "INVITE");
    reply = line_invite(line, STREAM_SENDONLY, TAG_END());
    MUST_ACCEPT(reply, "re-INVITE with a=sendonly");
    MUST(strcmp(line_direction(line), "recvonly") == 0 ||
             strcmp(line_direction(line), "inactive") == 0,
         "a=sendonly is answered with a=%s", line_direction(line));
    MUST(is_focus(reply), "its 200 has no isfocus in Contact");
    reply = line_invite(line, STREAM_SENDRECV, TAG_END());
    MUST_ACCEPT(reply, "re-INVITE with a=sendrecv");
    MUST(strcmp(line_direction(line), "sendrecv") == 0, "a=sendrecv is answered with a=%s",
         line_direction(line));
    return PASSED;
}

static enum verdict check_offerless(struct doctor *doctor)
{
    struct line *line = line_create(doctor->alice, doctor->conference);
    const sip_t *reply = line_invite_offerless(line);
    MUST_ACCEPT(reply, "INVITE without SDP");
    MUST(reply->sip_payload, "200 without an offer");
    MUST(line_has_media(line), "the offer in the 200 cannot be used");
    MUST(line_hears(line), "no RTP comes");
    return PASSED;
}

static enum verdict check_require(struct doctor *doctor)
{
    const sip_t *reply = phone_ask(doctor->alice, doctor->conference, SIP_METHOD_OPTIONS,
                                   SIPTAG_REQUIRE_STR("nothing-like-this"), TAG_END());
    MUST_GET(reply, 420, "OPTIONS with Require: nothing-like-this");
    MUST(reply->sip_unsupported, "420 without Unsupported");
    return PASSED;
}

static enum verdict check_no_dialog(struct doctor *doctor)
{
    struct line *line = line_create(doctor->alice, doctor->conference);
    if (!line || sip_to_tag(line->home, line->remote, "never-heard-of") < 0) {
        return skipped(doctor, "out of memory");
    }
    const sip_t *reply = line_request(line, SIP_METHOD_BYE, TAG_END());
    MUST_GET(reply, 481, "BYE in no dialog");
    return PASSED;
}

const struct check checks_call[] = {
    {"dial-in", "a call is answered with Contact isfocus, and ends by BYE", "RFC 4579 5.1",
     check_dial_in},
    {"dial-in-headers", "the 200 tells Allow, Allow-Events, Supported, Accept", "RFC 4579 5.13",
     check_headers},
    {"media", "RTP comes back", "RFC 4353 3", check_media},
    {"hold", "re-INVITE holds and resumes, still as a focus", "RFC 3264 8.4, RFC 4579 4.2",
     check_hold},
    {"offer-in-200", "an INVITE without SDP gets an offer", "RFC 3261 13.2.1", check_offerless},
    {"require", "an unknown extension gets 420 with Unsupported", "RFC 3261 8.2.2.3",
     check_require},
    {"no-dialog", "a request in no dialog gets 481", "RFC 3261 12.2.2", check_no_dialog},
    {0},
};
