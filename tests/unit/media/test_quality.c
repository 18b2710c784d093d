/* The E-model's scores, and the pattern of losses that goes into them. */
#include "media/loss.h"
#include "media/quality.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static float mos(float delay, float loss, float burst)
{
    struct quality_path path = {.delay = delay, .loss = loss, .burst = burst};
    return quality_mos(quality_rating(&path));
}

static void a_call_without_flaws_is_4_4(void **state)
{
    (void)state;
    assert_float_equal(mos(20, 0, 1), 4.41F, 0.01F);
    assert_float_equal(mos(100, 0, 1), 4.41F, 0.01F);
}

/* Worked out by hand from the formulas of G.107: 93.2 − 95·P/(P + Bpl) and its like. */
static void loss_costs_what_g107_says(void **state)
{
    (void)state;
    struct quality_path path = {.loss = 0.02F, .burst = 1};
    assert_float_equal(quality_rating(&path), 93.2 - 95 * 2 / 27.1, 0.01);
    path.loss = 0.1F;
    assert_float_equal(quality_rating(&path), 93.2 - 95 * 10 / 35.1, 0.01);
    path.burst = 2; /* the same in bursts is worse */
    assert_float_equal(quality_rating(&path), 93.2 - 95 * 10 / 30.1, 0.01);
    path.loss = 1;
    path.delay = 9000;
    assert_true(quality_rating(&path) == 0);
    assert_true(quality_mos(0) == 1);
    assert_true(mos(20, 0.05F, 1) < mos(20, 0.01F, 1));
}

/* G.107 figure: nothing up to 100 ms, then more and more. */
static void delay_costs_nothing_until_it_is_noticed(void **state)
{
    (void)state;
    struct quality_path path = {.burst = 1, .delay = 100};
    assert_float_equal(quality_rating(&path), 93.2, 0.01);
    path.delay = 200; /* x = 1: 25·(2^(1/6) − 3·(1 + 3^−6)^(1/6) + 2) */
    assert_float_equal(quality_rating(&path), 93.2 - 3.044, 0.02);
    path.delay = 400; /* x = 2 */
    assert_float_equal(quality_rating(&path), 93.2 - 24.05, 0.05);
}

static void the_mos_leads_back_to_its_rating(void **state)
{
    (void)state;
    for (int rating = 10; rating < 95; rating += 5) {
        assert_float_equal(quality_rating_of_mos(quality_mos((float)rating)), rating, 0.1);
    }
}

static void a_grade_changes_for_the_better_by_a_margin(void **state)
{
    (void)state;
    assert_string_equal(quality_grade(93, ""), "good");
    assert_string_equal(quality_grade(80, ""), "good");
    assert_string_equal(quality_grade(79, "good"), "fair");
    assert_string_equal(quality_grade(81, "fair"), "fair");
    assert_string_equal(quality_grade(85, "fair"), "good");
    assert_string_equal(quality_grade(10, "good"), "bad");
    assert_string_equal(quality_grade(52, "bad"), "bad");
    assert_string_equal(quality_grade(55, "bad"), "poor");
    assert_string_equal(quality_grade(90, "bad"), "good");
    assert_string_equal(quality_grade(0, "bad"), "bad");
}

/* ---- losses ---- */

/* Packets `first` to `last` come, but not those of `missing` (a list ended by -1). */
static void take(struct loss *loss, unsigned first, unsigned last, const int *missing)
{
    for (unsigned i = first; i <= last; i++) {
        if (*missing == (int)i) {
            missing++;
        } else {
            loss_take(loss, (uint16_t)i);
        }
    }
}

static void runs_and_bursts_are_told_apart(void **state)
{
    (void)state;
    struct loss loss = {0};
    struct loss_bursts bursts;
    /* alone; a burst from 200 to 214 with three runs; alone */
    const int missing[] = {100, 200, 201, 205, 213, 214, 300, -1};
    take(&loss, 0, 499, missing);
    loss_restart(&loss);
    assert_int_equal(loss.packets, 500);
    assert_int_equal(loss.missing, 7);
    assert_int_equal(loss.runs, 5);
    loss_bursts(&loss, &bursts);
    assert_int_equal(loss.bursts, 1);
    assert_float_equal(bursts.burst_packets, 15, 0);
    assert_float_equal(bursts.burst_density, 5 / 15.0, 0.001);
    assert_float_equal(bursts.gap_density, 2 / 485.0, 0.0001);
    assert_float_equal(bursts.gap_packets, 485 / 2.0, 0.1);
    assert_float_equal(quality_burst(7, 5, 7 / 500.0F), 1.38F, 0.01F);
}

static void what_comes_in_disorder_or_twice_is_not_missing(void **state)
{
    (void)state;
    struct loss loss = {0};
    for (unsigned i = 65000; i < 65000 + 3000; i += 3) {
        loss_take(&loss, (uint16_t)(i + 2));
        loss_take(&loss, (uint16_t)i);
        loss_take(&loss, (uint16_t)(i + 1));
        loss_take(&loss, (uint16_t)i);
    }
    loss_restart(&loss);
    /* the very first was two ahead of what began the window */
    assert_in_range(loss.packets, 2997, 3000);
    assert_int_equal(loss.missing, 0);
}

static void what_came_too_late_is_missing(void **state)
{
    (void)state;
    struct loss loss = {0};
    static const int none[] = {-1};
    take(&loss, 0, 99, none);
    loss_discard(&loss, 3);
    take(&loss, 100, 199, none);
    loss_discard(&loss, 1000);
    loss_restart(&loss);
    assert_int_equal(loss.packets, 200);
    assert_int_equal(loss.missing, 3 + 64);
    assert_int_equal(loss.runs, 2);
}

static void a_new_beginning_is_no_loss(void **state)
{
    (void)state;
    struct loss loss = {0};
    static const int none[] = {-1};
    take(&loss, 0, 99, none);
    loss_restart(&loss);
    take(&loss, 30000, 30099, none);
    loss_restart(&loss);
    assert_int_equal(loss.packets, 200);
    assert_int_equal(loss.missing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_without_flaws_is_4_4),
        cmocka_unit_test(loss_costs_what_g107_says),
        cmocka_unit_test(delay_costs_nothing_until_it_is_noticed),
        cmocka_unit_test(the_mos_leads_back_to_its_rating),
        cmocka_unit_test(a_grade_changes_for_the_better_by_a_margin),
        cmocka_unit_test(runs_and_bursts_are_told_apart),
        cmocka_unit_test(what_comes_in_disorder_or_twice_is_not_missing),
        cmocka_unit_test(what_came_too_late_is_missing),
        cmocka_unit_test(a_new_beginning_is_no_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
