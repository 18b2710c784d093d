/* What the conference package tells of those who come and go (RFC 4575 §4, §5). */
#include "doctor/picture.h"

#include <string.h>

/* Alice watches from outside while others come and go. */
static enum verdict begin(struct doctor *doctor, struct watch **watchp)
{
    NEEDS_PACKAGE;
    /* Some conferences exist only while somebody is in them. */
    struct line *line;
    const sip_t *reply = phone_call(doctor->carol, doctor->conference, &line);
    MUST_ACCEPT(reply, "INVITE of another");
    MUST_WATCH(line_create(doctor->alice, doctor->conference), watchp);
    return PASSED;
}

/* And Bob comes, which she is told. */
static enum verdict begin_with_bob(struct doctor *doctor, struct watch **watchp, struct line **bobp)
{
    enum verdict begun = begin(doctor, watchp);
    if (begun != PASSED) {
        return begun;
    }
    MUST_ACCEPT(phone_call(doctor->bob, doctor->conference, bobp), "INVITE");
    MUST(watch_await(*watchp, doctor->bob->uri, "connected"), "%s",
         watch_problem(*watchp, "no NOTIFY has the new user as connected"));
    return PASSED;
}

static enum verdict check_join(struct doctor *doctor)
{
    struct watch *watch = NULL;
    struct line *line;
    enum verdict begun = begin_with_bob(doctor, &watch, &line);
    if (begun != PASSED) {
        return begun;
    }
    const xmlNode *endpoint = picture_endpoint(&watch->picture, doctor->bob->uri);
    const char *method = picture_text(endpoint, "joining-method");
    MUST(method && strcmp(method, "dialed-in") == 0, "joining-method is %s",
         method ? method : "missing");
    MUST(picture_text(endpoint, "joining-info/when"), "joining-info has no when");
    MUST(picture_text(endpoint, "media/type"), "the endpoint has no media with a type");
    return PASSED;
}

static enum verdict check_leave(struct doctor *doctor)
{
    struct watch *watch = NULL;
    struct line *line;
    enum verdict begun = begin_with_bob(doctor, &watch, &line);
    if (begun != PASSED) {
        return begun;
    }
    (void)line_bye(line);
    MUST(watch_await(watch, doctor->bob->uri, ""), "%s",
         watch_problem(watch, "no NOTIFY tells that the user has left"));
    const xmlNode *endpoint = picture_endpoint(&watch->picture, doctor->bob->uri);
    if (endpoint) {
        const char *method = picture_text(endpoint, "disconnection-method");
        MUST(method && strcmp(method, "departed") == 0, "disconnection-method is %s",
             method ? method : "missing");
        MUST(picture_text(endpoint, "disconnection-info/when"), "disconnection-info has no when");
    }
    return PASSED;
}

static enum verdict check_hold(struct doctor *doctor)
{
    struct watch *watch = NULL;
    struct line *line;
    enum verdict begun = begin(doctor, &watch);
    if (begun != PASSED) {
        return begun;
    }
    const sip_t *reply = phone_call(doctor->bob, doctor->conference, &line);
    MUST_ACCEPT(reply, "INVITE");
    reply = line_invite(line, STREAM_INACTIVE, TAG_END());
    MUST_ACCEPT(reply, "re-INVITE with a=inactive");
    MUST(watch_await(watch, doctor->bob->uri, "on-hold"), "%s",
         watch_problem(watch, "no NOTIFY has the user as on-hold"));
    return PASSED;
}

static enum verdict check_updates(struct doctor *doctor)
{
    struct watch *watch = NULL;
    struct line *first, *second;
    enum verdict begun = begin_with_bob(doctor, &watch, &first);
    if (begun != PASSED) {
        return begun;
    }
    MUST_ACCEPT(phone_call(doctor->tablet, doctor->conference, &second), "INVITE");
    (void)line_bye(first);
    MUST(watch_await(watch, doctor->bob->uri, ""), "%s",
         watch_problem(watch, "no NOTIFY tells that the user has left"));
    const char *differs = watch_compare(watch);
    MUST(!differs, "%s", differs);
    return PASSED;
}

/* RFC 4579 §6: a focus must grant privacy (RFC 3323), which is to say that nobody is told the URI.
 */
static enum verdict check_privacy(struct doctor *doctor)
{
    struct watch *watch = NULL;
    enum verdict begun = begin(doctor, &watch);
    if (begun != PASSED) {
        return begun;
    }
    struct line *line = line_create(doctor->bob, doctor->conference), *open;
    const sip_t *reply = line_invite(line, STREAM_SENDRECV, SIPTAG_PRIVACY_STR("id"), TAG_END());
    MUST_ACCEPT(reply, "INVITE with Privacy: id");
    /* Who comes later is told of, so what was to be told of Bob has been. */
    MUST_ACCEPT(phone_call(doctor->tablet, doctor->conference, &open), "INVITE");
    MUST(watch_await(watch, doctor->tablet->uri, "connected"), "%s",
         watch_problem(watch, "no NOTIFY has the new user as connected"));
    MUST(!picture_user(&watch->picture, doctor->bob->uri), "the roster has who asked for privacy");
    return PASSED;
}

const struct check checks_roster[] = {
    {"roster-join", "who calls in appears: connected, dialed-in, when, media",
     "RFC 4575 5.7.3 to 5.7.8", check_join},
    {"roster-leave", "who hangs up goes, or is departed, and when", "RFC 4575 5.7.6, 5.7.7",
     check_leave},
    {"roster-hold", "who is on hold is shown so", "RFC 4575 5.7.3", check_hold},
    {"privacy", "who asks for privacy is in the roster without a name", "RFC 4579 6, RFC 3323",
     check_privacy},
    {"roster-updates", "all updates come to what a new subscriber is told", "RFC 4575 4.6",
     check_updates},
    {0},
};
