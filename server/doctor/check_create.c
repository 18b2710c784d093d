/* Conferences that are made by a call, and their end (RFC 4579 §5.4, §5.12; RFC 5366). */
#include "doctor/picture.h"

#include <string.h>

/* What a factory was asked for: by its answer the caller is in, or is sent there. */
struct made {
    struct line *line;
    const url_t *uri; /* the conference's */
};

/* Alice makes a conference, and is in it. */
static enum verdict make(struct doctor *doctor, struct made *made)
{
    if (!doctor->factory) {
        return skipped(doctor, "give --factory");
    }
    const sip_t *reply = phone_call(doctor->alice, doctor->factory, &made->line);
    int status = status_of(reply);
    if (!is_success(reply) && status / 100 != 3) {
        return refused(doctor, reply, "INVITE to the factory");
    }
    MUST(reply->sip_contact, "%d without Contact", status);
    MUST(is_focus(reply), "%d without isfocus in Contact", status);
    made->uri = url_hdup(doctor->home, reply->sip_contact->m_url);
    MUST(made->uri, "%d with a Contact that is not to be read", status);
    if (status / 100 == 3) {
        reply = phone_call(doctor->alice, made->uri, &made->line);
        MUST_ACCEPT(reply, "INVITE to the new conference");
        MUST(is_focus(reply), "the new conference's 200 has no isfocus in Contact");
    }
    return PASSED;
}

#define MUST_MAKE(made)                                                                            \
    do {                                                                                           \
        enum verdict making = make(doctor, made);                                                  \
        if (making != PASSED) {                                                                    \
            return making;                                                                         \
        }                                                                                          \
    } while (0)

static enum verdict check_factory(struct doctor *doctor)
{
    struct made made = {0};
    struct line *line;
    MUST_MAKE(&made);
    MUST(url_cmp(made.uri, doctor->factory), "the conference's URI is the factory's");
    MUST_ACCEPT(phone_call(doctor->bob, made.uri, &line), "INVITE of another to it");
    return PASSED;
}

static enum verdict check_unique(struct doctor *doctor)
{
    struct made one = {0}, other = {0};
    MUST_MAKE(&one);
    MUST_MAKE(&other);
    MUST(url_cmp(one.uri, other.uri), "two conferences have the URI %s",
         url_as_string(doctor->home, one.uri));
    return PASSED;
}

/* Figure 12. */
static enum verdict check_end(struct doctor *doctor)
{
    struct made made = {0};
    struct line *line, *late;
    struct watch *watch;
    MUST_MAKE(&made);
    MUST_ACCEPT(phone_call(doctor->bob, made.uri, &line), "INVITE of another");
    MUST_WATCH(line, &watch);
    MUST_ACCEPT(line_bye(made.line), "BYE");
    MUST(line_await_bye(line), "who was in it with the creator gets no BYE");
    const sip_t *notify;
    do {
        notify = line_await_notify(line, "conference", NULL);
        MUST(notify, "no NOTIFY with Subscription-State: terminated");
        MUST(picture_take(&watch->picture, notify), "%s", watch->picture.wrong);
    } while (!notify_is_last(notify));
    const sip_t *reply = phone_call(doctor->bob, made.uri, &late);
    MUST(status_of(reply) == 404 || status_of(reply) == 410,
         "INVITE to what has ended is answered by %s", reply_text(doctor, reply));
    return PASSED;
}

/* A multipart body: what the phone offers, and whom it wants in (RFC 5366 §6). */
static const char *body_with_list(struct doctor *doctor, struct line *line)
{
    const struct phone *both[] = {doctor->bob, doctor->carol};
    const char *offer = line_open_media(line) ? NULL : line_offer(line, STREAM_SENDRECV);
    return su_sprintf(doctor->home,
                      "--doctors-cut\r\nContent-Type: application/sdp\r\n\r\n%s\r\n"
                      "--doctors-cut\r\nContent-Type: application/resource-lists+xml\r\n"
                      "Content-Disposition: recipient-list\r\n\r\n%s\r\n--doctors-cut--\r\n",
                      offer ? offer : "", resource_list(doctor->home, both, 2, ""));
}

static const char list_option[] = "recipient-list-invite";

static const sip_t *invite_with_list(struct doctor *doctor, const url_t *uri)
{
    struct line *line = line_create(doctor->alice, uri);
    const char *body = line ? body_with_list(doctor, line) : NULL;
    return line_invite(line, STREAM_SENDRECV, SIPTAG_REQUIRE_STR(list_option),
                       SIPTAG_CONTENT_TYPE_STR("multipart/mixed;boundary=\"doctors-cut\""),
                       SIPTAG_PAYLOAD_STR(body), TAG_END());
}

static enum verdict check_list(struct doctor *doctor)
{
    bool by_factory = doctor->factory && offers(doctor->maker.supported, list_option);
    NEEDS(by_factory || offers(doctor->focus.supported, list_option), "no %s in Supported",
          list_option);
    const sip_t *reply =
        invite_with_list(doctor, by_factory ? doctor->factory : doctor->conference);
    if (status_of(reply) / 100 == 3 && reply->sip_contact) {
        reply = invite_with_list(doctor, reply->sip_contact->m_url);
    }
    MUST_ACCEPT(reply, "INVITE with a list");
    MUST(is_focus(reply), "200 without isfocus in Contact");
    const struct arrival *bobs = phone_await_call(doctor->bob);
    const struct arrival *carols = phone_await_call(doctor->carol);
    MUST(bobs && carols, "not all are called");
    MUST(is_focus(bobs->sip), "their INVITE has no isfocus in Contact");
    return PASSED;
}

const struct check checks_create[] = {
    {"factory", "a call to the factory makes a conference, by 302 or by 200", "RFC 4579 5.4",
     check_factory},
    {"factory-unique", "each is another one", "RFC 4579 3.2", check_unique},
    {"end", "it ends when its creator leaves: BYE, terminated, 404 or 410", "RFC 4579 5.12",
     check_end},
    {"invite-list", "INVITE with a list has all in it called", "RFC 5366 5", check_list},
    {0},
};
