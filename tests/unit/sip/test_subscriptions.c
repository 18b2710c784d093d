/* Subscriptions to a package that counts, on the wire and as the package is told of them. */
#include "tests/unit/sip/phone.h"

static struct {
    int code; /* what a subscriber gets */
    const char *reason;
    struct subscription *subscription; /* the last one */
    unsigned opened, refreshed, closed;
    unsigned value, told; /* what there is, and what was told last */
    bool had_call;
    char uri[128];
} counter;

static void decide(struct subscriber *subscriber)
{
    subscriber->code = counter.code;
    subscriber->is_focus = true;
    snprintf(subscriber->reason, sizeof subscriber->reason, "%s",
             counter.reason ? counter.reason : "");
    snprintf(counter.uri, sizeof counter.uri, "%s", subscriber->uri);
    counter.had_call = subscriber->call != NULL;
}

static void counter_open(void *ctx, struct subscriber *subscriber,
                         struct subscription *subscription, void **watcherp)
{
    decide(subscriber);
    if (counter.code == 200) {
        counter.opened++;
        counter.subscription = subscription;
        *watcherp = ctx;
    }
}

static void counter_refresh(void *watcher, struct subscriber *subscriber)
{
    assert_ptr_equal(watcher, &counter);
    counter.refreshed++;
    decide(subscriber);
}

static struct body *counter_body(void *watcher, bool is_full)
{
    struct body *body;
    assert_ptr_equal(watcher, &counter);
    if (!is_full && counter.told == counter.value) {
        return NULL;
    }
    body = body_create(8);
    snprintf(body->data, 9, "%c%07u", is_full ? '=' : '+', counter.value);
    counter.told = counter.value;
    return body;
}

static void counter_close(void *watcher)
{
    assert_ptr_equal(watcher, &counter);
    counter.closed++;
}

static int begin(void **state)
{
    static const struct package packages[] = {
        {.event = "counter",
         .content_type = "text/plain",
         .expires = 300,
         .ctx = &counter,
         .open = counter_open,
         .refresh = counter_refresh,
         .body = counter_body,
         .close = counter_close},
    };
    memset(&counter, 0, sizeof counter);
    counter.code = 200;
    bench_packages = packages;
    bench_package_count = 1;
    return bench_begin(state);
}

static void count_to(unsigned value)
{
    counter.value = value;
    sip_notifying()->changed(counter.subscription);
}

/* A SUBSCRIBE out of dialog; its 200 has come. */
static void subscribe(const char *headers)
{
    char all[512];
    phone_new_call();
    snprintf(all, sizeof all, CONTACT "%s", headers);
    phone_request("SUBSCRIBE", all, "");
    phone_expect(200, "SUBSCRIBE");
    learn_tag();
}

/* Seconds may have passed. */
static bool is_state(const char *expected)
{
    unsigned expires, left;
    const char *state = phone_header("Subscription-State");
    if (sscanf(expected, "active;expires=%u", &expires) == 1) {
        return sscanf(state, "active;expires=%u", &left) == 1 && left <= expires &&
               left + 10 >= expires;
    }
    return strcmp(state, expected) == 0;
}

static void expect_notify(const char *state, const char *body)
{
    phone_expect_request("NOTIFY");
    const char *end = strstr(bench.message, "\r\n\r\n");
    assert_non_null(end);
    assert_string_equal(end + 4, body);
    if (!is_state(state)) {
        fail_msg("expected %s, got:\n%s", state, bench.message);
    }
}

static void notify_is(const char *state, const char *body)
{
    expect_notify(state, body);
    phone_reply(200, "", "");
}

static bool is_closed(void)
{
    return counter.closed > 0;
}

static void a_subscriber_gets_all_at_once_and_then_what_is_new(void **state)
{
    (void)state;
    subscribe("Event: counter;id=7\r\n");
    assert_string_equal(phone_header("Expires"), "300");
    assert_string_equal(phone_header("Allow-Events"), "counter, refer");
    phone_expect_contact("", ";isfocus");
    assert_string_equal(counter.uri, SERVER_URI);
    assert_false(counter.had_call);
    notify_is("active;expires=300", "=0000000");
    assert_string_equal(phone_header("Event"), "counter;id=7");
    assert_string_equal(phone_header("Content-Type"), "text/plain");
    phone_expect_contact("", ";isfocus");
    count_to(1);
    notify_is("active;expires=300", "+0000001");
    sip_notifying()->changed(counter.subscription);
    phone_expect_nothing(2 * TEST_T1); /* nothing is new */
}

static void notifies_go_to_where_the_subscriber_sends_from(void **state)
{
    (void)state;
    subscribe("Event: counter\r\n");
    phone_expect_request("NOTIFY sip:alice@" CONTACT_HOST " SIP/2.0");
}

static void one_notify_at_a_time_and_the_next_one_tells_all(void **state)
{
    (void)state;
    subscribe("Event: counter\r\n");
    expect_notify("active;expires=300", "=0000000");
    count_to(1);
    bench_run_ms(TEST_T1 / 2);
    count_to(2);
    phone_reply(200, "", "");
    do { /* the first one may have been repeated meanwhile */
        phone_expect_request("NOTIFY");
    } while (phone_has("=0000000"));
    assert_true(phone_has("+0000002"));
    phone_reply(200, "", "");
    phone_expect_nothing(2 * TEST_T1);
}

static void a_refresh_tells_all_again_and_is_decided_anew(void **state)
{
    (void)state;
    subscribe("Event: counter\r\nExpires: 20\r\n");
    notify_is("active;expires=20", "=0000000");
    phone_request("SUBSCRIBE", "Event: counter\r\nExpires: 900\r\n", "");
    phone_expect(200, "SUBSCRIBE");
    assert_string_equal(phone_header("Expires"), "600"); /* the most */
    notify_is("active;expires=600", "=0000000");
    assert_int_equal(counter.opened, 1);
    assert_int_equal(counter.refreshed, 1);
    counter.code = 403;
    phone_request("SUBSCRIBE", "Event: counter\r\n", "");
    phone_expect(403, "SUBSCRIBE");
    notify_is("terminated;reason=rejected", "");
    bench_run_until(bench_is_empty);
}

static void unsubscribing_and_fetching_end_with_all_there_is(void **state)
{
    (void)state;
    subscribe("Event: counter\r\n");
    notify_is("active;expires=300", "=0000000");
    phone_request("SUBSCRIBE", "Event: counter\r\nExpires: 0\r\n", "");
    phone_expect(200, "SUBSCRIBE");
    assert_string_equal(phone_header("Expires"), "0");
    notify_is("terminated;reason=timeout", "=0000000");
    bench_run_until(bench_is_empty);
    subscribe("Event: counter\r\nExpires: 0\r\n");
    notify_is("terminated;reason=timeout", "=0000000");
    bench_run_until(bench_is_empty);
    assert_int_equal(counter.closed, 2);
    phone_request("SUBSCRIBE", CONTACT "Event: counter\r\n", "");
    phone_expect(481, "SUBSCRIBE");
}

static void a_subscription_without_refresh_ends(void **state)
{
    (void)state;
    subscribe("Event: counter\r\nExpires: 1\r\n");
    notify_is("active;expires=1", "=0000000");
    notify_is("terminated;reason=timeout", "");
    bench_run_until(bench_is_empty);
    assert_int_equal(counter.closed, 1);
}

static void the_package_ends_it_with_a_reason(void **state)
{
    (void)state;
    subscribe("Event: counter\r\n");
    notify_is("active;expires=300", "=0000000");
    counter.value = 9;
    sip_notifying()->end(counter.subscription, "probation", 30);
    sip_notifying()->end(counter.subscription, "noresource", 0); /* it has ended */
    notify_is("terminated;reason=probation;retry-after=30", "+0000009");
    bench_run_until(bench_is_empty);
    phone_expect_nothing(2 * TEST_T1);
}

static void a_subscriber_who_knows_nothing_of_it_is_forgotten(void **state)
{
    (void)state;
    subscribe("Event: counter\r\n");
    expect_notify("active;expires=300", "=0000000");
    phone_reply(481, "", "");
    bench_run_until(is_closed);
    bench_run_until(bench_is_empty);
}

static void a_subscriber_who_is_silent_is_forgotten(void **state)
{
    (void)state;
    subscribe("Event: counter\r\n");
    expect_notify("active;expires=300", "=0000000");
    bench_run_until(bench_is_empty); /* timer F */
    assert_int_equal(counter.closed, 1);
}

static void a_subscriber_who_is_busy_is_told_later(void **state)
{
    (void)state;
    subscribe("Event: counter\r\n");
    expect_notify("active;expires=300", "=0000000");
    count_to(3);
    phone_reply(503, "Retry-After: 1\r\n", "");
    phone_expect_nothing(4 * TEST_T1);
    assert_int_equal(counter.closed, 0);
    notify_is("active;expires=300", "=0000003");
}

static void a_subscription_within_a_call_and_the_call_outlive_each_other(void **state)
{
    (void)state;
    phone_call("");
    bench_run_until(bench_is_established);
    phone_request("SUBSCRIBE", CONTACT "Event: counter\r\n", "");
    phone_expect(200, "SUBSCRIBE");
    assert_true(counter.had_call);
    notify_is("active;expires=300", "=0000000");
    phone_request("SUBSCRIBE", "Event: counter\r\nExpires: 0\r\n", "");
    phone_expect(200, "SUBSCRIBE");
    notify_is("terminated;reason=timeout", "=0000000");
    bench_run_until(is_closed);
    assert_int_equal(bench.ended, 0);
    phone_request("SUBSCRIBE", CONTACT "Event: counter\r\n", "");
    phone_expect(200, "SUBSCRIBE");
    notify_is("active;expires=300", "=0000000");
    phone_request("BYE", "", "");
    phone_expect(200, "BYE");
    bench_run_until(bench_has_ended);
    count_to(4);
    notify_is("active;expires=300", "+0000004");
    phone_request("BYE", "", "");
    phone_expect(481, "BYE");
    phone_request("SUBSCRIBE", "Event: counter\r\n", "");
    phone_expect(200, "SUBSCRIBE");
    assert_false(counter.had_call);
    notify_is("active;expires=300", "=0000004");
}

static void two_subscriptions_of_one_dialog_are_told_apart_by_the_id(void **state)
{
    (void)state;
    subscribe("Event: counter;id=a\r\n");
    notify_is("active;expires=300", "=0000000");
    phone_request("SUBSCRIBE", CONTACT "Event: counter;id=b\r\n", "");
    phone_expect(200, "SUBSCRIBE");
    notify_is("active;expires=300", "=0000000");
    assert_string_equal(phone_header("Event"), "counter;id=b");
    assert_int_equal(counter.opened, 2);
    phone_request("SUBSCRIBE", "Event: counter;id=a\r\nExpires: 0\r\n", "");
    phone_expect(200, "SUBSCRIBE");
    notify_is("terminated;reason=timeout", "=0000000");
    assert_string_equal(phone_header("Event"), "counter;id=a");
    phone_request("SUBSCRIBE", "Event: counter;id=b\r\n", "");
    phone_expect(200, "SUBSCRIBE");
    notify_is("active;expires=300", "=0000000");
}

static void refuses(int code, const char *headers)
{
    phone_new_call();
    phone_request("SUBSCRIBE", headers, "");
    phone_expect(code, "SUBSCRIBE");
    assert_int_equal(counter.opened, 0);
    assert_true(bench_is_empty());
}

static void what_cannot_be_subscribed_to_is_refused(void **state)
{
    (void)state;
    refuses(489, CONTACT);
    refuses(489, CONTACT "Event: presence\r\n");
    assert_string_equal(phone_header("Allow-Events"), "counter, refer");
    refuses(400, "Event: counter\r\n");
    refuses(400, "Event: counter\r\nContact: <tel:+15550100>\r\n");
    refuses(406, CONTACT "Event: counter\r\nAccept: application/sdp\r\n");
    assert_string_equal(phone_header("Accept"), "text/plain");
    refuses(403, CONTACT "Event: refer\r\n");
    counter.code = 404;
    refuses(404, CONTACT "Event: counter\r\nAccept: application/sdp, text/plain\r\n");
    counter.code = 403;
    counter.reason = "Not You";
    refuses(403, CONTACT "Event: counter\r\n");
    assert_true(phone_has("SIP/2.0 403 Not You\r\n"));
}

#define subscription_test(name) cmocka_unit_test_setup_teardown(name, begin, bench_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        subscription_test(a_subscriber_gets_all_at_once_and_then_what_is_new),
        subscription_test(notifies_go_to_where_the_subscriber_sends_from),
        subscription_test(one_notify_at_a_time_and_the_next_one_tells_all),
        subscription_test(a_refresh_tells_all_again_and_is_decided_anew),
        subscription_test(unsubscribing_and_fetching_end_with_all_there_is),
        subscription_test(a_subscription_without_refresh_ends),
        subscription_test(the_package_ends_it_with_a_reason),
        subscription_test(a_subscriber_who_knows_nothing_of_it_is_forgotten),
        subscription_test(a_subscriber_who_is_silent_is_forgotten),
        subscription_test(a_subscriber_who_is_busy_is_told_later),
        subscription_test(a_subscription_within_a_call_and_the_call_outlive_each_other),
        subscription_test(two_subscriptions_of_one_dialog_are_told_apart_by_the_id),
        subscription_test(what_cannot_be_subscribed_to_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
