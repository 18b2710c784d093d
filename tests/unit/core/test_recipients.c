/* Resource lists (RFC 4826, RFC 5364): what they say, and what they may not do. */
#include "core/recipients.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                                                       \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                 \
    "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"\n"                            \
    "          xmlns:cp=\"urn:ietf:params:xml:ns:copycontrol\">\n"
#define TAIL "</resource-lists>\n"
#define LIST(entries) HEAD "<list>" entries "</list>" TAIL

static struct recipients list;

static int read_text(const char *text)
{
    recipients_clear(&list);
    return recipients_read_xml(&list, text, strlen(text), 10);
}

static int forget(void **state)
{
    (void)state;
    recipients_clear(&list);
    return 0;
}

static void the_list_of_rfc_5366_figure_3(void **state)
{
    static const struct recipient wanted[] = {
        {.uri = "sip:bill@example.com", .copy = COPY_TO},
        {.uri = "sip:randy@example.net", .copy = COPY_TO, .is_anonymous = true},
        {.uri = "sip:joe@example.org", .copy = COPY_CC},
        {.uri = "sip:ted@example.net", .copy = COPY_BCC},
        {.uri = "sip:andy@example.com", .copy = COPY_UNSAID},
    };
    (void)state;
    assert_int_equal(read_text("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                               "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"\n"
                               "          xmlns:cp=\"urn:ietf:params:xml:ns:copyControl\">\n"
                               "  <list>\n"
                               "    <entry uri=\"sip:bill@example.com\" cp:copyControl=\"to\" />\n"
                               "    <entry uri=\"sip:randy@example.net\" cp:copyControl=\"to\"\n"
                               "                                       cp:anonymize=\"true\"/>\n"
                               "    <entry uri=\"sip:joe@example.org\" cp:copyControl=\"cc\" />\n"
                               "    <entry uri=\"sip:ted@example.net\" cp:copyControl=\"bcc\" />\n"
                               "    <entry uri=\"sip:andy@example.com\"/>\n"
                               "  </list>\n"
                               "</resource-lists>\n"),
                     0);
    assert_int_equal(list.count, 5);
    for (unsigned i = 0; i < list.count; i++) {
        assert_string_equal(list.items[i].uri, wanted[i].uri);
        assert_int_equal(list.items[i].copy, wanted[i].copy);
        assert_int_equal(list.items[i].is_anonymous, wanted[i].is_anonymous);
        assert_int_equal(list.items[i].action, ACTION_ADD);
    }
}

static void names_nested_lists_and_extensions(void **state)
{
    (void)state;
    assert_int_equal(
        read_text(HEAD "<list name=\"a\"><display-name>Friends</display-name>"
                       "<entry uri=\"sip:a@example.com?x=1&amp;y=2\"><display-name>A &lt;&amp;&gt; "
                       "<![CDATA[B]]></display-name></entry>"
                       "<list><entry uri=\"sip:b@example.com\"/></list>"
                       "<x:other xmlns:x=\"urn:x\"><entry uri=\"sip:no@example.com\"/></x:other>"
                       "</list><list/>" TAIL),
        0);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.items[0].uri, "sip:a@example.com?x=1&y=2");
    assert_string_equal(list.items[0].name, "A <&> B");
    assert_string_equal(list.items[1].uri, "sip:b@example.com");
    assert_string_equal(list.items[1].name, "");
}

static void who_is_there_twice_is_there_once_with_the_higher_precedence(void **state)
{
    (void)state;
    assert_int_equal(read_text(LIST("<entry uri=\"sip:Bob@example.com\" cp:copyControl=\"bcc\"/>"
                                    "<entry uri=\"SIP:%42ob@EXAMPLE.com\" cp:copyControl=\"to\"/>"
                                    "<entry uri=\"sip:bob@example.com\"/>"
                                    "<entry uri=\"sip:Bob@example.com\" cp:copyControl=\"cc\"/>")),
                     0);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.items[0].uri, "sip:Bob@example.com");
    assert_int_equal(list.items[0].copy, COPY_TO);
    assert_string_equal(list.items[1].uri, "sip:bob@example.com");
}

static void what_is_no_list_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "v=0\r\n",
        "<resource-lists/>",
        "<list xmlns=\"urn:ietf:params:xml:ns:resource-lists\"/>",
        HEAD "<list><entry uri=\"sip:a@b\"/></list>",
        LIST("<entry/>"),
        LIST("<entry uri=\"\"/>"),
        LIST("<entry uri=\"sip:a@b\"><entry uri=\"sip:b@b\"/></entry>"),
        LIST("<participant uri=\"sip:a@b\"/>"),
        HEAD "<entry uri=\"sip:a@b\"/>" TAIL,
        LIST("<entry uri=\"sip:a@b\" uri=\"sip:c@b\"/>"),
        LIST("<entry uri=\"sip:a&undeclared;@b\"/>"),
        LIST("<entry uri=\"sip:\xff@b\"/>"),
        "<?xml version=\"1.0\" encoding=\"no-such\"?><resource-lists/>",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(read_text(bad[i]), EBADMSG);
    }
}

static void what_is_elsewhere_is_not_fetched(void **state)
{
    (void)state;
    assert_int_equal(read_text(LIST("<external anchor=\"http://example.com/list\"/>")), ENOTSUP);
    assert_int_equal(read_text(LIST("<entry-ref ref=\"resource-lists/users/a\"/>")), ENOTSUP);
}

static void document_types_and_their_entities_are_refused(void **state)
{
    static const char *const bad[] = {
        "<!DOCTYPE resource-lists SYSTEM \"file:///etc/passwd\">",
        "<!DOCTYPE r [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>",
        "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
        "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">]>",
    };
    char text[2048];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        (void)snprintf(text, sizeof text,
                       "<?xml version=\"1.0\"?>%s<resource-lists "
                       "xmlns=\"urn:ietf:params:xml:ns:resource-lists\"><list>"
                       "<entry uri=\"sip:x@b\"><display-name>&a;&d;</display-name></entry></list>"
                       "</resource-lists>",
                       bad[i]);
        assert_int_equal(read_text(text), EBADMSG);
        assert_int_equal(list.count, 0);
    }
}

/* `before`, `count` times `piece`, `after`. */
static int read_many(const char *before, unsigned count, const char *piece, const char *after)
{
    size_t size = strlen(before) + strlen(after) + count * strlen(piece) + 1;
    char *text = malloc(size), *end = text;
    int error;

    assert_non_null(text);
    end = stpcpy(end, before);
    for (unsigned i = 0; i < count; i++) {
        end = stpcpy(end, piece);
    }
    (void)stpcpy(end, after);
    error = read_text(text);
    free(text);
    return error;
}

static void what_is_too_much_is_refused(void **state)
{
    char entries[2000] = "";
    (void)state;
    for (unsigned i = 0; i < 11; i++) {
        (void)snprintf(entries + strlen(entries), sizeof entries - strlen(entries),
                       "<entry uri=\"sip:%u@b\"/>", i);
        assert_int_equal(read_many(HEAD "<list>", 1, entries, "</list>" TAIL), i < 10 ? 0 : E2BIG);
    }
    assert_int_equal(read_many(HEAD, 1000, "<list>", ""), E2BIG);
    assert_int_equal(read_many(HEAD, 100000, "<list/>", TAIL), E2BIG);
    assert_int_equal(read_many(HEAD "<list><entry uri=\"sip:", 700, "a", "@b\"/></list>" TAIL),
                     EBADMSG);
    assert_int_equal(read_many(HEAD "<list><entry uri=\"sip:a@b\"><display-name>", 5000, "name",
                               "</display-name></entry></list>" TAIL),
                     0);
    assert_int_equal(strlen(list.items[0].name), 127);
}

/* Every beginning of a list, and a list with any one byte spoilt: read or refused, no harm done. */
static void broken_lists_do_no_harm(void **state)
{
    static const char good[] = LIST("<entry uri=\"sip:a@b\" cp:copyControl=\"to\">"
                                    "<display-name>A</display-name></entry>");
    char text[sizeof good];
    (void)state;
    for (size_t size = 0; size < sizeof good - 1; size++) {
        recipients_clear(&list);
        (void)recipients_read_xml(&list, good, size, 10);
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(text, good, sizeof good);
            text[size] = (char)(text[size] ^ 1u << bit);
            recipients_clear(&list);
            (void)recipients_read_xml(&list, text, sizeof good - 1, 10);
        }
    }
}

static void actions_have_names(void **state)
{
    enum recipient_action action = ACTION_COUNT;
    (void)state;
    assert_true(recipient_action_read("REMOVE;", 6, &action));
    assert_int_equal(action, ACTION_REMOVE);
    assert_true(recipient_action_read("hold", 4, &action));
    assert_int_equal(action, ACTION_HOLD);
    assert_false(recipient_action_read("holdup", 6, &action));
    assert_false(recipient_action_read("", 0, &action));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_list_of_rfc_5366_figure_3, forget),
        cmocka_unit_test_teardown(names_nested_lists_and_extensions, forget),
        cmocka_unit_test_teardown(who_is_there_twice_is_there_once_with_the_higher_precedence,
                                  forget),
        cmocka_unit_test_teardown(what_is_no_list_is_refused, forget),
        cmocka_unit_test_teardown(what_is_elsewhere_is_not_fetched, forget),
        cmocka_unit_test_teardown(document_types_and_their_entities_are_refused, forget),
        cmocka_unit_test_teardown(what_is_too_much_is_refused, forget),
        cmocka_unit_test_teardown(broken_lists_do_no_harm, forget),
        cmocka_unit_test(actions_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
