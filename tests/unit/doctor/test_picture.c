/* What the doctor makes of documents of the conference package (RFC 4575 §4.6, §5). */
#include "doctor/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sofia-sip/msg.h>
#include <sofia-sip/sip_parser.h>
#include <stdio.h>
#include <string.h>

#define INFO(attributes, content)                                                                  \
    "<conference-info xmlns=\"urn:ietf:params:xml:ns:conference-info\" "                           \
    "entity=\"sip:ward@192.0.2.1\" " attributes ">" content "</conference-info>"
#define USER(name, more, endpoint)                                                                 \
    "<user entity=\"sip:" name "@192.0.2.7\"" more ">" endpoint "</user>"
#define ENDPOINT(name, status)                                                                     \
    "<endpoint entity=\"sip:" name "@192.0.2.7:5070\"><status>" status "</status></endpoint>"
#define FULL(version, users)                                                                       \
    INFO("state=\"full\" version=\"" version "\"",                                                 \
         "<conference-description/><users>" users "</users>")
#define SOME(users) "<users state=\"partial\">" users "</users>"
#define PARTIAL(version, users) INFO("state=\"partial\" version=\"" version "\"", SOME(users))

static const char alice_is_in[] =
    FULL("1", USER("alice", " state=\"full\"", ENDPOINT("alice", "connected")));

static bool take(struct picture *picture, const char *document)
{
    char text[4096];
    snprintf(text, sizeof text,
             "NOTIFY sip:doctor@192.0.2.9 SIP/2.0\r\n"
             "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKnotify\r\n"
             "From: <sip:ward@192.0.2.1>;tag=1\r\nTo: <sip:doctor@192.0.2.9>;tag=2\r\n"
             "Call-ID: call\r\nCSeq: 1 NOTIFY\r\nEvent: conference\r\n"
             "Content-Type: application/conference-info+xml\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(document), document);
    msg_t *msg = msg_make(sip_default_mclass(), 0, text, (ssize_t)strlen(text));
    assert_non_null(msg);
    bool is_taken = picture_take(picture, sip_object(msg));
    msg_destroy(msg);
    return is_taken;
}

/* Refused as the first document, for this reason. */
static void refuses(const char *document, const char *reason)
{
    struct picture picture = {0};
    assert_false(take(&picture, document));
    if (!strstr(picture.wrong, reason)) {
        fail_msg("\"%s\" does not say \"%s\"", picture.wrong, reason);
    }
    picture_free(&picture);
}

static void a_document_that_is_wrong_is_named(void **state)
{
    (void)state;
    refuses("<conference-info", "not well-formed");
    refuses("<dialog-info/>", "root is not conference-info");
    refuses(PARTIAL("1", ""), "first document is partial");
    refuses(INFO("version=\"1\"", "<users/>"), "without <conference-description>");
    refuses(INFO("version=\"1\"", "<conference-description/>"), "without <users>");
    refuses(INFO("version=\"x\"", "<conference-description/><users/>"), "version \"x\"");
    refuses(INFO("", "<conference-description/><users/>"), "version \"\"");
    refuses(INFO("version=\"1\" state=\"new\"", ""), "state=\"new\"");
    refuses(INFO("version=\"1\"", "<users/><conference-description/>"), "stands too late");
    refuses(INFO("version=\"1\"", "<conference-description/><people/>"), "<people> in");
    refuses(FULL("1", "<user/>"), "<user> without @entity");
    refuses(FULL("1", USER("a", "", "") USER("a", "", "")), "two <user>");
    refuses(FULL("1", USER("a", "", ENDPOINT("a", "here"))), "<status>here</status>");
    refuses(FULL("1", USER("a", " state=\"deleted\"", "")), "<user> is deleted in a <users>");
}

static void updates_come_to_what_a_new_subscriber_is_told(void **state)
{
    (void)state;
    struct picture old = {0}, fresh = {0};
    assert_true(take(&old, alice_is_in));
    assert_true(
        take(&old, PARTIAL("2", USER("bob", " state=\"full\"", ENDPOINT("bob", "connected")))));
    assert_true(take(
        &old, PARTIAL("3", USER("alice", " state=\"partial\"", ENDPOINT("alice", "on-hold")))));
    assert_true(take(&fresh, FULL("9", USER("bob", "", ENDPOINT("bob", "connected"))
                                           USER("alice", "", ENDPOINT("alice", "on-hold")))));
    assert_true(picture_is_equal(&old, &fresh));
    assert_true(take(&old, PARTIAL("4", USER("alice", " state=\"deleted\"", ""))));
    assert_false(picture_is_equal(&old, &fresh));
    assert_null(picture_user(&old, "sip:alice@192.0.2.7"));
    assert_non_null(picture_user(&old, "sip:bob@192.0.2.7"));
    picture_free(&old);
    picture_free(&fresh);
}

static void a_gap_is_named_and_what_is_old_is_left(void **state)
{
    (void)state;
    struct picture picture = {0};
    assert_true(take(&picture, alice_is_in));
    assert_true(take(&picture, PARTIAL("1", USER("alice", " state=\"deleted\"", ""))));
    assert_non_null(picture_user(&picture, "sip:alice@192.0.2.7"));
    assert_false(take(&picture, PARTIAL("3", "")));
    assert_string_equal(picture.wrong, "a partial document has version 3 after 1");
    picture_free(&picture);
}

static void users_are_known_by_their_uri_or_their_phones(void **state)
{
    (void)state;
    struct picture picture = {0};
    assert_true(take(&picture, alice_is_in));
    assert_ptr_equal(picture_user(&picture, "sip:alice@192.0.2.7"),
                     picture_user(&picture, "sip:alice@192.0.2.7:5070;transport=udp"));
    assert_null(picture_user(&picture, "sip:alice@192.0.2.70"));
    assert_int_equal(picture_endpoints(&picture, "sip:alice@192.0.2.7"), 1);
    const xmlNode *endpoint = picture_endpoint(&picture, "sip:alice@192.0.2.7");
    assert_string_equal(picture_text(endpoint, "status"), "connected");
    assert_null(picture_text(endpoint, "joining-info/when"));
    picture_free(&picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_that_is_wrong_is_named),
        cmocka_unit_test(updates_come_to_what_a_new_subscriber_is_told),
        cmocka_unit_test(a_gap_is_named_and_what_is_old_is_left),
        cmocka_unit_test(users_are_known_by_their_uri_or_their_phones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
