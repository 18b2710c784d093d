/* A loop whose clock is moved by hand. */
#include "core/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { NOON = 1767614400 }; /* 2026-01-05 12:00 UTC */

static struct {
    struct loop *loop;
    struct loop_timer *timers[3];
    char order[16];
    uint64_t at;
} world;

static int setup(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    return loop_create_virtual(NOON, &world.loop);
}

static int teardown(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        loop_timer_stop(&world.timers[i]);
    loop_destroy(world.loop);
    return 0;
}

static void note(void *arg)
{
    strncat(world.order, arg, 1);
    world.at = loop_now(world.loop);
}

static void start(unsigned index, uint64_t ms, char *name)
{
    assert_int_equal(loop_timer_start(world.loop, &world.timers[index], ms, note, name), 0);
}

static void timers_run_in_the_order_in_which_they_are_due(void **state)
{
    uint64_t began = loop_now(world.loop);

    (void)state;
    start(0, 200, "b");
    start(1, 100, "a");
    start(2, 200, "c"); /* as soon as b, and asked for later */
    loop_advance(world.loop, 99);
    assert_string_equal(world.order, "");
    loop_advance(world.loop, 1);
    assert_string_equal(world.order, "a");
    assert_null(world.timers[1]);
    loop_advance(world.loop, 1000);
    assert_string_equal(world.order, "abc");
    assert_int_equal(world.at - began, 200);
    assert_int_equal(loop_now(world.loop) - began, 1100);
}

static void one_that_is_stopped_or_started_anew_does_not_run_at_its_old_time(void **state)
{
    (void)state;
    start(0, 100, "a");
    start(1, 100, "b");
    start(0, 300, "c");
    loop_timer_stop(&world.timers[1]);
    loop_advance(world.loop, 299);
    assert_string_equal(world.order, "");
    loop_advance(world.loop, 1);
    assert_string_equal(world.order, "c");
}

static unsigned rounds;

static void again(void *arg)
{
    if (++rounds < 10)
        assert_int_equal(loop_timer_start(world.loop, &world.timers[0], 60000, again, arg), 0);
}

static void a_timer_that_is_begun_by_another_runs_within_the_same_advance(void **state)
{
    (void)state;
    rounds = 0;
    assert_int_equal(loop_timer_start(world.loop, &world.timers[0], 0, again, NULL), 0);
    loop_advance(world.loop, 0);
    assert_int_equal(rounds, 1);
    loop_advance(world.loop, 8 * 60000);
    assert_int_equal(rounds, 9);
    loop_advance(world.loop, 3600000);
    assert_int_equal(rounds, 10);
}

static void the_wall_clock_goes_with_it_and_can_be_set(void **state)
{
    (void)state;
    assert_int_equal(loop_time(world.loop), NOON);
    loop_advance(world.loop, 90500);
    assert_int_equal(loop_time(world.loop), NOON + 90);
    loop_set_time(world.loop, NOON - 3600);
    loop_advance(world.loop, 1000);
    assert_int_equal(loop_time(world.loop), NOON - 3600 + 1);
}

static void it_stands_beside_a_real_one(void **state)
{
    struct loop *real;

    (void)state;
    assert_int_equal(loop_create(&real), 0);
    assert_true(loop_is_focus_thread());
    loop_destroy(world.loop);
    assert_true(loop_is_focus_thread());
    loop_destroy(real);
    assert_int_equal(loop_create_virtual(NOON, &world.loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timers_run_in_the_order_in_which_they_are_due, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            one_that_is_stopped_or_started_anew_does_not_run_at_its_old_time, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_timer_that_is_begun_by_another_runs_within_the_same_advance, setup, teardown),
        cmocka_unit_test_setup_teardown(the_wall_clock_goes_with_it_and_can_be_set, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(it_stands_beside_a_real_one, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
