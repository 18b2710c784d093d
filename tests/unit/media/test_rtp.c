/* RTP: what is a packet and what is not, and the bookkeeping of RFC 3550 A.1, A.3 and A.8. */
#include "media/rtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_header_written_is_read_back(void **state)
{
    (void)state;
    uint8_t data[RTP_HEADER + 3] = {[RTP_HEADER] = 'a', 'b', 'c'};
    rtp_write_header(data, 101, true, 0xfffe, 0xdeadbeef, 0x01020304);
    struct rtp_packet packet;
    assert_true(rtp_parse(&packet, data, sizeof data));
    assert_int_equal(packet.payload_type, 101);
    assert_true(packet.marker);
    assert_int_equal(packet.sequence, 0xfffe);
    assert_int_equal(packet.timestamp, 0xdeadbeef);
    assert_int_equal(packet.ssrc, 0x01020304);
    assert_int_equal(packet.payload_size, 3);
    assert_memory_equal(packet.payload, "abc", 3);
}

static void csrcs_extension_and_padding_are_taken_off(void **state)
{
    (void)state;
    uint8_t data[RTP_HEADER + 8 + 8 + 2 + 4] = {0};
    rtp_write_header(data, 0, false, 1, 2, 3);
    data[0] |= 0x20 | 0x10 | 2;   /* padding, extension, two CSRCs */
    data[RTP_HEADER + 8 + 3] = 1; /* one word of extension */
    data[RTP_HEADER + 16] = 'x';  /* the payload */
    data[RTP_HEADER + 17] = 'y';
    data[sizeof data - 1] = 4; /* bytes of padding */
    struct rtp_packet packet;
    assert_true(rtp_parse(&packet, data, sizeof data));
    assert_int_equal(packet.payload_size, 2);
    assert_memory_equal(packet.payload, "xy", 2);
}

static void rubbish_is_refused(void **state)
{
    (void)state;
    uint8_t data[40] = {0};
    struct rtp_packet packet;
    rtp_write_header(data, 0, false, 1, 2, 3);
    assert_false(rtp_parse(&packet, data, RTP_HEADER - 1));
    data[0] = 1 << 6;
    assert_false(rtp_parse(&packet, data, sizeof data)); /* version 1 */
    data[0] = 2 << 6 | 15;
    assert_false(rtp_parse(&packet, data, sizeof data)); /* more CSRCs than bytes */
    data[0] = 2 << 6 | 0x10;
    data[RTP_HEADER + 2] = 0xff;
    assert_false(rtp_parse(&packet, data, sizeof data)); /* a long extension */
    data[RTP_HEADER + 2] = 0;
    data[0] = 2 << 6 | 0x20;
    data[sizeof data - 1] = 0;
    assert_false(rtp_parse(&packet, data, sizeof data)); /* padding of no length */
    data[sizeof data - 1] = 29;
    assert_false(rtp_parse(&packet, data, sizeof data)); /* more padding than payload */
    data[sizeof data - 1] = 28;
    assert_true(rtp_parse(&packet, data, sizeof data));
    assert_int_equal(packet.payload_size, 0);
}

static void rtcp_on_the_same_port_is_no_rtp(void **state)
{
    (void)state;
    uint8_t data[28] = {0x80};
    struct rtp_packet packet;
    for (unsigned type = 192; type <= 223; type++) {
        data[1] = (uint8_t)type;
        assert_false(rtp_parse(&packet, data, sizeof data));
    }
    data[1] = 0x80 | 101;
    assert_true(rtp_parse(&packet, data, sizeof data));
}

static enum rtp_verdict feed(struct rtp_source *source, uint32_t ssrc, uint16_t sequence)
{
    struct rtp_packet packet = {
        .ssrc = ssrc, .sequence = sequence, .timestamp = (uint32_t)sequence * 160};
    return rtp_source_update(source, &packet, (uint64_t)sequence * 20000);
}

static void losses_are_counted_across_the_wrap_around(void **state)
{
    (void)state;
    struct rtp_source source;
    rtp_source_init(&source, 8000);
    for (unsigned i = 0; i < 100; i++) {
        if (i % 10 != 5) {
            assert_int_equal(feed(&source, 7, (uint16_t)(65500 + i)), RTP_OK);
        }
    }
    assert_int_equal(rtp_source_lost(&source), 10);
    assert_int_equal(source.cycles, 65536);
}

static void packets_out_of_order_are_no_loss(void **state)
{
    (void)state;
    struct rtp_source source;
    rtp_source_init(&source, 8000);
    feed(&source, 7, 10);
    feed(&source, 7, 12);
    assert_int_equal(rtp_source_lost(&source), 1);
    assert_int_equal(feed(&source, 7, 11), RTP_OK);
    assert_int_equal(rtp_source_lost(&source), 0);
    feed(&source, 7, 12); /* a duplicate makes no negative loss */
    assert_int_equal(rtp_source_lost(&source), 0);
}

static void a_new_ssrc_restarts_and_keeps_the_totals(void **state)
{
    (void)state;
    struct rtp_source source;
    rtp_source_init(&source, 8000);
    feed(&source, 7, 10);
    feed(&source, 7, 13);
    assert_int_equal(feed(&source, 8, 40000), RTP_RESTART);
    assert_int_equal(rtp_source_lost(&source), 2);
    assert_int_equal(feed(&source, 8, 40001), RTP_OK);
    assert_int_equal(rtp_source_lost(&source), 2);
    assert_int_equal(source.received + source.received_before, 4);
}

static void a_jump_in_sequence_must_be_confirmed(void **state)
{
    (void)state;
    struct rtp_source source;
    rtp_source_init(&source, 8000);
    feed(&source, 7, 10);
    assert_int_equal(feed(&source, 7, 30000), RTP_DUPLICATE_OR_STALE);
    assert_int_equal(feed(&source, 7, 11), RTP_OK);
    assert_int_equal(feed(&source, 7, 30000), RTP_DUPLICATE_OR_STALE);
    assert_int_equal(feed(&source, 7, 30001), RTP_RESTART);
    assert_int_equal(feed(&source, 7, 30002), RTP_OK);
    assert_int_equal(rtp_source_lost(&source), 0);
}

static void jitter_follows_the_variation_of_transit(void **state)
{
    (void)state;
    struct rtp_source source;
    rtp_source_init(&source, 8000);
    for (unsigned i = 0; i < 500; i++) {
        struct rtp_packet packet = {.sequence = (uint16_t)i, .timestamp = i * 160};
        rtp_source_update(&source, &packet, 20000ULL * i + (i % 2 ? 10000 : 0));
    }
    assert_true(rtp_source_jitter_ms(&source) > 9.9 && rtp_source_jitter_ms(&source) < 10.1);
    /* a sender that begins a new time line does not shake the network */
    struct rtp_packet jump = {.sequence = 500, .timestamp = 0x80000000};
    rtp_source_update(&source, &jump, 20000ULL * 500);
    assert_true(rtp_source_jitter_ms(&source) < 10.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_written_is_read_back),
        cmocka_unit_test(csrcs_extension_and_padding_are_taken_off),
        cmocka_unit_test(rubbish_is_refused),
        cmocka_unit_test(rtcp_on_the_same_port_is_no_rtp),
        cmocka_unit_test(losses_are_counted_across_the_wrap_around),
        cmocka_unit_test(packets_out_of_order_are_no_loss),
        cmocka_unit_test(a_new_ssrc_restarts_and_keeps_the_totals),
        cmocka_unit_test(a_jump_in_sequence_must_be_confirmed),
        cmocka_unit_test(jitter_follows_the_variation_of_transit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
