/* Having the focus call others (RFC 4579 §5.5; RFC 3515). */
#include "doctor/picture.h"

#include <sofia-sip/sip_extra.h>
#include <string.h>

enum { SILENCE_MS = 700 /* in which no NOTIFY may come */ };

static const char *to_bob(struct doctor *doctor)
{
    return in_brackets(doctor->home, doctor->bob->at, "");
}

/* Alice calls in: whoever asks for others is a participant. */
static const sip_t *begin(struct doctor *doctor, struct line **callp)
{
    return phone_call(doctor->alice, doctor->conference, callp);
}

static enum verdict check_refer(struct doctor *doctor)
{
    struct line *call, *line;
    struct progress progress;
    NEEDS_REFER;
    MUST_ACCEPT(begin(doctor, &call), "INVITE");
    line = line_create(doctor->alice, doctor->conference);
    MUST_ACCEPT(line_refer(line, to_bob(doctor), TAG_END()), "REFER");
    const struct arrival *invite = phone_await_call(doctor->bob);
    MUST(invite, "who was named in Refer-To is not called");
    MUST(is_focus(invite->sip), "the INVITE has no isfocus in Contact");
    line_follow(line, NULL, &progress);
    MUST_END_WITH(progress, 2);
    MUST(progress.first == 100, "the first NOTIFY says %d", progress.first);
    return PASSED;
}

static enum verdict check_in_dialog(struct doctor *doctor)
{
    struct line *call;
    struct progress progress;
    NEEDS_REFER;
    MUST_ACCEPT(begin(doctor, &call), "INVITE");
    MUST_ACCEPT(line_refer(call, to_bob(doctor), TAG_END()), "REFER in the dialog");
    MUST(phone_await_call(doctor->bob), "who was named in Refer-To is not called");
    line_follow(call, NULL, &progress);
    MUST_END_WITH(progress, 2);
    return PASSED;
}

/* RFC 3515 §2.4.6: the second REFER's NOTIFYs bear its CSeq; the first one's may. */
static enum verdict check_several(struct doctor *doctor)
{
    struct line *call;
    struct progress progress;
    NEEDS_REFER;
    MUST_ACCEPT(begin(doctor, &call), "INVITE");
    MUST_ACCEPT(line_refer(call, to_bob(doctor), TAG_END()), "REFER");
    const char *to_carol = in_brackets(call->home, doctor->carol->at, "");
    MUST_ACCEPT(line_refer(call, to_carol, TAG_END()), "second REFER");
    const char *id = su_sprintf(call->home, "%u", call->cseq);
    MUST(phone_await_call(doctor->bob) && phone_await_call(doctor->carol), "not both are called");
    line_follow(call, id, &progress);
    MUST(progress.notifies, "no NOTIFY has Event: refer;id=%s", id);
    MUST_END_WITH(progress, 2);
    line_follow(call, NULL, &progress);
    MUST_END_WITH(progress, 2);
    return PASSED;
}

static enum verdict check_busy(struct doctor *doctor)
{
    struct line *call;
    struct progress progress;
    NEEDS_REFER;
    MUST_ACCEPT(begin(doctor, &call), "INVITE");
    doctor->bob->refuses = 486;
    MUST_ACCEPT(line_refer(call, to_bob(doctor), TAG_END()), "REFER");
    line_follow(call, NULL, &progress);
    MUST_END_WITH(progress, 4);
    MUST(progress.last == 486, "the last NOTIFY says %d, and 486 was the answer", progress.last);
    return PASSED;
}

/* The INVITE that Bob gets at Alice's wish. */
static enum verdict have_bob_called(struct doctor *doctor, const struct arrival **invitep)
{
    struct line *call;
    NEEDS_REFER;
    MUST_ACCEPT(begin(doctor, &call), "INVITE");
    MUST_ACCEPT(line_refer(call, to_bob(doctor), TAG_END()), "REFER");
    *invitep = phone_await_call(doctor->bob);
    MUST(*invitep, "who was named in Refer-To is not called");
    return PASSED;
}

static enum verdict check_referred_by(struct doctor *doctor)
{
    const struct arrival *invite = NULL;
    enum verdict called = have_bob_called(doctor, &invite);
    if (!invite) {
        return called;
    }
    MUST(invite->sip->sip_referred_by, "the INVITE has no Referred-By");
    return PASSED;
}

static enum verdict check_headers(struct doctor *doctor)
{
    const struct arrival *invite = NULL;
    enum verdict called = have_bob_called(doctor, &invite);
    if (!invite) {
        return called;
    }
    MUST(invite->sip->sip_allow, "INVITE without Allow");
    MUST(invite->sip->sip_allow_events, "INVITE without Allow-Events");
    MUST(invite->sip->sip_supported, "INVITE without Supported");
    MUST(invite->sip->sip_accept, "INVITE without Accept");
    return PASSED;
}

/* Who was called is shown as such, and by whose wish. */
static enum verdict check_roster(struct doctor *doctor)
{
    struct line *call;
    struct watch *watch;
    NEEDS_REFER;
    NEEDS_PACKAGE;
    MUST_ACCEPT(begin(doctor, &call), "INVITE");
    MUST_WATCH(call, &watch);
    MUST_ACCEPT(line_refer(call, to_bob(doctor), TAG_END()), "REFER");
    MUST(watch_await(watch, doctor->bob->at, "connected"), "%s",
         watch_problem(watch, "no NOTIFY has who was called"));
    const xmlNode *endpoint = picture_endpoint(&watch->picture, doctor->bob->at);
    const char *method = picture_text(endpoint, "joining-method");
    MUST(method && strcmp(method, "dialed-out") == 0, "joining-method is %s",
         method ? method : "missing");
    return PASSED;
}

static enum verdict check_quiet(struct doctor *doctor)
{
    struct line *call, *line;
    NEEDS_REFER;
    NEEDS(offers(doctor->focus.supported, "norefersub"), "no norefersub in Supported");
    MUST_ACCEPT(begin(doctor, &call), "INVITE");
    line = line_create(doctor->alice, doctor->conference);
    const sip_t *reply = line_refer(line, to_bob(doctor), SIPTAG_HEADER_STR("Refer-Sub: false"),
                                    SIPTAG_SUPPORTED_STR("norefersub"), TAG_END());
    MUST_ACCEPT(reply, "REFER with Refer-Sub: false");
    const sip_refer_sub_t *quiet = sip_refer_sub(reply);
    MUST(quiet && su_casematch(quiet->rs_value, "false"), "the %d has no Refer-Sub: false",
         status_of(reply));
    MUST(phone_await_call(doctor->bob), "who was named in Refer-To is not called");
    doctor_rest(doctor, SILENCE_MS);
    MUST(!line_seen_notify(line, "refer", NULL), "a NOTIFY comes all the same");
    return PASSED;
}

static enum verdict check_nobody(struct doctor *doctor)
{
    NEEDS_REFER;
    const sip_t *reply = phone_ask(doctor->alice, doctor->conference, SIP_METHOD_REFER, TAG_END());
    MUST_GET(reply, 400, "REFER without Refer-To");
    return PASSED;
}

/* RFC 4579 §6: who may have others called is the focus's to say. */
static enum verdict check_stranger(struct doctor *doctor)
{
    NEEDS_REFER;
    struct line *line = line_create(doctor->carol, doctor->conference);
    const sip_t *reply = line_refer(line, to_bob(doctor), TAG_END());
    int status = status_of(reply);
    if (status == 401 || status == 407) {
        MUST(status == 401 ? reply->sip_www_authenticate != NULL
                           : reply->sip_proxy_authenticate != NULL,
             "%d without a challenge", status);
        return PASSED;
    }
    if (is_success(reply)) {
        return conclude(doctor, NOTED, "%d: anybody may have others called from here", status);
    }
    return status / 100 == 4 ? PASSED : refused(doctor, reply, "REFER");
}

const struct check checks_refer[] = {
    {"refer", "REFER has somebody called by a focus; NOTIFYs tell 100, then 200", "RFC 4579 5.5",
     check_refer},
    {"refer-in-dialog", "the same in the dialog of a call", "RFC 4579 5.5, RFC 3515 2.4.3",
     check_in_dialog},
    {"refer-several", "two at a time in one dialog are told apart by id", "RFC 3515 2.4.6",
     check_several},
    {"refer-busy", "who is busy is told of as 486", "RFC 3515 2.4.5", check_busy},
    {"referred-by", "who is called learns by whose wish", "RFC 3892 2.3", check_referred_by},
    {"dial-out-headers", "the INVITE tells Allow, Allow-Events, Supported, Accept", "RFC 4579 5.13",
     check_headers},
    {"refer-roster", "who was called is in the roster as dialed-out", "RFC 4575 5.7.4",
     check_roster},
    {"refer-quiet", "Refer-Sub: false has no NOTIFYs", "RFC 4488 4", check_quiet},
    {"refer-nobody", "a REFER without Refer-To gets 400", "RFC 3515 2.4.2", check_nobody},
    {"refer-stranger", "a stranger's REFER is challenged or refused", "RFC 4579 6", check_stranger},
    {0},
};
