/* What a focus says of itself (RFC 4579 §5.13). */
#include "doctor/private.h"
#include "sip/sdp.h"

static const sip_t *ask_options(struct doctor *doctor)
{
    return phone_ask(doctor->alice, doctor->conference, SIP_METHOD_OPTIONS,
                     SIPTAG_ACCEPT_STR("application/sdp"), TAG_END());
}

static enum verdict check_options(struct doctor *doctor)
{
    const sip_t *reply = ask_options(doctor);
    MUST_ACCEPT(reply, "OPTIONS");
    MUST(reply->sip_contact, "200 without Contact");
    MUST(is_focus(reply), "Contact <%s> without isfocus",
         url_as_string(doctor->home, reply->sip_contact->m_url));
    return PASSED;
}

/* RFC 3261 §11.2 lists the headers, RFC 4579 §5.13 what conferencing needs in them. */
static enum verdict check_headers(struct doctor *doctor)
{
    const sip_t *reply = ask_options(doctor);
    MUST_ACCEPT(reply, "OPTIONS");
    MUST(reply->sip_allow, "200 without Allow");
    MUST(reply->sip_accept, "200 without Accept");
    MUST(reply->sip_allow_events, "200 without Allow-Events");
    MUST(reply->sip_supported, "200 without Supported");
    struct offering *focus = &doctor->focus;
    MUST(offers(focus->allow, "INVITE") && offers(focus->allow, "BYE") &&
             offers(focus->allow, "SUBSCRIBE"),
         "Allow: %s", focus->allow);
    MUST(offers(focus->events, "conference"), "Allow-Events: %s",
         focus->events ? focus->events : "(empty)");
    return PASSED;
}

static enum verdict check_sdp(struct doctor *doctor)
{
    const sip_t *reply = ask_options(doctor);
    MUST_ACCEPT(reply, "OPTIONS");
    NEEDS(reply->sip_payload, "200 without a body");
    struct sdp *sdp = NULL;
    MUST(sdp_parse(reply->sip_payload->pl_data, reply->sip_payload->pl_len, &sdp) == 0,
         "the body is not SDP");
    sdp_free(sdp);
    return PASSED;
}

static enum verdict check_in_dialog(struct doctor *doctor)
{
    struct line *line;
    const sip_t *reply = phone_call(doctor->alice, doctor->conference, &line);
    MUST_ACCEPT(reply, "INVITE");
    reply = line_request(line, SIP_METHOD_OPTIONS, TAG_END());
    MUST_ACCEPT(reply, "OPTIONS in the dialog");
    MUST(is_focus(reply), "200 without isfocus in Contact");
    return PASSED;
}

const struct check checks_options[] = {
    {"options", "OPTIONS tells that the URI is a focus's: Contact with isfocus", "RFC 4579 5.13",
     check_options},
    {"options-headers", "OPTIONS tells Allow, Accept, Allow-Events, Supported", "RFC 4579 5.13",
     check_headers},
    {"options-sdp", "OPTIONS tells what media there are, in SDP", "RFC 4579 5.13", check_sdp},
    {"options-in-dialog", "OPTIONS in the dialog of a call says the same", "RFC 4579 4.3, 5.13",
     check_in_dialog},
    {0},
};
