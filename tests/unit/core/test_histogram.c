/* Percentiles of many values in a few buckets. */
#include "core/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void percentiles_are_right_within_a_tenth(void **state)
{
    static struct histogram lateness;

    (void)state;
    assert_int_equal(histogram_percentile(&lateness, 0.5), 0);
    for (uint64_t late = 1; late <= 10000; late++) {
        histogram_add(&lateness, late);
    }
    assert_in_range(histogram_percentile(&lateness, 0.5), 4400, 5600);
    assert_in_range(histogram_percentile(&lateness, 0.99), 8700, 11100);
    assert_int_equal(histogram_max(&lateness), 10000);
    histogram_add(&lateness, UINT64_MAX / 2);
    assert_in_range(histogram_percentile(&lateness, 0.5), 4400, 5600);
}

/* From a nanosecond to a second, each alone. */
static void a_value_is_below_its_percentile_by_an_eighth_at_most(void **state)
{
    (void)state;
    for (uint64_t value = 0; value < 1000000000; value += value / 7 + 1) {
        struct histogram one = {0};

        histogram_add(&one, value);
        assert_in_range(histogram_percentile(&one, 0.99), value + 1, value + value / 8 + 1);
        assert_int_equal(histogram_max(&one), value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_right_within_a_tenth),
        cmocka_unit_test(a_value_is_below_its_percentile_by_an_eighth_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
