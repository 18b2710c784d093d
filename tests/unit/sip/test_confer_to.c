/* The Confer-To header in all its forms (draft-ranjit-sipping-conference-01 §4.3). */
#include "sip/message.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct recipients list;

/* Confer-To fields of a whole INITIATE. */
static int read_fields(const char *fields)
{
    char text[4096];
    su_home_t home[1] = {SU_HOME_INIT(home)};
    int size, error;

    recipients_clear(&list);
    size = snprintf(text, sizeof text,
                    "INITIATE sip:sip-conf@example.com SIP/2.0\r\n"
                    "Via: SIP/2.0/UDP ua1.example.com;branch=z9hG4bK11111\r\n"
                    "From: <sip:ua1@example.com>;tag=100\r\n"
                    "To: <sip:sip-conf@example.com>\r\n"
                    "Call-ID: ua1-conf@example.com\r\n"
                    "CSeq: 1 INITIATE\r\n"
                    "%sContent-Length: 0\r\n\r\n",
                    fields);
    msg_t *made = msg_make(sip_default_mclass(), 0, text, size);
    assert_non_null(made);
    su_home_init(home);
    error = confer_to_read(home, sip_object(made), 4, &list);
    su_home_deinit(home);
    msg_destroy(made);
    return error;
}

static void assert_recipient(unsigned index, const char *uri, enum recipient_action action)
{
    assert_true(index < list.count);
    assert_string_equal(list.items[index].uri, uri);
    assert_int_equal(list.items[index].action, action);
}

static int forget(void **state)
{
    (void)state;
    recipients_clear(&list);
    return 0;
}

static void the_examples_of_the_draft(void **state)
{
    (void)state;
    assert_int_equal(read_fields("Confer-To: sip:sreeram@wipro.com;action=add, \r\n"
                                 "                sip:nataraju@wipro.com;action=hold\r\n"),
                     0);
    assert_int_equal(list.count, 2);
    assert_recipient(0, "sip:sreeram@wipro.com", ACTION_ADD);
    assert_recipient(1, "sip:nataraju@wipro.com", ACTION_HOLD);
    /* Message F1: a line is folded within a value. */
    assert_int_equal(read_fields("Confer-To:sip:ua2@domain.com;action=add,sip:ua3@domain.com;\r\n"
                                 "           action=add,sip:ua4@domain.com;action=add\r\n"),
                     0);
    assert_int_equal(list.count, 3);
    assert_recipient(0, "sip:ua2@domain.com", ACTION_ADD);
    assert_recipient(1, "sip:ua3@domain.com", ACTION_ADD);
    assert_recipient(2, "sip:ua4@domain.com", ACTION_ADD);
}

static void several_fields_and_forms_are_one_list(void **state)
{
    (void)state;
    assert_int_equal(
        read_fields("confer-to: \"Bob, the \\\"B\\\"\" <sip:bob@example.com;transport=tcp>\r\n"
                    "CONFER-TO: <sip:carol@example.com> ; Action=REMOVE;x=y\r\n"
                    "Confer-To: <sip:dave@example.com;action=hold;transport=tcp>,\r\n"
                    "\tsip:eve@example.com:5070;transport=udp;ACTION=resume\r\n"),
        0);
    assert_int_equal(list.count, 4);
    assert_recipient(0, "sip:bob@example.com;transport=tcp", ACTION_ADD);
    assert_string_equal(list.items[0].name, "Bob, the \"B\"");
    assert_recipient(1, "sip:carol@example.com", ACTION_REMOVE);
    assert_recipient(2, "sip:dave@example.com;transport=tcp", ACTION_HOLD);
    assert_recipient(3, "sip:eve@example.com:5070", ACTION_RESUME);
}

static void of_the_same_twice_the_last_action_counts(void **state)
{
    (void)state;
    assert_int_equal(
        read_fields("Confer-To: <sip:bob@example.com>, <sip:bob@EXAMPLE.com>;action=hold\r\n"), 0);
    assert_int_equal(list.count, 1);
    assert_recipient(0, "sip:bob@example.com", ACTION_HOLD);
}

static void what_is_no_confer_to_is_refused(void **state)
{
    (void)state;
    assert_int_equal(read_fields(""), ENOENT);
    assert_int_equal(read_fields("Confer-To: <sip:bob@example.com>;action=juggle\r\n"), EINVAL);
    assert_int_equal(read_fields("Confer-To: <sip:bob@example.com>;action=\r\n"), EBADMSG);
    assert_int_equal(read_fields("Confer-To: <sip:bob@example.com;action=adding>\r\n"), EINVAL);
    assert_int_equal(read_fields("Confer-To: *\r\n"), EBADMSG);
    assert_int_equal(read_fields("Confer-To: \r\n"), EBADMSG);
    assert_int_equal(read_fields("Confer-To: <sip:bob@example.com\r\n"), EBADMSG);
    assert_int_equal(read_fields("Confer-To: bob\r\n"), EBADMSG);
    assert_int_equal(read_fields("Confer-To: sip:a@b, sip:b@b, sip:c@b, sip:d@b, sip:e@b\r\n"),
                     E2BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_examples_of_the_draft, forget),
        cmocka_unit_test_teardown(several_fields_and_forms_are_one_list, forget),
        cmocka_unit_test_teardown(of_the_same_twice_the_last_action_counts, forget),
        cmocka_unit_test_teardown(what_is_no_confer_to_is_refused, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
