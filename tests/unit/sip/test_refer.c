/* REFER (RFC 3515): what is read of it, and how its outcome is told. */
#include "tests/unit/sip/phone.h"

#include <errno.h>

#define REFER_TO(uri) CONTACT "Refer-To: " uri "\r\n"

/* The last that came; its strings are copies. */
static struct {
    struct referral *referral;
    enum reference_method method;
    char uri[160], name[40], replaces[160], referred_by[80], refer_to[40], user[40];
    int code;     /* to be answered with */
    int reported; /* at once; 0: nothing */
} told;

static void take(struct reference *reference)
{
    told.referral = reference->referral;
    told.method = reference->method;
    snprintf(told.uri, sizeof told.uri, "%s", reference->uri);
    snprintf(told.name, sizeof told.name, "%s", reference->name);
    snprintf(told.replaces, sizeof told.replaces, "%s", reference->replaces);
    snprintf(told.referred_by, sizeof told.referred_by, "%s", reference->referred_by);
    snprintf(told.refer_to, sizeof told.refer_to, "%s", reference->refer_to);
    snprintf(told.user, sizeof told.user, "%s", reference->from.requested_user);
    reference->code = told.code;
    reference->expires = 60;
    if (told.reported) {
        bench.signalling->report(told.referral, told.reported, NULL);
    }
}

static int begin(void **state)
{
    memset(&told, 0, sizeof told);
    told.code = 202;
    bench_refer = take;
    return bench_begin(state);
}

static void refer(const char *headers, int code)
{
    phone_new_call();
    phone_request("REFER", headers, "");
    phone_expect(code, "REFER");
    learn_tag();
}

static void notify_is(const char *state, const char *body)
{
    phone_expect_request("NOTIFY");
    const char *end = strstr(bench.message, "\r\n\r\n");
    assert_non_null(end);
    assert_string_equal(end + 4, body);
    assert_true(phone_has(state));
    phone_reply(200, "", "");
}

static void what_a_refer_to_says(void **state)
{
    (void)state;
    told.code = 603;
    refer(REFER_TO("\"Car \\\"C\\\" ol\" <sip:carol@192.0.2.1;transport=tcp;method=INVITE>"), 603);
    assert_int_equal(told.method, REFERENCE_INVITE);
    assert_string_equal(told.uri, "sip:carol@192.0.2.1;transport=tcp");
    assert_string_equal(told.name, "Car \"C\" ol");
    assert_string_equal(told.user, "demo");
    assert_string_equal(told.replaces, "");
    assert_string_equal(told.referred_by, "");
    refer(CONTACT "r: sip:carol@192.0.2.1;method=BYE\r\nb: <sip:x@y>;a=b\r\n", 603);
    assert_int_equal(told.method, REFERENCE_BYE);
    assert_string_equal(told.uri, "sip:carol@192.0.2.1");
    assert_string_equal(told.referred_by, "<sip:x@y>;a=b");
    refer(REFER_TO("<sip:c@192.0.2.1?Subject=a&replaces=1%40a%3Bto-tag%3D2%3Bfrom-tag%3D3&X=>"),
          603);
    assert_string_equal(told.uri, "sip:c@192.0.2.1");
    assert_string_equal(told.replaces, "1@a;to-tag=2;from-tag=3");
    refer(REFER_TO("<sip:c@192.0.2.1;method=REFER?Refer-To=%3Csip:de%256do%40here%3E>"), 603);
    assert_int_equal(told.method, REFERENCE_REFER);
    assert_string_equal(told.refer_to, "demo");
    assert_true(bench_is_empty());
}

static void what_it_must_not_say(void **state)
{
    static const char *const bad[] = {
        REFER_TO("<sip:c@192.0.2.1?Replaces=1%40a%3Bto-tag%3D2>"),
        REFER_TO("<sip:c@192.0.2.1?Replaces=1;to-tag=2;from-tag=3&Replaces=1;to-tag=2;from-tag=3>"),
        REFER_TO("<sip:c@192.0.2.1?Replaces=1%00;to-tag=2;from-tag=3>"),
        REFER_TO("<sip:c@192.0.2.1?Replaces=1%0a;to-tag=2;from-tag=3>"),
        REFER_TO("<sip:c@192.0.2.1;method=JUGGLE>"),
        REFER_TO("<sip:c@192.0.2.1;maddr=x;transport=sctp>"),
        REFER_TO("<sip:@>"),
        REFER_TO("<mailto:c@192.0.2.1>"),
        CONTACT,
    };

    (void)state;
    bench_refer = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refer(bad[i], 400);
    }
    assert_true(bench_is_empty());
}

static void progress_is_told_and_the_end_ends_it(void **state)
{
    (void)state;
    refer(REFER_TO("<sip:carol@192.0.2.1>"), 202);
    phone_expect_contact("", ";isfocus");
    notify_is("Subscription-State: active;expires=60", "SIP/2.0 100 Trying\r\n");
    bench.signalling->report(told.referral, 183, "Session Progress");
    bench.signalling->report(told.referral, 180, NULL);
    notify_is("Subscription-State: active;", "SIP/2.0 180 Ringing\r\n");
    bench.signalling->report(told.referral, 486, "Bu\xff\nsy");
    notify_is("Subscription-State: terminated;reason=noresource", "SIP/2.0 486 Bu??sy\r\n");
    bench_run_until(bench_is_empty);
}

static void what_is_known_at_once_is_told_in_two_steps(void **state)
{
    (void)state;
    told.reported = 200;
    refer(REFER_TO("<sip:carol@192.0.2.1>"), 202);
    notify_is("Subscription-State: active;", "SIP/2.0 100 Trying\r\n");
    notify_is("Subscription-State: terminated;reason=noresource", "SIP/2.0 200 OK\r\n");
    bench_run_until(bench_is_empty);
}

static void who_is_not_there_any_more_is_told_nothing(void **state)
{
    (void)state;
    refer(REFER_TO("<sip:carol@192.0.2.1>"), 202);
    phone_expect_request("NOTIFY");
    phone_reply(481, "", "");
    bench_run_until(bench_is_empty);
    bench.signalling->report(told.referral, 180, NULL);
    bench.signalling->report(told.referral, 200, NULL);
    phone_expect_nothing(2 * TEST_T1);
}

/* What is under way when the agent goes is gone with it; sanitizers look on. */
static void the_agent_may_go_in_between(void **state)
{
    char target[64];
    struct outgoing_refer ask = {
        .call = {.target = target, .name = "", .conference = "demo", .title = ""},
        .timeout = 60000,
    };

    (void)state;
    refer(REFER_TO("<sip:carol@192.0.2.1>"), 202);
    notify_is("Subscription-State: active;", "SIP/2.0 100 Trying\r\n");
    snprintf(target, sizeof target, "sip:carol@" PHONE_HOST ":%u", bench.port);
    ask.referral = told.referral;
    assert_int_equal(bench.signalling->refer(bench.signalling->ctx, &ask), 0);
    phone_expect_request("REFER");
    assert_non_null(strstr(phone_header("Refer-To"), "<sip:demo@"));
    phone_reply_tagged(202, "carol", "Contact: <sip:carol@" PHONE_HOST ">\r\n", "");
    ask.referral = NULL;
    assert_int_equal(bench.signalling->refer(bench.signalling->ctx, &ask), 0);
    ask.call.target = "sips:carol@" PHONE_HOST;
    assert_int_equal(bench.signalling->refer(bench.signalling->ctx, &ask), EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_refer_to_says, begin, bench_end),
        cmocka_unit_test_setup_teardown(what_it_must_not_say, begin, bench_end),
        cmocka_unit_test_setup_teardown(progress_is_told_and_the_end_ends_it, begin, bench_end),
        cmocka_unit_test_setup_teardown(what_is_known_at_once_is_told_in_two_steps, begin,
                                        bench_end),
        cmocka_unit_test_setup_teardown(who_is_not_there_any_more_is_told_nothing, begin,
                                        bench_end),
        cmocka_unit_test_setup_teardown(the_agent_may_go_in_between, begin, bench_end),
    };
    return cmocka_run_group_tests_name("refer", tests, NULL, NULL);
}
