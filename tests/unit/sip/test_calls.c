/* Calls from INVITE to BYE, on the wire and as the focus is told of them. */
#include "tests/unit/sip/phone.h"

static void a_call_is_answered_acknowledged_and_ended(void **state)
{
    (void)state;
    phone_new_call();
    unsigned cseq = phone_request("INVITE", CONTACT, OFFER);
    phone_expect(100, "INVITE");
    phone_expect(180, "INVITE");
    phone_expect(200, "INVITE");
    phone_expect_contact("", ";isfocus");
    assert_string_equal(
        phone_header("Allow"),
        "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, SUBSCRIBE, REFER, NOTIFY, MESSAGE, INFO");
    assert_string_equal(phone_header("Accept"), "application/sdp, multipart/mixed");
    assert_string_equal(phone_header("Supported"), "join, norefersub, replaces, timer");
    assert_string_equal(phone_header("Server"), "Parley/" PARLEY_VERSION);
    assert_true(phone_has("m=audio 30000 RTP/AVP 0 8"));
    assert_int_equal(bench.established, 0);
    phone_ack(cseq, "");
    bench_run_until(bench_is_established);
    assert_int_equal(bench.sessions, 1);
    assert_int_equal(bench.session.direction, STREAM_SENDRECV);
    assert_string_equal(bench.session.codec.name, "PCMU");
    phone_hang_up();
    assert_int_equal(bench.ended, 1);
    assert_int_equal(bench.end_code, 0);
    phone_expect_nothing(4 * TEST_T1);
}

static void the_focus_learns_who_calls_whom(void **state)
{
    (void)state;
    bench.mode = FOCUS_WAITS;
    phone_new_call();
    phone_send("INVITE", "sip:d%65mo@" SERVER_HOST, ++bench.cseq, ++bench.branch,
               CONTACT "User-Agent: Test\x01/1\r\nPrivacy: id\r\n", OFFER);
    phone_expect(100, "INVITE");
    char peer[64];
    snprintf(peer, sizeof peer, PHONE_HOST ":%u;udp", bench.port);
    assert_string_equal(bench.info.requested_user, "demo");
    assert_string_equal(bench.info.requested_host, SERVER_HOST);
    assert_string_equal(bench.info.caller.uri, "sip:alice@example.com:5080");
    assert_string_equal(bench.info.caller.user, "alice");
    assert_string_equal(bench.info.caller.display_name, "Al \"Ace\" Ice");
    assert_string_equal(bench.info.caller.user_agent, "Test?/1");
    assert_string_equal(bench.info.caller.peer, peer);
    assert_true(bench.info.caller.anonymous);
    assert_true(bench.info.has_offer);
    assert_int_equal(bench.info.family, AF_INET);
    assert_int_equal(strlen(bench.info.id), 8);
}

static void a_cancel_before_the_answer_ends_the_call_with_487(void **state)
{
    (void)state;
    bench.mode = FOCUS_WAITS;
    phone_new_call();
    unsigned cseq = phone_request("INVITE", CONTACT, OFFER);
    unsigned branch = bench.branch;
    phone_expect(100, "INVITE");
    phone_send("CANCEL", SERVER_URI, cseq, branch, "", "");
    phone_expect(200, "CANCEL");
    char tag[128];
    snprintf(tag, sizeof tag, "%s", strstr(phone_header("To"), ";tag="));
    phone_expect(487, "INVITE");
    assert_non_null(strstr(phone_header("To"), tag));
    phone_ack_refusal(cseq, branch);
    bench_run_until(bench_is_empty);
    assert_int_equal(bench.end_code, 487);
    phone_expect_nothing(4 * TEST_T1);
}

static void a_cancel_after_the_answer_gets_its_200_and_changes_nothing(void **state)
{
    (void)state;
    phone_new_call();
    unsigned cseq = phone_request("INVITE", CONTACT, OFFER);
    unsigned branch = bench.branch;
    phone_expect(200, "INVITE");
    char tag[64];
    snprintf(tag, sizeof tag, "%s", bench.to_tag);
    bench.to_tag[0] = '\0';
    phone_send("CANCEL", SERVER_URI, cseq, branch, "", "");
    do { /* the 200 to the INVITE may be repeated meanwhile */
        phone_expect(200, "");
    } while (!strstr(phone_header("CSeq"), "CANCEL"));
    snprintf(bench.to_tag, sizeof bench.to_tag, "%s", tag);
    phone_ack(cseq, "");
    bench_run_until(bench_is_established);
    assert_int_equal(bench.ended, 0);
    phone_hang_up();
}

static void a_rejected_call_says_why_and_when_to_try_again(void **state)
{
    (void)state;
    bench.mode = FOCUS_REJECTS;
    phone_new_call();
    unsigned cseq = phone_request("INVITE", CONTACT, OFFER);
    phone_expect(486, "INVITE");
    assert_string_equal(phone_header("Retry-After"), "7");
    phone_ack_refusal(cseq, bench.branch);
    bench_run_until(bench_has_ended);
    assert_int_equal(bench.end_code, 486);
    phone_expect_nothing(4 * TEST_T1);
}

static void the_200_is_repeated_unchanged_until_the_ack(void **state)
{
    (void)state;
    static char first[sizeof bench.message];
    phone_new_call();
    unsigned cseq = phone_request("INVITE", CONTACT, OFFER);
    phone_expect(200, "INVITE");
    memcpy(first, bench.message, sizeof first);
    for (int i = 0; i < 3; i++) {
        phone_expect(200, "INVITE");
        assert_string_equal(bench.message, first);
    }
    phone_ack(cseq, "");
    bench_run_until(bench_is_established);
    phone_receive(); /* one that crossed the ACK */
    phone_expect_nothing(12 * TEST_T1);
    assert_int_equal(bench.incoming, 1);
}

static void the_same_invite_again_is_the_same_call_and_a_forked_one_is_482(void **state)
{
    (void)state;
    bench.mode = FOCUS_WAITS;
    phone_new_call();
    unsigned cseq = phone_request("INVITE", CONTACT, OFFER);
    phone_expect(100, "INVITE");
    phone_send("INVITE", SERVER_URI, cseq, bench.branch, CONTACT, OFFER);
    phone_expect(100, "INVITE");
    phone_send("INVITE", SERVER_URI, cseq, ++bench.branch, CONTACT, OFFER);
    phone_expect(482, "INVITE");
    assert_int_equal(bench.incoming, 1);
}

static void without_an_ack_the_call_ends_with_408_and_a_bye(void **state)
{
    (void)state;
    phone_new_call();
    phone_request("INVITE", CONTACT, OFFER);
    do {
        phone_next();
    } while (strncmp(bench.message, "BYE", 3) != 0);
    assert_non_null(strstr(phone_header("Reason"), "SIP;cause=408"));
    phone_reply(200, "", "");
    bench_run_until(bench_has_ended);
    assert_int_equal(bench.end_code, 408);
    assert_int_equal(bench.established, 0);
}

static void a_bye_before_the_ack_stops_the_200(void **state)
{
    (void)state;
    phone_new_call();
    phone_request("INVITE", CONTACT, OFFER);
    phone_expect(200, "INVITE");
    phone_request("BYE", "", "");
    do {
        phone_expect(200, "");
    } while (!strstr(phone_header("CSeq"), "BYE"));
    bench_run_until(bench_is_empty);
    phone_expect_nothing(12 * TEST_T1);
    assert_int_equal(bench.end_code, 0);
}

static void a_bye_to_a_call_that_is_not_answered_yet_ends_it(void **state)
{
    (void)state;
    bench.mode = FOCUS_WAITS;
    phone_new_call();
    phone_request("INVITE", CONTACT, OFFER);
    phone_expect(100, "INVITE");
    bench.signalling->progress(bench.call, 180, NULL);
    phone_expect(180, "INVITE");
    phone_request("BYE", "", "");
    phone_expect(487, "INVITE");
    phone_expect(200, "BYE");
    bench_run_until(bench_has_ended);
}

static void our_bye_follows_the_ack_and_goes_where_the_phone_sends_from(void **state)
{
    (void)state;
    phone_new_call();
    unsigned cseq = phone_request("INVITE", CONTACT, OFFER);
    phone_expect(200, "INVITE");
    bench.signalling->end(bench.call, 503, "Say \"bye\"");
    phone_ack(cseq, "");
    do { /* passes repeated 200s over */
        phone_next();
    } while (strncmp(bench.message, "SIP/2.0 200", 11) == 0);
    assert_true(phone_has("BYE sip:alice@" CONTACT_HOST " SIP/2.0\r\n"));
    assert_null(strchr(phone_header("Via"), '('));
    assert_string_equal(phone_header("Reason"), "SIP;cause=503;text=\"Say \\\"bye\\\"\"");
    assert_int_equal(bench.ended, 0);
    phone_reply(200, "", "");
    bench_run_until(bench_is_empty);
    assert_int_equal(bench.end_code, 503);
    assert_int_equal(bench.established, 0);
}

static void ending_an_unanswered_call_is_480(void **state)
{
    (void)state;
    bench.mode = FOCUS_WAITS;
    phone_new_call();
    phone_request("INVITE", CONTACT, OFFER);
    phone_expect(100, "INVITE");
    bench.signalling->end(bench.call, 503, "Stopping");
    assert_int_equal(bench.ended, 0);
    phone_expect(480, "INVITE");
    assert_string_equal(phone_header("Reason"), "SIP;cause=503;text=\"Stopping\"");
    bench_run_until(bench_is_empty);
    assert_int_equal(bench.end_code, 503);
}

static void a_call_may_be_ended_from_within_its_events(void **state)
{
    (void)state;
    phone_call("");
    bench_run_until(bench_is_established);
    bench.end_on_session = true;
    unsigned cseq = phone_request("INVITE", CONTACT, OFFER_OF("4002", "sendrecv", "0"));
    phone_expect(200, "INVITE");
    (void)cseq;
    phone_expect_request("BYE");
    phone_reply(200, "", "");
    bench_run_until(bench_is_empty);
    assert_int_equal(bench.end_code, 503);
}

static unsigned calls_alive(void)
{
    struct sip_stats stats;
    sip_agent_stats(bench.agent, &stats);
    return stats.calls;
}

static bool two_are_established(void)
{
    return bench.established == 2;
}

static bool five_have_come(void)
{
    return bench.incoming == 5;
}

/* bench_end destroys the agent with all of them; the sanitizer build sees what is left. */
static void an_agent_may_go_with_calls_in_every_state(void **state)
{
    (void)state;
    bench.mode = FOCUS_WAITS;
    phone_new_call();
    phone_request("INVITE", CONTACT, OFFER); /* not answered */
    phone_expect(100, "INVITE");
    bench.mode = FOCUS_ANSWERS;
    phone_new_call();
    phone_request("INVITE", CONTACT, ""); /* without an ACK, and ended by us */
    phone_expect(200, "INVITE");
    bench.signalling->end(bench.call, 503, "Stopping");
    phone_call(""); /* up */
    bench_run_until(bench_is_established);
    phone_call(""); /* its BYE is not answered */
    bench_run_until(two_are_established);
    bench.signalling->end(bench.call, 503, "Stopping");
    bench.mode = FOCUS_REJECTS;
    phone_new_call();
    phone_request("INVITE", CONTACT, OFFER); /* refused in this turn, on_ended is still to come */
    bench_run_until(five_have_come);
    assert_true(calls_alive() >= 4);
    assert_int_equal(bench.ended, 5 - calls_alive());
}

/* ---- offers --------------------------------------------------------------------------------- */

static void without_an_offer_we_offer_and_the_ack_answers(void **state)
{
    (void)state;
    phone_new_call();
    unsigned cseq = phone_request("INVITE", CONTACT, "");
    phone_expect(200, "INVITE");
    assert_true(phone_has("m=audio 30000 RTP/AVP 0 8"));
    assert_false(bench.info.has_offer);
    assert_int_equal(bench.sessions, 0);
    phone_ack(cseq, OFFER_OF("4000", "sendrecv", "8"));
    bench_run_until(bench_is_established);
    assert_int_equal(bench.sessions, 1);
    assert_string_equal(bench.session.codec.name, "PCMA");
}

static void an_unusable_answer_in_the_ack_ends_the_call(void **state)
{
    (void)state;
    const char *const answers[] = {"", "garbage", OFFER_OF("4000", "sendrecv", "18")};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        phone_new_call();
        unsigned cseq = phone_request("INVITE", CONTACT, "");
        phone_expect(200, "INVITE");
        phone_ack(cseq, answers[i]);
        do {
            phone_next();
        } while (strncmp(bench.message, "SIP/2.0 200", 11) == 0);
        assert_int_equal(strncmp(bench.message, "BYE", 3), 0);
        phone_reply(200, "", "");
        bench_run_until(bench_is_empty);
        assert_int_equal(bench.end_code, 488);
    }
    assert_int_equal(bench.established, 0);
}

static void a_reinvite_changes_the_session_only_if_it_changes_something(void **state)
{
    (void)state;
    phone_call("");
    bench_run_until(bench_is_established);
    unsigned cseq = phone_request("INVITE", CONTACT, OFFER);
    phone_expect(200, "INVITE");
    phone_ack(cseq, "");
    phone_request("OPTIONS", "", "");
    phone_expect(200, "OPTIONS");
    assert_int_equal(bench.sessions, 1);
    cseq = phone_request("INVITE", CONTACT, OFFER_OF("4000", "sendonly", "0 8"));
    phone_expect(200, "INVITE");
    assert_true(phone_has("a=recvonly"));
    phone_ack(cseq, "");
    assert_int_equal(bench.sessions, 2);
    assert_true(bench.session.held);
    phone_hang_up();
}

static void a_refused_reinvite_leaves_the_call_as_it_was(void **state)
{
    (void)state;
    phone_call("");
    bench_run_until(bench_is_established);
    unsigned cseq = phone_request("INVITE", "Contact: <sip:moved@10.9.8.8>\r\n",
                                  OFFER_OF("4000", "sendrecv", "18"));
    phone_expect(488, "INVITE");
    assert_non_null(strstr(phone_header("Warning"), "305"));
    phone_ack_refusal(cseq, bench.branch);
    assert_int_equal(bench.sessions, 1);
    bench.signalling->end(bench.call, 200, NULL);
    phone_expect_request("BYE sip:alice@");
    phone_reply(200, "", "");
    bench_run_until(bench_is_empty);
}

static void an_update_with_an_offer_is_answered_at_once(void **state)
{
    (void)state;
    phone_call("");
    bench_run_until(bench_is_established);
    phone_request("UPDATE", "Contact: <sip:moved@10.9.8.8>\r\n",
                  OFFER_OF("4004", "inactive", "0 8"));
    phone_expect(200, "UPDATE");
    assert_true(phone_has("a=inactive"));
    assert_int_equal(bench.sessions, 2);
    bench.signalling->end(bench.call, 200, NULL);
    phone_expect_request("BYE sip:moved@");
    phone_reply(481, "", "");
    bench_run_until(bench_is_empty);
}

static void what_collides_is_491_or_500(void **state)
{
    (void)state;
    phone_new_call();
    unsigned first = phone_request("INVITE", CONTACT, "");
    phone_expect(200, "INVITE");
    phone_request("UPDATE", CONTACT, OFFER);
    do {
        phone_next();
    } while (!strstr(phone_header("CSeq"), "UPDATE"));
    assert_int_equal(strncmp(bench.message, "SIP/2.0 491", 11), 0);
    unsigned second = phone_request("INVITE", CONTACT, OFFER);
    unsigned branch = bench.branch;
    do {
        phone_next();
    } while (strncmp(bench.message, "SIP/2.0 200", 11) == 0);
    assert_int_equal(strncmp(bench.message, "SIP/2.0 491", 11), 0);
    phone_ack_refusal(second, branch);
    phone_ack(first, OFFER);
    bench_run_until(bench_is_established);

    bench.mode = FOCUS_WAITS;
    phone_new_call();
    phone_request("INVITE", CONTACT, OFFER);
    phone_expect(100, "INVITE");
    bench.signalling->progress(bench.call, 183, "Wait");
    phone_expect(183, "INVITE");
    phone_request("INVITE", CONTACT, OFFER);
    phone_expect(500, "INVITE");
    assert_true(phone_header("Retry-After")[0] != '\0');
    phone_ack_refusal(bench.cseq, bench.branch);
    phone_send("OPTIONS", SERVER_URI, bench.cseq - 1, ++bench.branch, "", "");
    phone_expect(500, "OPTIONS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(a_call_is_answered_acknowledged_and_ended),
        bench_test(the_focus_learns_who_calls_whom),
        bench_test(a_cancel_before_the_answer_ends_the_call_with_487),
        bench_test(a_cancel_after_the_answer_gets_its_200_and_changes_nothing),
        bench_test(a_rejected_call_says_why_and_when_to_try_again),
        bench_test(the_200_is_repeated_unchanged_until_the_ack),
        bench_test(the_same_invite_again_is_the_same_call_and_a_forked_one_is_482),
        bench_test(without_an_ack_the_call_ends_with_408_and_a_bye),
        bench_test(a_bye_before_the_ack_stops_the_200),
        bench_test(a_bye_to_a_call_that_is_not_answered_yet_ends_it),
        bench_test(our_bye_follows_the_ack_and_goes_where_the_phone_sends_from),
        bench_test(ending_an_unanswered_call_is_480),
        bench_test(a_call_may_be_ended_from_within_its_events),
        bench_test(an_agent_may_go_with_calls_in_every_state),
        bench_test(without_an_offer_we_offer_and_the_ack_answers),
        bench_test(an_unusable_answer_in_the_ack_ends_the_call),
        bench_test(a_reinvite_changes_the_session_only_if_it_changes_something),
        bench_test(a_refused_reinvite_leaves_the_call_as_it_was),
        bench_test(an_update_with_an_offer_is_answered_at_once),
        bench_test(what_collides_is_491_or_500),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
