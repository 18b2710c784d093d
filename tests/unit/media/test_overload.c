/* When a media thread is overloaded, and when no more: by slots with made-up times. */
#include "media/overload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SLOT = 2000, A_SECOND = 500 }; /* µs; slots */

static const struct overload_limits limits = {.late = 40, .load = 90};

struct thread {
    struct overload overload;
    uint64_t due;
    unsigned changes;
};

static void slot(struct thread *thread, uint64_t late, uint64_t busy)
{
    thread->due += SLOT;
    thread->changes += overload_slot(&thread->overload, &limits, thread->due, late, busy);
}

/* Seconds in which `percent` of the slots begin so late. */
static void live(struct thread *thread, unsigned seconds, unsigned percent, uint64_t late,
                 uint64_t busy)
{
    for (unsigned i = 0; i < seconds * A_SECOND; i++) {
        slot(thread, i % 100 < percent ? late : 0, busy);
    }
}

static void being_in_time_is_no_overload(void **state)
{
    (void)state;
    struct thread thread = {.due = 123456789};
    live(&thread, 10, 100, OVERLOAD_LATE_US, SLOT * 85 / 100);
    assert_false(thread.overload.is_overloaded);
}

static void two_late_seconds_begin_it_and_three_good_ones_end_it(void **state)
{
    (void)state;
    struct thread thread = {.due = 1};
    live(&thread, 5, 0, 0, 100);
    live(&thread, 1, 50, 6000, 100);
    live(&thread, 1, 30, 6000, 100);
    assert_false(thread.overload.is_overloaded); /* one alone is a hiccup */
    live(&thread, 2, 50, 6000, 100);
    slot(&thread, 0, 100);
    assert_true(thread.overload.is_overloaded);
    live(&thread, 2, 0, 0, 100);
    live(&thread, 1, 50, 6000, 100);
    live(&thread, 2, 0, 0, 100);
    assert_true(thread.overload.is_overloaded);
    live(&thread, 2, 0, 0, 100);
    assert_false(thread.overload.is_overloaded);
    assert_int_equal(thread.changes, 2);
}

static void being_busy_all_the_time_is_overload_too(void **state)
{
    (void)state;
    struct thread thread = {0};
    live(&thread, 3, 0, 0, SLOT * 95 / 100);
    assert_true(thread.overload.is_overloaded);
}

static void a_long_stall_counts_by_the_slots_that_were_skipped(void **state)
{
    (void)state;
    struct thread thread = {0};
    live(&thread, 5, 0, 0, 100);
    for (uint64_t behind = 3 * A_SECOND; behind > 0; behind--) {
        slot(&thread, behind * SLOT, 0);
    }
    assert_true(thread.overload.is_overloaded);
    live(&thread, 4, 0, 0, 100);
    assert_false(thread.overload.is_overloaded);
}

static void who_has_nothing_to_do_is_not_overloaded(void **state)
{
    (void)state;
    struct thread thread = {0};
    assert_false(overload_rest(&thread.overload));
    live(&thread, 3, 100, 30000, 0);
    assert_true(overload_rest(&thread.overload));
    assert_false(thread.overload.is_overloaded);
    live(&thread, 2, 100, 30000, 0);
    assert_false(thread.overload.is_overloaded); /* it begins anew */
}

static void limits_of_0_are_none(void **state)
{
    (void)state;
    struct overload overload = {0};
    const struct overload_limits none = {0};
    for (unsigned i = 0; i < 10 * A_SECOND; i++) {
        assert_false(overload_slot(&overload, &none, (uint64_t)i * SLOT, 90000, 90000));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(being_in_time_is_no_overload),
        cmocka_unit_test(two_late_seconds_begin_it_and_three_good_ones_end_it),
        cmocka_unit_test(being_busy_all_the_time_is_overload_too),
        cmocka_unit_test(a_long_stall_counts_by_the_slots_that_were_skipped),
        cmocka_unit_test(who_has_nothing_to_do_is_not_overloaded),
        cmocka_unit_test(limits_of_0_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
