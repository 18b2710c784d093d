/* Changes of ours in a running call (RFC 3261 §14.1): one at a time, and what becomes of a refusal.
 */
#include "tests/unit/sip/phone.h"

#include <errno.h>

static struct answer answer_of(const char *user, enum stream_direction withheld)
{
    struct answer answer = {
        .contact_user = user, .is_focus = true, .subject = "Demo", .withheld = withheld};
    struct sockaddr_in *address = (struct sockaddr_in *)&answer.media.rtp;
    address->sin_family = AF_INET;
    address->sin_port = htons(30000);
    inet_pton(AF_INET, SERVER_HOST, &address->sin_addr);
    answer.media.rtcp_port = 30001;
    return answer;
}

static int update_to(const char *user, enum stream_direction withheld)
{
    const struct answer answer = answer_of(user, withheld);
    return bench.signalling->update(bench.call, &answer);
}

/* On hold: nothing is sent to the phone. */
static void hold(void)
{
    assert_int_equal(update_to("demo", STREAM_SENDONLY), 0);
}

static bool is_updated(void)
{
    return bench.updated > 0;
}

static char last_invite[64]; /* CSeq */

/* The next re-INVITE, past the repetitions of the one before. */
static void expect_invite(void)
{
    do {
        phone_expect_request("INVITE");
    } while (strcmp(phone_header("CSeq"), last_invite) == 0);
    snprintf(last_invite, sizeof last_invite, "%s", phone_header("CSeq"));
    assert_non_null(strstr(phone_header("To"), ";tag=phone"));
}

static void expect_ack(void)
{
    do {
        phone_next();
    } while (strncmp(bench.message, "INVITE", 6) == 0);
    assert_int_equal(strncmp(bench.message, "ACK", 3), 0);
    assert_int_equal(strtol(phone_header("CSeq"), NULL, 10), strtol(last_invite, NULL, 10));
}

static void reply_ok(const char *direction)
{
    char offer[512];
    snprintf(offer, sizeof offer, OFFER_OF("4000", "%s", "0"), direction);
    phone_reply(200, CONTACT, offer);
    expect_ack();
}

static uint64_t version(void)
{
    const char *origin = strstr(bench.message, "o=- ");
    unsigned long long id, version;
    assert_non_null(origin);
    assert_int_equal(sscanf(origin, "o=- %llu %llu", &id, &version), 2);
    return version;
}

static void the_phone_learns_another_contact_and_direction(void **state)
{
    (void)state;
    phone_call("");
    bench_run_until(bench_is_established);
    assert_int_equal(bench.session.direction, STREAM_SENDRECV);
    assert_int_equal(update_to("board", STREAM_SENDONLY), 0);
    assert_int_equal(bench.updated, 0);
    expect_invite();
    char contact[128];
    snprintf(contact, sizeof contact, "<sip:board@%s:%d>;isfocus", bench.host, SERVER_PORT);
    assert_string_equal(phone_header("Contact"), contact);
    assert_true(phone_has("a=recvonly\r\n"));
    assert_true(phone_has("s=Demo\r\n"));
    reply_ok("sendonly");
    bench_run_until(is_updated);
    assert_int_equal(bench.update_code, 200);
    assert_int_equal(bench.session.direction, STREAM_RECVONLY);
    assert_false(bench.session.held); /* we hold, it does not */

    /* It is what later answers and refreshes say, too. */
    unsigned cseq = phone_request("INVITE", CONTACT, OFFER);
    phone_expect(200, "INVITE");
    assert_string_equal(phone_header("Contact"), contact);
    assert_true(phone_has("a=recvonly\r\n"));
    phone_ack(cseq, "");
    assert_int_equal(update_to("board", STREAM_INACTIVE), 0);
    expect_invite();
    assert_true(phone_has("a=sendrecv\r\n"));
    reply_ok("sendrecv");
    assert_int_equal(bench.session.direction, STREAM_SENDRECV);
    phone_hang_up();
}

static void a_name_without_focus_is_nothing_more(void **state)
{
    (void)state;
    struct answer answer = answer_of("9000", STREAM_INACTIVE);
    answer.is_focus = false;
    phone_call("");
    bench_run_until(bench_is_established);
    assert_int_equal(bench.signalling->update(bench.call, &answer), 0);
    expect_invite();
    assert_null(strstr(phone_header("Contact"), "isfocus"));
    reply_ok("sendrecv");
    phone_hang_up();
}

static void of_several_wishes_the_last_counts(void **state)
{
    (void)state;
    phone_call("");
    bench_run_until(bench_is_established);
    hold();
    assert_int_equal(update_to("demo", STREAM_SENDRECV), 0);
    expect_invite();
    assert_true(phone_has("a=inactive\r\n"));
    hold();
    assert_int_equal(update_to("demo", STREAM_RECVONLY), 0);
    reply_ok("inactive");
    expect_invite();
    assert_true(phone_has("a=sendonly\r\n"));
    assert_int_equal(bench.updated, 0);
    reply_ok("recvonly");
    bench_run_until(is_updated);
    assert_int_equal(bench.updated, 1);
    phone_expect_nothing(2 * TEST_T1);
    phone_hang_up();
}

/* RFC 3261 §14.1: until the INVITE transaction of the other side is over. */
static void a_change_waits_for_the_ack_of_the_phones_own(void **state)
{
    (void)state;
    phone_new_call();
    unsigned cseq = phone_request("INVITE", CONTACT, OFFER);
    phone_expect(200, "INVITE");
    hold();
    bench_run_ms(4 * TEST_T1);
    while (phone_receive()) { /* the 200 comes again and again */
        assert_false(phone_has("INVITE sip:"));
    }
    phone_ack(cseq, "");
    expect_invite();
    assert_true(phone_has("a=recvonly\r\n"));
    reply_ok("sendonly");
    phone_hang_up();
}

static void glare_backs_off_and_tries_again(void **state)
{
    (void)state;
    phone_call("");
    bench_run_until(bench_is_established);
    hold();
    expect_invite();
    uint64_t offered = version();
    char theirs[sizeof bench.message];
    memcpy(theirs, bench.message, sizeof theirs);
    phone_request("INVITE", CONTACT, OFFER);
    phone_expect(491, "INVITE");
    phone_ack_refusal(bench.cseq, bench.branch);
    memcpy(bench.message, theirs, sizeof theirs);
    phone_reply(491, "", "");
    expect_ack();
    assert_int_equal(bench.updated, 0);
    assert_int_equal(bench.session.direction, STREAM_SENDRECV);
    expect_invite(); /* in 2 s at most: the Call-ID is the phone's */
    assert_int_equal(version(), offered);
    reply_ok("sendonly");
    assert_int_equal(bench.session.direction, STREAM_RECVONLY);
    phone_hang_up();
}

static void what_is_put_off_comes_again(void **state)
{
    (void)state;
    phone_call("");
    bench_run_until(bench_is_established);
    hold();
    expect_invite();
    uint64_t began = loop_now(bench.loop);
    phone_reply(500, "Retry-After: 1\r\n", "");
    expect_ack();
    expect_invite();
    assert_true(loop_now(bench.loop) - began >= 1000);
    reply_ok("sendonly");
    bench_run_until(is_updated);
    assert_int_equal(bench.update_code, 200);
    phone_hang_up();
}

static void a_refusal_leaves_all_as_it_was(void **state)
{
    (void)state;
    phone_call("");
    bench_run_until(bench_is_established);
    assert_int_equal(update_to("board", STREAM_SENDONLY), 0);
    expect_invite();
    uint64_t refused = version();
    phone_reply(488, "", "");
    expect_ack();
    bench_run_until(is_updated);
    assert_int_equal(bench.update_code, 488);
    assert_int_equal(bench.sessions, 1);
    assert_int_equal(bench.ended, 0);
    unsigned cseq = phone_request("INVITE", CONTACT, OFFER);
    phone_expect(200, "INVITE");
    phone_expect_contact("", ";isfocus");
    assert_true(phone_has("a=sendrecv\r\n"));
    assert_int_equal(version(), refused + 1); /* RFC 3264 §8: of the previous, whatever it became */
    phone_ack(cseq, "");
    phone_hang_up();
}

static void a_phone_that_knows_no_call_is_gone(void **state)
{
    (void)state;
    phone_call("");
    bench_run_until(bench_is_established);
    hold();
    expect_invite();
    phone_reply(481, "", "");
    bench_run_until(bench_has_ended);
    assert_int_equal(bench.end_code, 408);
    assert_int_equal(bench.updated, 0);
}

static void a_phone_that_says_nothing_is_gone(void **state)
{
    (void)state;
    phone_call("");
    bench_run_until(bench_is_established);
    hold();
    bench_run_until(bench_has_ended); /* 64 T1 */
    assert_int_equal(bench.end_code, 408);
    bench_run_until(bench_is_empty);
}

static void a_phone_that_rings_for_ever_is_asked_no_longer(void **state)
{
    (void)state;
    char invite[sizeof bench.message];
    phone_call("");
    bench_run_until(bench_is_established);
    hold();
    expect_invite();
    memcpy(invite, bench.message, sizeof invite);
    phone_reply(180, CONTACT, "");
    do {
        phone_next();
    } while (strncmp(bench.message, "INVITE", 6) == 0);
    assert_int_equal(strncmp(bench.message, "CANCEL", 6), 0);
    phone_reply(200, "", "");
    memcpy(bench.message, invite, sizeof invite);
    phone_reply(487, "", "");
    bench_run_until(is_updated);
    assert_int_equal(bench.update_code, 487);
    assert_int_equal(bench.ended, 0);
    expect_ack();
    phone_hang_up();
}

static void a_200_that_crosses_our_bye_is_acknowledged(void **state)
{
    (void)state;
    char bye[sizeof bench.message];
    char invite[sizeof bench.message];
    phone_call("");
    bench_run_until(bench_is_established);
    hold();
    expect_invite();
    memcpy(invite, bench.message, sizeof invite);
    phone_reply(100, "", "");
    bench.signalling->end(bench.call, 200, "Enough");
    assert_int_equal(update_to("demo", STREAM_INACTIVE), EINVAL);
    do {
        phone_next();
    } while (strncmp(bench.message, "INVITE", 6) == 0);
    assert_int_equal(strncmp(bench.message, "BYE", 3), 0);
    memcpy(bye, bench.message, sizeof bye);
    memcpy(bench.message, invite, sizeof invite);
    reply_ok("sendonly");
    memcpy(bench.message, bye, sizeof bye);
    phone_reply(200, "", "");
    bench_run_until(bench_is_empty);
    assert_int_equal(bench.updated, 0);
    assert_int_equal(bench.sessions, 1);
}

static void a_bye_that_crosses_our_change_ends_the_call(void **state)
{
    (void)state;
    phone_call("");
    bench_run_until(bench_is_established);
    hold();
    expect_invite();
    phone_reply(100, "", "");
    hold(); /* and one more waits */
    phone_hang_up();
    assert_int_equal(bench.updated, 0);
}

static void codecs_are_chosen_by_name(void **state)
{
    (void)state;
    struct answer answer = answer_of("demo", STREAM_INACTIVE);
    phone_call("");
    bench_run_until(bench_is_established);
    assert_string_equal(bench.session.codec.name, "PCMU");
    answer.codecs = "opus";
    assert_int_equal(bench.signalling->update(bench.call, &answer), EINVAL);
    answer.codecs = " pcma ";
    assert_int_equal(bench.signalling->update(bench.call, &answer), 0);
    expect_invite();
    assert_true(phone_has("RTP/AVP 8\r\n"));
    phone_reply(200, CONTACT, OFFER_OF("4000", "sendrecv", "8"));
    expect_ack();
    assert_string_equal(bench.session.codec.name, "PCMA");
    phone_hang_up();
}

static void nothing_is_changed_before_there_is_an_answer(void **state)
{
    (void)state;
    bench.mode = FOCUS_WAITS;
    phone_new_call();
    unsigned cseq = phone_request("INVITE", CONTACT, OFFER);
    phone_expect(100, "INVITE");
    assert_int_equal(update_to("demo", STREAM_SENDONLY), EINVAL);
    assert_int_equal(focus_answer(), 0);
    phone_expect(200, "INVITE");
    phone_ack(cseq, "");
    phone_hang_up();
}

/* A refresh repeats what was agreed on, not what was refused. */
static void a_refresh_behind_a_refusal_offers_what_there_is(void **state)
{
    (void)state;
    phone_call("Supported: timer\r\nSession-Expires: 4;refresher=uas\r\n"
               "Allow: INVITE, ACK, BYE, CANCEL\r\n");
    bench_run_until(bench_is_established);
    hold();
    expect_invite();
    assert_string_equal(phone_header("Session-Expires"), "4;refresher=uac");
    phone_reply(488, "", "");
    expect_ack();
    expect_invite();
    assert_true(phone_has("a=sendrecv\r\n"));
    reply_ok("sendrecv");
    phone_hang_up();
}

static int begin_short(void **state)
{
    (void)state;
    return bench_begin_with(4, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(the_phone_learns_another_contact_and_direction),
        bench_test(a_name_without_focus_is_nothing_more),
        bench_test(of_several_wishes_the_last_counts),
        bench_test(a_change_waits_for_the_ack_of_the_phones_own),
        bench_test(glare_backs_off_and_tries_again),
        bench_test(what_is_put_off_comes_again),
        bench_test(a_refusal_leaves_all_as_it_was),
        bench_test(a_phone_that_knows_no_call_is_gone),
        bench_test(a_phone_that_says_nothing_is_gone),
        bench_test(a_phone_that_rings_for_ever_is_asked_no_longer),
        bench_test(a_200_that_crosses_our_bye_is_acknowledged),
        bench_test(a_bye_that_crosses_our_change_ends_the_call),
        bench_test(codecs_are_chosen_by_name),
        bench_test(nothing_is_changed_before_there_is_an_answer),
        cmocka_unit_test_setup_teardown(a_refresh_behind_a_refusal_offers_what_there_is,
                                        begin_short, bench_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
