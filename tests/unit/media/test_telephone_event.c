/* RFC 4733: many packets, one key, whatever gets lost. */
#include "media/telephone_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t MS = 1000; /* µs */

static unsigned duration;

static char put_at(struct telephone_event *event, uint8_t code, bool end, uint16_t length,
                   uint32_t timestamp, uint64_t arrival)
{
    uint8_t payload[4] = {code, (uint8_t)(end ? 0x8a : 0x0a), (uint8_t)(length >> 8),
                          (uint8_t)length};
    struct rtp_packet packet = {.timestamp = timestamp, .payload = payload, .payload_size = 4};
    return telephone_event_put(event, &packet, 8000, arrival, &duration);
}

static char put(struct telephone_event *event, uint8_t code, bool end, uint16_t length,
                uint32_t timestamp)
{
    return put_at(event, code, end, length, timestamp, 0);
}

static void a_key_is_told_once_at_its_end(void **state)
{
    (void)state;
    struct telephone_event event = {0};
    for (uint16_t length = 160; length < 800; length += 160) {
        assert_int_equal(put(&event, 5, false, length, 1000), 0);
    }
    assert_int_equal(put(&event, 5, true, 800, 1000), '5');
    assert_int_equal(duration, 100);
    assert_int_equal(put(&event, 5, true, 800, 1000), 0);
    assert_int_equal(put(&event, 5, true, 800, 1000), 0);
    assert_int_equal(telephone_event_poll(&event, 8000, 9000 * MS, &duration), 0);
}

static void all_sixteen_keys_have_their_names(void **state)
{
    (void)state;
    struct telephone_event event = {0};
    for (uint8_t code = 0; code < 16; code++) {
        assert_int_equal(put(&event, code, true, 400, 1000U * (code + 1U)),
                         "0123456789*#ABCD"[code]);
    }
    assert_int_equal(put(&event, 16, true, 400, 99000), 0); /* hook flash is no key */
}

static void the_same_key_twice_is_two_keys(void **state)
{
    (void)state;
    struct telephone_event event = {0};
    assert_int_equal(put(&event, 1, true, 400, 1000), '1');
    assert_int_equal(put(&event, 1, false, 160, 3000), 0);
    assert_int_equal(put(&event, 1, true, 400, 3000), '1');
}

static void the_next_key_ends_one_without_end(void **state)
{
    (void)state;
    struct telephone_event event = {0};
    put(&event, 1, false, 320, 1000);
    assert_int_equal(put(&event, 2, true, 400, 3000), '1');
    assert_int_equal(duration, 40);
    assert_int_equal(put(&event, 2, true, 400, 3000), '2'); /* by its repetition */
    assert_int_equal(duration, 50);
    assert_int_equal(put(&event, 2, true, 400, 3000), 0);
}

static void silence_ends_a_key_without_end(void **state)
{
    (void)state;
    struct telephone_event event = {0};
    put_at(&event, 11, false, 320, 1000, 500 * MS);
    assert_int_equal(telephone_event_poll(&event, 8000, 699 * MS, &duration), 0);
    assert_int_equal(telephone_event_poll(&event, 8000, 700 * MS, &duration), '#');
    assert_int_equal(telephone_event_poll(&event, 8000, 900 * MS, &duration), 0);
    /* its end, very late, is not another key */
    assert_int_equal(put_at(&event, 11, true, 400, 1000, 900 * MS), 0);
}

static void packets_out_of_order_are_not_a_new_key(void **state)
{
    (void)state;
    struct telephone_event event = {0};
    assert_int_equal(put(&event, 1, true, 400, 0x00000100), '1');
    assert_int_equal(put(&event, 2, true, 400, 0x00001000), '2');
    assert_int_equal(put(&event, 1, true, 400, 0x00000100), 0);
    /* also across the wrap-around of timestamps */
    struct telephone_event other = {0};
    assert_int_equal(put(&other, 1, true, 400, 0xfffffff0), '1');
    assert_int_equal(put(&other, 2, true, 400, 0x00000700), '2');
    assert_int_equal(put(&other, 1, true, 400, 0xfffffff0), 0);
}

static void a_key_whose_timestamp_moves_on_is_one_key(void **state)
{
    (void)state;
    struct telephone_event event = {0};
    uint32_t timestamp = 0xffffff00; /* it may wrap */
    for (unsigned key = 0; key < 2; key++) {
        for (uint16_t length = 160; length <= 800; length += 160) {
            assert_int_equal(put(&event, 5, false, length, timestamp), 0);
            timestamp += 160;
        }
        assert_int_equal(put(&event, 5, true, 800, timestamp), '5');
        assert_int_equal(duration, 100);
        assert_int_equal(put(&event, 5, true, 800, timestamp + 160), 0);
        assert_int_equal(put(&event, 5, true, 800, timestamp + 320), 0);
        timestamp += 320 + 800;
    }
    /* Without a pause, of the same length, and most of it lost. */
    struct telephone_event other = {0};
    assert_int_equal(put(&other, 1, true, 400, 1000), '1');
    assert_int_equal(put(&other, 1, true, 400, 1400), '1');
    assert_int_equal(put(&other, 1, false, 160, 1800), 0);
    assert_int_equal(put(&other, 1, true, 400, 2200), '1');
    assert_int_equal(put(&other, 1, true, 400, 2200), '1');
}

static void a_key_held_very_long_is_one_key(void **state)
{
    (void)state;
    struct telephone_event event = {0};
    put(&event, 9, false, 0x8000, 1000);
    put(&event, 9, false, 0xffff, 1000);
    assert_int_equal(put(&event, 9, false, 400, 1000 + 0xffff), 0);
    assert_int_equal(put(&event, 9, true, 801, 1000 + 0xffff), '9');
    assert_int_equal(duration, (0xffff + 801) / 8);
}

static void rubbish_is_no_key(void **state)
{
    (void)state;
    struct telephone_event event = {0};
    uint8_t payload[4] = {1, 0x80, 1, 0};
    struct rtp_packet packet = {.timestamp = 1, .payload = payload, .payload_size = 3};
    assert_int_equal(telephone_event_put(&event, &packet, 8000, 0, &duration), 0);
    packet.payload_size = 0;
    assert_int_equal(telephone_event_put(&event, &packet, 8000, 0, &duration), 0);
    assert_int_equal(put(&event, 255, true, 100, 1), 0);
    assert_int_equal(put(&event, 1, true, 0, 1), 0); /* a key lasts */
    assert_int_equal(telephone_event_poll(&event, 8000, 9000 * MS, &duration), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_told_once_at_its_end),
        cmocka_unit_test(all_sixteen_keys_have_their_names),
        cmocka_unit_test(the_same_key_twice_is_two_keys),
        cmocka_unit_test(the_next_key_ends_one_without_end),
        cmocka_unit_test(silence_ends_a_key_without_end),
        cmocka_unit_test(packets_out_of_order_are_not_a_new_key),
        cmocka_unit_test(a_key_whose_timestamp_moves_on_is_one_key),
        cmocka_unit_test(a_key_held_very_long_is_one_key),
        cmocka_unit_test(rubbish_is_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
