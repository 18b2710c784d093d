/* Which source a leg believes. */
#include "core/address.h"
#include "media/latch.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t MS = 1000; /* µs */

static struct sockaddr_storage address(const char *host, uint16_t port)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&storage;
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
    } else {
        assert_int_equal(inet_pton(AF_INET6, host, &v6->sin6_addr), 1);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
    }
    return storage;
}

/* A packet of another stream than the phone's. */
static bool accept_other(struct latch *latch, const char *host, uint16_t port, unsigned ms)
{
    struct sockaddr_storage from = address(host, port);
    return latch_accept(latch, &from, 6666, (uint64_t)ms * MS);
}

static bool accept_from(struct latch *latch, const char *host, uint16_t port, unsigned ms)
{
    struct sockaddr_storage from = address(host, port);
    return latch_accept(latch, &from, 1, (uint64_t)ms * MS);
}

static void signal_to(struct latch *latch, const char *host, uint16_t port)
{
    struct sockaddr_storage remote = address(host, port), unknown = {0};
    latch_signal(latch, &remote, &unknown);
}

/* The same, told by signalling from `peer`. */
static void signal_from(struct latch *latch, const char *host, uint16_t port, const char *peer)
{
    struct sockaddr_storage remote = address(host, port), from = address(peer, 5060);
    latch_signal(latch, &remote, &from);
}

static void expect_target(const struct latch *latch, const char *host, uint16_t port)
{
    struct sockaddr_storage expected = address(host, port);
    assert_non_null(latch_target(latch));
    assert_true(address_equal(latch_target(latch), &expected));
}

static void the_signalled_address_is_sent_to_before_anything_comes(void **state)
{
    (void)state;
    struct latch latch = {0};
    assert_null(latch_target(&latch));
    signal_to(&latch, "127.0.0.1", 0);
    assert_null(latch_target(&latch));
    signal_to(&latch, "0.0.0.0", 4000);
    assert_null(latch_target(&latch));
    signal_to(&latch, "127.0.0.1", 4000);
    expect_target(&latch, "127.0.0.1", 4000);
}

static void the_first_packet_tells_the_address_behind_a_nat(void **state)
{
    (void)state;
    struct latch latch = {0};
    signal_from(&latch, "192.168.1.5", 4000, "203.0.113.9");
    assert_true(accept_from(&latch, "203.0.113.9", 5555, 0));
    expect_target(&latch, "203.0.113.9", 5555);
}

/* The signalling came by a proxy: only the packets themselves tell where the phone is. */
static void behind_nat_and_proxy_the_first_one_counts_and_no_other(void **state)
{
    (void)state;
    struct latch latch = {0};
    signal_from(&latch, "10.0.0.5", 4000, "198.51.100.1");
    assert_true(accept_from(&latch, "203.0.113.9", 5555, 0));
    assert_false(accept_from(&latch, "203.0.113.66", 6666, 5000));
    assert_true(accept_from(&latch, "203.0.113.9", 5556, 6001));
    expect_target(&latch, "203.0.113.9", 5556);
}

/* A phone that only listens has no stream that could protect it. */
static void a_stranger_gets_nothing_however_silent_the_phone_is(void **state)
{
    (void)state;
    struct latch latch = {0};
    signal_from(&latch, "203.0.113.9", 4000, "203.0.113.9");
    assert_false(accept_from(&latch, "203.0.113.66", 4000, 0));
    expect_target(&latch, "203.0.113.9", 4000);
    assert_true(accept_from(&latch, "203.0.113.9", 4000, 10));
    assert_false(accept_from(&latch, "203.0.113.66", 4000, 60000));
    assert_true(accept_from(&latch, "203.0.113.9", 4002, 61000)); /* the phone began anew */
    expect_target(&latch, "203.0.113.9", 4002);
}

static void a_phone_on_this_machine_may_send_from_any_loopback_address(void **state)
{
    (void)state;
    struct latch latch = {0};
    signal_from(&latch, "127.5.5.5", 4000, "127.5.5.5");
    assert_false(accept_from(&latch, "127.0.0.1", 4002, 0));
    assert_true(accept_from(&latch, "127.0.0.1", 4000, 10));
    expect_target(&latch, "127.0.0.1", 4000);
}

static void an_unknown_source_cannot_take_a_running_stream_over(void **state)
{
    (void)state;
    struct latch latch = {0};
    signal_to(&latch, "::1", 4000);
    for (unsigned ms = 0; ms < 5000; ms += 20) {
        assert_true(accept_from(&latch, "::1", 4000, ms));
        assert_false(accept_from(&latch, "::2", 6666, ms + 1));
    }
    expect_target(&latch, "::1", 4000);
}

static void another_source_is_believed_after_silence(void **state)
{
    (void)state;
    struct latch latch = {0};
    assert_true(accept_from(&latch, "127.0.0.1", 4000, 0));
    assert_false(accept_from(&latch, "127.0.0.2", 4000, 999));
    assert_true(accept_from(&latch, "127.0.0.2", 4000, 1000));
    assert_false(accept_from(&latch, "127.0.0.1", 4000, 1001));
    expect_target(&latch, "127.0.0.2", 4000);
}

static void another_stream_is_believed_only_when_the_phone_has_gone(void **state)
{
    (void)state;
    struct latch latch = {0};
    signal_from(&latch, "10.0.0.5", 4000, "203.0.113.9");
    assert_true(accept_from(&latch, "203.0.113.9", 5555, 0));
    assert_false(accept_other(&latch, "203.0.113.9", 6666, 5000)); /* behind the same NAT */
    assert_true(accept_from(&latch, "203.0.113.9", 5556, 5001));
    latch_keep(&latch, 14000 * MS); /* nothing to say, but it reports */
    assert_false(accept_other(&latch, "203.0.113.9", 6666, 23999));
    assert_true(accept_other(&latch, "203.0.113.9", 6666, 24000));
    expect_target(&latch, "203.0.113.9", 6666);
    latch_keep(&latch, 25000 * MS);
    assert_true(accept_other(&latch, "203.0.113.9", 7777, 25001)); /* moved on; it is the same */
}

static void another_stream_from_the_same_place_is_the_phones(void **state)
{
    (void)state;
    struct latch latch = {0};
    signal_to(&latch, "127.0.0.1", 4000);
    assert_true(accept_from(&latch, "127.0.0.1", 5555, 0));
    assert_true(accept_other(&latch, "127.0.0.1", 5555, 20));
    assert_true(accept_from(&latch, "127.0.0.1", 4000, 40)); /* as the SDP says */
    assert_true(accept_other(&latch, "127.0.0.1", 4000, 60));
}

static void the_signalled_address_wins_over_one_that_came_first(void **state)
{
    (void)state;
    struct latch latch = {0};
    signal_to(&latch, "127.0.0.1", 4000);
    assert_true(accept_from(&latch, "127.0.0.1", 6666, 0)); /* somebody behind the same NAT */
    assert_true(accept_from(&latch, "127.0.0.1", 4000, 10));
    assert_false(accept_from(&latch, "127.0.0.1", 6666, 20));
    expect_target(&latch, "127.0.0.1", 4000);
}

static void a_new_offer_moves_the_target_at_once(void **state)
{
    (void)state;
    struct latch latch = {0};
    signal_to(&latch, "127.0.0.1", 4000);
    accept_from(&latch, "127.0.0.1", 4000, 1000);
    signal_to(&latch, "127.0.0.1", 4000);
    expect_target(&latch, "127.0.0.1", 4000);
    signal_to(&latch, "127.0.0.2", 5000);
    expect_target(&latch, "127.0.0.2", 5000);
    /* packets under way from the old place are heard, but do not win us back */
    assert_true(accept_from(&latch, "127.0.0.1", 4000, 1010));
    expect_target(&latch, "127.0.0.2", 5000);
    assert_true(accept_from(&latch, "127.0.0.2", 5000, 1100));
    assert_false(accept_from(&latch, "127.0.0.1", 4000, 1110));
    expect_target(&latch, "127.0.0.2", 5000);
}

static void the_old_place_is_believed_again_when_the_new_stays_mute(void **state)
{
    (void)state;
    struct latch latch = {0};
    signal_from(&latch, "10.0.0.1", 4000, "127.0.0.9");
    accept_from(&latch, "127.0.0.9", 4444, 1000);
    signal_from(&latch, "10.0.0.1", 5000, "127.0.0.9"); /* behind the NAT nothing changed */
    for (unsigned ms = 1020; ms < 2020; ms += 20) {
        assert_true(accept_from(&latch, "127.0.0.9", 4444, ms));
        expect_target(&latch, "10.0.0.1", 5000);
    }
    assert_true(accept_from(&latch, "127.0.0.9", 4444, 2020));
    expect_target(&latch, "127.0.0.9", 4444);
}

static void hold_without_an_address_keeps_a_running_source(void **state)
{
    (void)state;
    struct latch latch = {0};
    signal_to(&latch, "127.0.0.1", 4000);
    accept_from(&latch, "127.0.0.1", 4000, 0);
    signal_to(&latch, "0.0.0.0", 4000);
    assert_true(accept_from(&latch, "127.0.0.1", 4000, 20));
    expect_target(&latch, "127.0.0.1", 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_signalled_address_is_sent_to_before_anything_comes),
        cmocka_unit_test(the_first_packet_tells_the_address_behind_a_nat),
        cmocka_unit_test(behind_nat_and_proxy_the_first_one_counts_and_no_other),
        cmocka_unit_test(a_stranger_gets_nothing_however_silent_the_phone_is),
        cmocka_unit_test(a_phone_on_this_machine_may_send_from_any_loopback_address),
        cmocka_unit_test(an_unknown_source_cannot_take_a_running_stream_over),
        cmocka_unit_test(another_source_is_believed_after_silence),
        cmocka_unit_test(another_stream_is_believed_only_when_the_phone_has_gone),
        cmocka_unit_test(another_stream_from_the_same_place_is_the_phones),
        cmocka_unit_test(the_signalled_address_wins_over_one_that_came_first),
        cmocka_unit_test(a_new_offer_moves_the_target_at_once),
        cmocka_unit_test(the_old_place_is_believed_again_when_the_new_stays_mute),
        cmocka_unit_test(hold_without_an_address_keeps_a_running_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
