/* Extended reports: written as RFC 3611 wants them, and those of peers read with mistrust. */
#include "media/leg.h"
#include "media/rtcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t ntp = 0x0102030405060708;

static const struct rtcp_xr everything = {
    .has_metrics = true,
    .metrics = {.loss = 0.25F,
                .discard = 0.5F,
                .burst_density = 0.125F,
                .gap_density = 0.0625F,
                .burst_length = 300,
                .gap_length = 70000,
                .round_trip = 42,
                .system_delay = 61,
                .signal = -17,
                .noise = XR_UNKNOWN,
                .rating = 93,
                .mos_listening = 44,
                .mos = 43,
                .jitter_buffer = 20,
                .jitter_buffer_max = 400},
    .has_rrtr = true,
    .has_dlrr = true,
    .dlrr_ssrc = 0xbeef,
    .lrr = 0x11223344,
    .dlrr = 65536,
};

static size_t xr_write(uint8_t *data, const struct rtcp_xr *xr)
{
    struct rtp_source source;
    struct rtp_packet packet = {.ssrc = 0xbeef};
    struct rtcp_sender sender = {.ssrc = 0xabcd, .packets = 1, .cname = "c", .xr = xr};
    rtp_source_init(&source, 8000);
    rtp_source_update(&source, &packet, 0);
    return rtcp_write(data, RTCP_MAX, &sender, &source, 0, 0, ntp, true);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    uint8_t data[RTCP_MAX];
    size_t size = xr_write(data, &everything);
    struct rtcp_report report;
    const struct voip_metrics *metrics = &report.xr.metrics;
    assert_true(rtcp_parse(&report, data, size, 0xbeef));
    assert_true(report.has_block && report.has_bye && report.has_sr);
    assert_true(report.xr.has_rrtr && report.xr.has_dlrr && report.xr.has_metrics);
    assert_int_equal(report.xr.rrtr_ssrc, 0xabcd);
    assert_int_equal(report.xr.rrtr_mid, 0x03040506);
    assert_int_equal(report.xr.lrr, 0x11223344);
    assert_int_equal(report.xr.dlrr, 65536);
    assert_true(metrics->loss == 0.25F && metrics->discard == 0.5F);
    assert_true(metrics->burst_density == 0.125F && metrics->gap_density == 0.0625F);
    assert_int_equal(metrics->burst_length, 300);
    assert_int_equal(metrics->gap_length, 65535);
    assert_int_equal(metrics->round_trip, 42);
    assert_int_equal(metrics->system_delay, 61);
    assert_int_equal(metrics->signal, -17);
    assert_int_equal(metrics->noise, XR_UNKNOWN);
    assert_int_equal(metrics->rating, 93);
    assert_int_equal(metrics->mos_listening, 44);
    assert_int_equal(metrics->mos, 43);
    assert_int_equal(metrics->jitter_buffer, 20);
    assert_int_equal(metrics->jitter_buffer_max, 400);
    assert_true(rtcp_parse(&report, data, size, 0xbeee)); /* about somebody else */
    assert_false(report.xr.has_dlrr || report.xr.has_metrics);
    assert_true(report.xr.has_rrtr);
}

static void the_blocks_have_their_types_and_lengths(void **state)
{
    (void)state;
    uint8_t data[XR_MAX];
    assert_ptr_equal(rtcp_xr_write(data, 1, 2, &everything, ntp), data + XR_MAX);
    static const uint8_t heads[][5] = {
        {0, 0x80, 207, 0, 17}, {8, 4, 0, 0, 2}, {20, 5, 0, 0, 3}, {36, 7, 0, 0, 8}};
    for (unsigned i = 0; i < 4; i++) {
        assert_memory_equal(data + heads[i][0], heads[i] + 1, 4);
    }
    assert_int_equal(data[36 + 4 + 19], 16); /* Gmin */
}

static void scores_out_of_range_are_unknown(void **state)
{
    (void)state;
    uint8_t data[XR_MAX];
    struct rtcp_xr xr = {0};
    (void)rtcp_xr_write(data, 1, 2, &everything, ntp);
    data[36 + 4 + 20] = 120; /* R */
    data[36 + 4 + 22] = 9;   /* MOS-LQ */
    data[36 + 4 + 23] = 51;  /* MOS-CQ */
    rtcp_xr_parse(&xr, data, sizeof data, 2);
    assert_true(xr.has_metrics);
    assert_int_equal(xr.metrics.rating, XR_UNKNOWN);
    assert_int_equal(xr.metrics.mos_listening, XR_UNKNOWN);
    assert_int_equal(xr.metrics.mos, XR_UNKNOWN);
}

/* What comes before the broken block counts, and so does the report that it came with. */
static void a_broken_block_ends_the_reading(void **state)
{
    (void)state;
    uint8_t data[RTCP_MAX];
    size_t size = xr_write(data, &everything);
    size_t xr = size - 8 - XR_MAX; /* before the BYE */
    struct rtcp_report report;
    assert_int_equal(data[xr + 1], 207);
    data[xr + 20 + 3] = 100; /* the DLRR block says that it is longer than the packet */
    assert_true(rtcp_parse(&report, data, size, 0xbeef));
    assert_true(report.has_block && report.xr.has_rrtr);
    assert_false(report.xr.has_dlrr || report.xr.has_metrics);
}

static void unknown_blocks_are_passed_over(void **state)
{
    (void)state;
    uint8_t data[XR_MAX];
    struct rtcp_xr xr = {0};
    (void)rtcp_xr_write(data, 1, 0xbeef, &everything, ntp);
    data[8] = 99;
    rtcp_xr_parse(&xr, data, sizeof data, 0xbeef);
    assert_false(xr.has_rrtr);
    assert_true(xr.has_dlrr && xr.has_metrics);
}

static void padding_is_no_block(void **state)
{
    (void)state;
    uint8_t data[8 + 12] = {0xa0, 207, 0, 4, 0, 0, 0, 1, 4, 0, 0, 2};
    struct rtcp_xr xr = {0};
    data[sizeof data - 1] = 12;
    rtcp_xr_parse(&xr, data, sizeof data, 1);
    assert_false(xr.has_rrtr);
    data[sizeof data - 1] = 255; /* more than there is */
    rtcp_xr_parse(&xr, data, sizeof data, 1);
    assert_false(xr.has_rrtr);
}

static unsigned dice(unsigned below)
{
    static uint32_t state = 3611;
    state = state * 1664525 + 1013904223;
    return (state >> 8) % below;
}

/* Bounds are what the sanitizers watch here: each packet is in memory of just its size. */
static void mangled_packets_are_read_within_their_bounds(void **state)
{
    (void)state;
    uint8_t whole[RTCP_MAX];
    unsigned size = (unsigned)xr_write(whole, &everything);
    for (unsigned turn = 0; turn < 200000; turn++) {
        unsigned cut = turn % 4 == 0 ? 4 + dice(size) / 4 * 4 : size;
        uint8_t *data = malloc(cut);
        struct rtcp_report report;
        assert_non_null(data);
        memcpy(data, whole, cut);
        for (unsigned changes = dice(6); changes > 0; changes--) {
            data[dice(cut)] = (uint8_t)dice(256);
        }
        if (rtcp_parse(&report, data, cut, 0xbeef) && report.xr.has_metrics) {
            assert_true(report.xr.metrics.loss >= 0 && report.xr.metrics.loss < 1);
            assert_in_range(report.xr.metrics.mos, 10, XR_UNKNOWN);
        }
        free(data);
    }
}

static void what_a_peer_told_of_itself_lapses(void **state)
{
    enum { SECOND = 1000000 }; /* µs */
    const struct rtcp_xr nothing = {0};
    struct leg *leg = calloc(1, sizeof(*leg));
    uint64_t at = 100 * SECOND;
    (void)state;
    assert_non_null(leg);
    leg_xr_take(leg, &everything, at, at);
    leg_xr_take(leg, &nothing, at + 14 * SECOND, at + 14 * SECOND);
    assert_true(leg->counters.remote_rating == 93);
    leg_xr_take(leg, &nothing, at + 16 * SECOND, at + 16 * SECOND);
    assert_true(leg->counters.remote_rating == 0);
    assert_true(leg->counters.remote_discarded == 0 && leg->counters.remote_delay == 0);
    free(leg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(the_blocks_have_their_types_and_lengths),
        cmocka_unit_test(scores_out_of_range_are_unknown),
        cmocka_unit_test(a_broken_block_ends_the_reading),
        cmocka_unit_test(unknown_blocks_are_passed_over),
        cmocka_unit_test(padding_is_no_block),
        cmocka_unit_test(mangled_packets_are_read_within_their_bounds),
        cmocka_unit_test(what_a_peer_told_of_itself_lapses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
