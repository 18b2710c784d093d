/* Session timers (RFC 4028) with sessions of a few seconds. */
#include "tests/unit/sip/phone.h"

static int begin_short(void **state)
{
    (void)state;
    return bench_begin_with(4, 1);
}

static int begin_off(void **state)
{
    (void)state;
    return bench_begin_with(0, 90);
}

#define ALL_METHODS "Allow: INVITE, ACK, CANCEL, BYE, UPDATE\r\n"
#define NO_UPDATE "Allow: INVITE, ACK, CANCEL, BYE\r\n"

static void too_short_a_session_is_422(void **state)
{
    (void)state;
    phone_new_call();
    unsigned cseq =
        phone_request("INVITE", CONTACT "Supported: timer\r\nSession-Expires: 60\r\n", OFFER);
    phone_expect(422, "INVITE");
    assert_string_equal(phone_header("Min-SE"), "90");
    phone_ack_refusal(cseq, bench.branch);
    assert_int_equal(bench.incoming, 0);
}

static void the_refresher_is_whom_the_caller_names(void **state)
{
    (void)state;
    phone_call("Supported: timer\r\nSession-Expires: 300;refresher=uac\r\n");
    bench_run_until(bench_is_established);
    phone_request("UPDATE", CONTACT "Supported: timer\r\nSession-Expires: 300;refresher=uas\r\n",
                  "");
    phone_expect(200, "UPDATE");
    assert_string_equal(phone_header("Session-Expires"), "300;refresher=uas");
    assert_string_equal(phone_header("Require"), "timer");
    phone_request("UPDATE", CONTACT "Supported: timer\r\nSession-Expires: 400\r\n", "");
    phone_expect(200, "UPDATE");
    assert_string_equal(phone_header("Session-Expires"), "400;refresher=uas");
    phone_request("UPDATE", CONTACT "Supported: timer\r\nSession-Expires: 10\r\n", "");
    phone_expect(422, "UPDATE");
    phone_hang_up();
}

static void we_refresh_by_update_until_the_phone_is_gone(void **state)
{
    (void)state;
    phone_call("Supported: timer\r\nSession-Expires: 4;refresher=uas\r\n" ALL_METHODS);
    for (int i = 0; i < 2; i++) {
        phone_expect_request("UPDATE");
        assert_string_equal(phone_header("Session-Expires"), "4;refresher=uac");
        phone_reply(200, CONTACT "Session-Expires: 4;refresher=uac\r\nRequire: timer\r\n", "");
    }
    assert_int_equal(bench.ended, 0);
    phone_expect_request("UPDATE");
    phone_reply(481, "", "");
    bench_run_until(bench_has_ended);
    assert_int_equal(bench.end_code, 408);
}

static void we_refresh_by_reinvite_a_phone_without_update(void **state)
{
    (void)state;
    char agreed[1024];
    phone_call("Supported: timer\r\nSession-Expires: 4;refresher=uas\r\n" NO_UPDATE);
    snprintf(agreed, sizeof agreed, "%s", strstr(bench.message, "\r\n\r\n"));
    phone_expect_request("INVITE");
    assert_string_equal(strstr(bench.message, "\r\n\r\n"), agreed);
    char cseq[64];
    snprintf(cseq, sizeof cseq, "%.*s ACK", (int)strcspn(phone_header("CSeq"), " "),
             phone_header("CSeq"));
    phone_request("INVITE", CONTACT, OFFER);
    char theirs[sizeof bench.message];
    memcpy(theirs, bench.message, sizeof theirs);
    phone_expect(491, "INVITE");
    phone_ack_refusal(bench.cseq, bench.branch);
    memcpy(bench.message, theirs, sizeof theirs);
    phone_reply(200, CONTACT "Session-Expires: 4;refresher=uas\r\nRequire: timer\r\n",
                OFFER_OF("4010", "sendrecv", "8"));
    phone_expect_request("ACK");
    assert_string_equal(phone_header("CSeq"), cseq);
    assert_int_equal(bench.sessions, 2);
    /* The phone is the refresher now, and does not. */
    phone_expect_request("BYE");
    assert_non_null(strstr(phone_header("Reason"), "cause=408"));
    phone_reply(200, "", "");
    bench_run_until(bench_has_ended);
    assert_int_equal(bench.end_code, 408);
}

static void a_refresh_that_is_not_allowed_or_collides_is_tried_otherwise(void **state)
{
    (void)state;
    phone_call("Supported: timer\r\nSession-Expires: 4;refresher=uas\r\n" ALL_METHODS);
    phone_expect_request("UPDATE");
    phone_reply(405, "", "");
    phone_expect_request("INVITE");
    phone_reply(422, "Min-SE: 5\r\n", "");
    phone_expect_request("ACK");
    phone_expect_request("INVITE");
    assert_string_equal(phone_header("Session-Expires"), "5;refresher=uac");
    assert_string_equal(phone_header("Min-SE"), "5");
    phone_reply(200, CONTACT "Session-Expires: 5;refresher=uac\r\n", OFFER);
    phone_expect_request("ACK");
    assert_int_equal(bench.ended, 0);
    phone_hang_up();
}

static void a_phone_without_timers_is_refreshed_all_the_same(void **state)
{
    (void)state;
    phone_call(ALL_METHODS);
    phone_expect_request("UPDATE");
    phone_reply(200, CONTACT, "");
    phone_expect_request("UPDATE");
    phone_reply(403, "", "");
    phone_expect_request("UPDATE");
    phone_reply(200, CONTACT, "");
    assert_int_equal(bench.ended, 0);
    phone_hang_up();
}

static void timers_that_are_off_are_not_offered(void **state)
{
    (void)state;
    phone_new_call();
    unsigned cseq =
        phone_request("INVITE", CONTACT "Supported: timer\r\nSession-Expires: 5\r\n", OFFER);
    phone_expect(200, "INVITE");
    assert_string_equal(phone_header("Session-Expires"), "");
    assert_string_equal(phone_header("Supported"), "join, norefersub, replaces");
    phone_ack(cseq, "");
    phone_hang_up();
    phone_new_call();
    phone_request("INVITE", CONTACT "Require: timer\r\n", OFFER);
    phone_expect(420, "INVITE");
    phone_ack_refusal(bench.cseq, bench.branch);
}

#define short_test(name) cmocka_unit_test_setup_teardown(name, begin_short, bench_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(too_short_a_session_is_422),
        bench_test(the_refresher_is_whom_the_caller_names),
        short_test(we_refresh_by_update_until_the_phone_is_gone),
        short_test(we_refresh_by_reinvite_a_phone_without_update),
        short_test(a_refresh_that_is_not_allowed_or_collides_is_tried_otherwise),
        short_test(a_phone_without_timers_is_refreshed_all_the_same),
        cmocka_unit_test_setup_teardown(timers_that_are_off_are_not_offered, begin_off, bench_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
