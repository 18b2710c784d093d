#include "histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct histogram histogram;

static int empty(void **state)
{
    (void)state;
    memset(&histogram, 0, sizeof(histogram));
    return 0;
}

static void an_empty_histogram_says_zero(void **state)
{
    (void)state;
    assert_true(histogram_ms(&histogram, 0.5) == 0);
    assert_true(histogram_max_ms(&histogram) == 0);
}

static void percentiles_are_right_to_a_bin(void **state)
{
    struct percentiles p;

    (void)state;
    for (uint64_t us = 1; us <= 10000; us++)
        histogram_add(&histogram, us * 1000);
    p = percentiles_of(&histogram);
    assert_int_equal(p.count, 10000);
    assert_true(p.p50 >= 4.99 && p.p50 <= 5.02);
    assert_true(p.p99 >= 9.89 && p.p99 <= 9.92);
    assert_true(p.max == 10);
}

static void a_percentile_never_exceeds_the_maximum(void **state)
{
    (void)state;
    histogram_add(&histogram, 20000001);
    assert_true(histogram_ms(&histogram, 0.99) <= histogram_max_ms(&histogram));
}

static void values_beyond_the_last_bin_are_kept_as_maximum(void **state)
{
    (void)state;
    histogram_add(&histogram, 30ULL * 1000 * 1000 * 1000);
    assert_true(histogram_ms(&histogram, 0.5) == 30000);
}

static void slow_values_stand_behind_fast_ones(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 98; i++)
        histogram_add(&histogram, 20 * 1000000ULL);
    histogram_add(&histogram, 500 * 1000000ULL);
    histogram_add(&histogram, 700 * 1000000ULL);
    assert_true(histogram_ms(&histogram, 0.98) < 20.02);
    assert_true(histogram_ms(&histogram, 0.99) >= 500 && histogram_ms(&histogram, 0.99) <= 501);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_empty_histogram_says_zero, empty),
        cmocka_unit_test_setup(percentiles_are_right_to_a_bin, empty),
        cmocka_unit_test_setup(a_percentile_never_exceeds_the_maximum, empty),
        cmocka_unit_test_setup(values_beyond_the_last_bin_are_kept_as_maximum, empty),
        cmocka_unit_test_setup(slow_values_stand_behind_fast_ones, empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
