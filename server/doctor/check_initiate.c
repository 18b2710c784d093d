/* INITIATE, by which one request makes a conference of many
 * (draft-ranjit-sipping-conference-01). */
#include "doctor/picture.h"

#include <string.h>

/* A conference that Alice has initiated with Bob. */
struct initiated {
    struct line *line; /* of the INITIATE, and of its subscription */
    struct line *alice, *bob;
};

static const sip_t *initiate(struct doctor *doctor, const char *confer_to, struct line **linep)
{
    const char *header = su_sprintf(doctor->home, "Confer-To: %s", confer_to);
    *linep = line_create(doctor->alice, doctor->factory);
    const sip_t *reply =
        line_request(*linep, sip_method_unknown, "INITIATE", SIPTAG_HEADER_STR(header),
                     SIPTAG_EVENT_STR("conference"),
                     SIPTAG_ACCEPT_STR("application/conference-info+xml"), TAG_END());
    if (is_success(reply)) {
        (*linep)->event = "conference";
    }
    return reply;
}

static enum verdict begin(struct doctor *doctor, struct initiated *made)
{
    NEEDS(offers(doctor->focus.allow, "INITIATE"), "no INITIATE in Allow");
    if (!doctor->factory) {
        return skipped(doctor, "give --factory");
    }
    const char *bob = in_brackets(doctor->home, doctor->bob->at, "");
    MUST_ACCEPT(initiate(doctor, bob, &made->line), "INITIATE");
    const struct arrival *bobs = phone_await_call(doctor->bob);
    MUST(bobs, "who was named in Confer-To is not called");
    const struct arrival *alices = phone_await_call(doctor->alice);
    MUST(alices, "who has initiated is not called");
    made->bob = bobs->line;
    made->alice = alices->line;
    return PASSED;
}

#define MUST_INITIATE(made)                                                                        \
    do {                                                                                           \
        enum verdict begun = begin(doctor, made);                                                  \
        if (begun != PASSED) {                                                                     \
            return begun;                                                                          \
        }                                                                                          \
    } while (0)

/* Figure 5.1, with Confer-To as the draft writes it. */
static enum verdict check_initiate(struct doctor *doctor)
{
    struct line *line;
    NEEDS(offers(doctor->focus.allow, "INITIATE"), "no INITIATE in Allow");
    if (!doctor->factory) {
        return skipped(doctor, "give --factory");
    }
    const char *both = su_sprintf(doctor->home, "%s;action=add, %s;action=add", doctor->bob->at,
                                  doctor->carol->at);
    const sip_t *reply = initiate(doctor, both, &line);
    MUST_ACCEPT(reply, "INITIATE");
    MUST(status_of(reply) == 202, "INITIATE: %s", reply_text(doctor, reply));
    MUST(phone_await_call(doctor->bob) && phone_await_call(doctor->carol), "not all are called");
    const struct arrival *invite = phone_await_call(doctor->alice);
    MUST(invite, "who has initiated is not called");
    MUST(is_focus(invite->sip), "the INVITE has no isfocus in Contact");
    return PASSED;
}

static enum verdict check_notify(struct doctor *doctor)
{
    struct initiated made = {0};
    MUST_INITIATE(&made);
    struct watch *watch = watch_follow(doctor, made.line);
    MUST(watch, "out of memory");
    MUST(watch_await(watch, doctor->bob->at, "connected"), "%s",
         watch_problem(watch, "no NOTIFY has who was called"));
    return PASSED;
}

/* A REFER with an action, in the dialog of the INITIATE (§6.1 to §6.4). */
static enum verdict act(struct doctor *doctor, const struct initiated *made,
                        const struct phone *phone, const char *action)
{
    struct progress progress;
    const char *more = su_sprintf(doctor->home, ";action=%s", action);
    const char *refer_to = in_brackets(doctor->home, phone->at, more);
    MUST_ACCEPT(line_refer(made->line, refer_to, TAG_END()), "REFER with an action");
    line_follow(made->line, NULL, &progress);
    MUST_END_WITH(progress, 2);
    return PASSED;
}

#define MUST_ACT(phone, action)                                                                    \
    do {                                                                                           \
        enum verdict acted = act(doctor, &made, phone, action);                                    \
        if (acted != PASSED) {                                                                     \
            return acted;                                                                          \
        }                                                                                          \
    } while (0)

static enum verdict check_add(struct doctor *doctor)
{
    struct initiated made = {0};
    MUST_INITIATE(&made);
    MUST_ACT(doctor->carol, "add");
    MUST(phone_seen(doctor->carol, NULL, sip_method_invite), "who is added is not called");
    return PASSED;
}

static enum verdict check_remove(struct doctor *doctor)
{
    struct initiated made = {0};
    MUST_INITIATE(&made);
    MUST_ACT(doctor->bob, "remove");
    MUST(line_await_bye(made.bob), "who is removed gets no BYE");
    return PASSED;
}

static enum verdict check_hold(struct doctor *doctor)
{
    struct initiated made = {0};
    MUST_INITIATE(&made);
    MUST_ACT(doctor->bob, "hold");
    MUST(phone_await(doctor->bob, made.bob, sip_method_invite), "no re-INVITE holds");
    MUST(strcmp(line_direction(made.bob), "sendrecv") != 0, "the re-INVITE has a=sendrecv");
    MUST_ACT(doctor->bob, "resume");
    MUST(phone_await(doctor->bob, made.bob, sip_method_invite), "no re-INVITE resumes");
    MUST(strcmp(line_direction(made.bob), "sendrecv") == 0, "the second re-INVITE has a=%s",
         line_direction(made.bob));
    return PASSED;
}

static enum verdict check_end(struct doctor *doctor)
{
    struct initiated made = {0};
    MUST_INITIATE(&made);
    MUST_ACCEPT(line_bye(made.alice), "BYE");
    MUST(line_await_bye(made.bob), "who was called gets no BYE when the initiator leaves");
    return PASSED;
}

#define DRAFT "draft-ranjit-sipping-conference-01 "

const struct check checks_initiate[] = {
    {"initiate", "INITIATE has all in Confer-To called, and the initiator", DRAFT "5",
     check_initiate},
    {"initiate-notify", "the initiator is told who is in", DRAFT "4.1, 5", check_notify},
    {"initiate-add", "REFER with action=add has somebody called", DRAFT "6.1", check_add},
    {"initiate-remove", "REFER with action=remove puts somebody out", DRAFT "6.2", check_remove},
    {"initiate-hold", "action=hold and action=resume re-INVITE", DRAFT "6.3, 6.4", check_hold},
    {"initiate-end", "all end when the initiator leaves", DRAFT "6.6", check_end},
    {0},
};
