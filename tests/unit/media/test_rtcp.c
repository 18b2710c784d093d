/* RTCP: reports written as RFC 3550 §6 wants them, and those of peers read with mistrust. */
#include "media/rtcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const uint64_t ntp = 0x0102030405060708;

static struct rtp_source heard_source(unsigned lost)
{
    struct rtp_source source;
    rtp_source_init(&source, 8000);
    for (unsigned i = 0; i < 100; i++) {
        struct rtp_packet packet = {.ssrc = 0xbeef, .sequence = (uint16_t)i, .timestamp = i * 160};
        if (i == 0 || i > lost) {
            rtp_source_update(&source, &packet, i * 20000ULL);
        }
    }
    return source;
}

static uint32_t word(const uint8_t *data)
{
    return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

static void a_sender_report_has_all_its_fields(void **state)
{
    (void)state;
    struct rtp_source source = heard_source(25);
    struct rtcp_sender sender = {
        .ssrc = 0xabcd, .packets = 50, .octets = 8000, .timestamp = 777, .cname = "a@b"};
    uint8_t data[RTCP_MAX];
    size_t size = rtcp_write(data, sizeof data, &sender, &source, 0x11223344, 65536, ntp, false);
    assert_int_equal(size, 52 + 16);
    assert_int_equal(data[0], 0x81);
    assert_int_equal(data[1], 200);
    assert_int_equal(data[3], 12);
    assert_int_equal(word(data + 4), 0xabcd);
    assert_int_equal(word(data + 8), 0x01020304);
    assert_int_equal(word(data + 12), 0x05060708);
    assert_int_equal(word(data + 16), 777);
    assert_int_equal(word(data + 20), 50);
    assert_int_equal(word(data + 24), 8000);
    assert_int_equal(word(data + 28), 0xbeef);
    assert_int_equal(data[32], 64); /* a quarter of 100 */
    assert_int_equal(word(data + 32) & 0xffffff, 25);
    assert_int_equal(word(data + 36), 99);
    assert_int_equal(word(data + 44), 0x11223344);
    assert_int_equal(word(data + 48), 65536);
    /* SDES: CNAME, ended by a zero, a whole number of words */
    assert_int_equal(data[52], 0x81);
    assert_int_equal(data[53], 202);
    assert_int_equal(data[55], 3);
    assert_int_equal(data[60], 1);
    assert_int_equal(data[61], 3);
    assert_memory_equal(data + 62, "a@b", 3);
    assert_int_equal(data[65] | data[66] | data[67], 0);
}

static void the_fraction_lost_is_of_the_interval(void **state)
{
    (void)state;
    struct rtp_source source = heard_source(25);
    struct rtcp_sender sender = {.ssrc = 1, .cname = "c"};
    uint8_t data[RTCP_MAX];
    rtcp_write(data, sizeof data, &sender, &source, 0, 0, ntp, false);
    assert_int_equal(data[1], 201); /* nothing sent: a receiver report */
    assert_int_equal(data[12], 64);
    struct rtp_packet packet = {.ssrc = 0xbeef, .sequence = 100, .timestamp = 16000};
    rtp_source_update(&source, &packet, 2000000);
    rtcp_write(data, sizeof data, &sender, &source, 0, 0, ntp, false);
    assert_int_equal(data[12], 0);
    assert_int_equal(word(data + 12) & 0xffffff, 25);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    struct rtp_source source = heard_source(50);
    struct rtcp_sender sender = {.ssrc = 0xabcd, .packets = 1, .cname = "someone@somewhere"};
    uint8_t data[RTCP_MAX];
    size_t size = rtcp_write(data, sizeof data, &sender, &source, 42, 43, ntp, true);
    struct rtcp_report report;
    assert_true(rtcp_parse(&report, data, size, 0xbeef));
    assert_true(report.has_sr);
    assert_int_equal(report.sr_ssrc, 0xabcd);
    assert_int_equal(report.sr_ntp_mid, 0x03040506);
    assert_true(report.has_block);
    assert_true(report.fraction_lost == 0.5F);
    assert_int_equal(report.lsr, 42);
    assert_int_equal(report.dlsr, 43);
    assert_true(report.has_bye);
    assert_int_equal(report.bye_ssrc, 0xabcd);
    assert_true(rtcp_parse(&report, data, size, 0xbeee));
    assert_false(report.has_block); /* about somebody else */
}

static void every_cname_length_makes_a_valid_packet(void **state)
{
    (void)state;
    char cname[400];
    uint8_t data[RTCP_MAX];
    struct rtp_source source = heard_source(0);
    for (size_t length = 0; length < sizeof cname; length++) {
        memset(cname, 'x', length);
        cname[length] = 0;
        struct rtcp_sender sender = {.ssrc = 1, .packets = 1, .cname = cname};
        size_t size = rtcp_write(data, sizeof data, &sender, &source, 0, 0, ntp, true);
        struct rtcp_report report;
        assert_int_equal(size % 4, 0);
        assert_true(rtcp_parse(&report, data, size, 1));
        assert_true(report.has_bye);
    }
}

static void a_buffer_too_small_is_left_alone(void **state)
{
    (void)state;
    struct rtcp_sender sender = {.ssrc = 1, .cname = "cname"};
    uint8_t data[64];
    size_t whole = rtcp_write(data, sizeof data, &sender, NULL, 0, 0, ntp, true);
    assert_true(whole > 0);
    for (size_t size = 0; size < whole; size++) {
        memset(data, 0x55, sizeof data);
        assert_int_equal(rtcp_write(data, size, &sender, NULL, 0, 0, ntp, true), 0);
        assert_int_equal(data[0], 0x55);
    }
}

static void cut_and_forged_packets_are_refused(void **state)
{
    (void)state;
    struct rtp_source source = heard_source(0);
    struct rtcp_sender sender = {.ssrc = 2, .packets = 1, .cname = "c"};
    uint8_t data[RTCP_MAX];
    size_t size = rtcp_write(data, sizeof data, &sender, &source, 0, 0, ntp, true);
    struct rtcp_report report;
    for (size_t cut = 0; cut < size; cut++) {
        bool is_boundary = cut == 52 || cut == size - 8; /* whole packets remain */
        assert_int_equal(rtcp_parse(&report, data, cut, 1), is_boundary);
    }
    data[0] = 0x9f; /* 31 blocks in the room of one */
    assert_false(rtcp_parse(&report, data, size, 1));
    assert_false(report.has_sr);
    data[0] = 0xa1; /* padding, though not the last */
    assert_false(rtcp_parse(&report, data, size, 1));
    data[0] = 0x81;
    data[1] = 100; /* no RTCP */
    assert_false(rtcp_parse(&report, data, size, 1));
    uint8_t bye[4] = {0x81, 203, 0, 0}; /* says one SSRC, holds none */
    assert_false(rtcp_parse(&report, bye, sizeof bye, 1));
}

static void the_round_trip_is_what_remains(void **state)
{
    (void)state;
    uint64_t now = 0x0000000500000000; /* 5 s */
    assert_true(rtcp_round_trip(0, 0, now) == 0);
    assert_true(rtcp_round_trip(3 << 16, 1 << 16, now) == 1000);
    assert_true(rtcp_round_trip(3 << 16, 3 << 16, now) == 0); /* negative */
}

static void a_round_trip_that_cannot_be_true_is_none(void **state)
{
    (void)state;
    uint64_t now = 100ULL << 32; /* 100 s */
    assert_true(rtcp_round_trip(45 << 16, 54 << 16, now) == 1000);
    assert_true(rtcp_round_trip(45 << 16, 44 << 16, now) == 0); /* 11 s */
    assert_true(rtcp_round_trip(30 << 16, 69 << 16, now) == 0); /* of a report that is too old */
    assert_true(rtcp_round_trip(101 << 16, 0, now) == 0);       /* of one not yet sent */
    assert_true(rtcp_round_trip(0xdeadbeef, 0x12345678, now) == 0);
}

static void ntp_time_counts_from_1900(void **state)
{
    (void)state;
    uint64_t unix_seconds = (uint64_t)time(NULL);
    uint64_t seconds = rtcp_ntp_now() >> 32;
    assert_in_range(seconds, unix_seconds + 2208988800ULL - 1, unix_seconds + 2208988800ULL + 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sender_report_has_all_its_fields),
        cmocka_unit_test(the_fraction_lost_is_of_the_interval),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(every_cname_length_makes_a_valid_packet),
        cmocka_unit_test(a_buffer_too_small_is_left_alone),
        cmocka_unit_test(cut_and_forged_packets_are_refused),
        cmocka_unit_test(the_round_trip_is_what_remains),
        cmocka_unit_test(a_round_trip_that_cannot_be_true_is_none),
        cmocka_unit_test(ntp_time_counts_from_1900),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
