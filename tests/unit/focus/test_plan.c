/* Plans of mixes: what they say of each, and what can be said at all. */
#include "focus/plan.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ALICE = 11, BOB = 7, CAROL = 99, STRANGER = 1000 };

static struct plan *plan;
static struct plan_route route;

static int setup(void **state)
{
    (void)state;
    plan = plan_create();
    return plan ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    plan_destroy(plan);
    return 0;
}

static void seal(void)
{
    const char *place;

    assert_int_equal(plan_seal(plan, &place), 0);
}

static unsigned bus(const char *name)
{
    unsigned index;

    assert_int_equal(plan_add_bus(plan, name, "a.lua:1", &index), 0);
    return index;
}

static void speaks(uint64_t participant, unsigned at, float gain)
{
    assert_int_equal(plan_set_speaks(plan, participant, at, gain, "a.lua:2"), 0);
}

static void hears(uint64_t participant, unsigned at, float gain)
{
    assert_int_equal(plan_set_hears(plan, participant, at, gain, "a.lua:3"), 0);
}

static void pair(uint64_t listener, uint64_t talker, float gain)
{
    assert_int_equal(plan_set_pair(plan, listener, talker, gain, "a.lua:4"), 0);
}

static float amplitude(float gain)
{
    return gain > GAIN_OFF ? powf(10, gain / 20) : 0;
}

/* dB at which one hears another by their routes, as the mixer adds it up. */
static float heard(uint64_t listener, uint64_t talker)
{
    struct plan_route ear, mouth;
    float sum = 0;

    plan_route(plan, listener, &ear);
    plan_route(plan, talker, &mouth);
    for (unsigned i = 0; i < PLAN_BUSES; i++)
        sum += amplitude(mouth.speaks[i]) * amplitude(ear.hears[i]);
    return sum > 0 ? 20 * log10f(sum) : GAIN_OFF;
}

static void assert_heard(uint64_t listener, uint64_t talker, float gain)
{
    struct plan_reason reason;

    assert_float_equal(heard(listener, talker), gain, 0.01);
    plan_explain(plan, listener, talker, &reason);
    assert_float_equal(reason.gain, gain, 0.01);
}

static void who_is_not_named_hears_the_main_bus_and_is_silent(void **state)
{
    (void)state;
    assert_true(plan_is_empty(plan));
    speaks(ALICE, PLAN_MAIN, -3);
    seal();
    assert_false(plan_is_empty(plan));
    assert_heard(STRANGER, ALICE, -3);
    plan_route(plan, STRANGER, &route);
    assert_true(route.hears[PLAN_MAIN] == 0);
    for (unsigned i = 0; i < PLAN_BUSES; i++)
        assert_true(route.speaks[i] == GAIN_OFF);
}

static void who_is_given_ears_hears_what_is_said_and_no_more(void **state)
{
    unsigned stage = bus("stage"), hall = bus("hall");

    (void)state;
    assert_int_equal(bus("stage"), stage);
    assert_int_equal(bus("main"), PLAN_MAIN);
    assert_int_equal(plan_bus_count(plan), 3);
    speaks(ALICE, stage, 0);
    speaks(BOB, hall, -6);
    speaks(CAROL, PLAN_MAIN, 0);
    hears(ALICE, hall, -12);
    hears(BOB, stage, -1);
    hears(BOB, stage, 2); /* the later counts */
    seal();
    assert_heard(ALICE, BOB, -18);
    assert_heard(BOB, ALICE, 2);
    plan_route(plan, BOB, &route);
    assert_true(route.hears[PLAN_MAIN] == GAIN_OFF && route.hears[hall] == GAIN_OFF);
    assert_true(route.speaks[hall] == -6 && route.speaks[stage] == GAIN_OFF);
    assert_true(heard(ALICE, CAROL) == GAIN_OFF);
}

static void an_exception_changes_what_one_hears_of_one(void **state)
{
    unsigned stage = bus("stage");

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        uint64_t id = (const uint64_t[]){ALICE, BOB, CAROL}[i];

        speaks(id, stage, 3);
        hears(id, stage, -4);
    }
    pair(BOB, ALICE, -20);
    pair(ALICE, CAROL, GAIN_OFF);
    seal();
    assert_int_equal(plan_bus_count(plan), 4);
    assert_heard(BOB, ALICE, -20);
    assert_heard(CAROL, ALICE, -1);
    assert_true(heard(ALICE, CAROL) == GAIN_OFF);
    assert_heard(BOB, CAROL, -1);
    assert_heard(ALICE, BOB, -1);
    plan_route(plan, ALICE, &route);
    assert_true(route.speaks[stage] == GAIN_OFF); /* but on a bus of their own */
}

static void an_exception_reaches_who_speaks_to_no_bus(void **state)
{
    (void)state;
    pair(BOB, ALICE, 12);
    pair(CAROL, ALICE, -60);
    seal();
    assert_heard(BOB, ALICE, 12);
    assert_heard(CAROL, ALICE, -60);
    assert_true(heard(STRANGER, ALICE) == GAIN_OFF);
}

static void a_voice_that_comes_by_two_ways_is_one_voice(void **state)
{
    unsigned stage = bus("stage");

    (void)state;
    speaks(ALICE, stage, 0);
    speaks(ALICE, PLAN_MAIN, 0);
    hears(BOB, stage, 0);
    hears(BOB, PLAN_MAIN, 0);
    hears(CAROL, stage, 0);
    pair(STRANGER, ALICE, GAIN_OFF);
    seal();
    assert_heard(BOB, ALICE, 6.02F);
    assert_heard(CAROL, ALICE, 0);
}

static void it_tells_which_lines_say_so(void **state)
{
    struct plan_reason reason;
    unsigned stage = bus("stage");

    (void)state;
    assert_int_equal(plan_set_speaks(plan, ALICE, stage, -1, "lecture.lua:12"), 0);
    assert_int_equal(plan_set_hears(plan, BOB, stage, -2, "lecture.lua:13"), 0);
    assert_int_equal(plan_set_pair(plan, CAROL, ALICE, GAIN_OFF, "lecture.lua:14"), 0);
    seal();
    plan_explain(plan, BOB, ALICE, &reason);
    assert_int_equal(reason.path_count, 1);
    assert_string_equal(reason.paths[0].bus, "stage");
    assert_string_equal(reason.paths[0].speaks_place, "lecture.lua:12");
    assert_string_equal(reason.paths[0].hears_place, "lecture.lua:13");
    assert_null(reason.exception);
    assert_float_equal(reason.gain, -3, 0.01);
    plan_explain(plan, CAROL, ALICE, &reason);
    assert_string_equal(reason.exception, "lecture.lua:14");
    assert_true(reason.gain == GAIN_OFF);
    plan_explain(plan, STRANGER, ALICE, &reason);
    assert_string_equal(reason.paths[0].hears_place, "");
    assert_true(reason.gain == GAIN_OFF && !reason.exception);
    plan_explain(plan, ALICE, BOB, &reason);
    assert_int_equal(reason.path_count, 0);
}

static void there_are_only_so_many_buses(void **state)
{
    char name[16];
    unsigned index;

    (void)state;
    for (unsigned i = 0; i < PLAN_BUSES - 2; i++) {
        (void)snprintf(name, sizeof name, "bus%u", i);
        (void)bus(name);
    }
    pair(BOB, ALICE, 0);
    pair(CAROL, ALICE, 0); /* takes no other */
    assert_int_equal(plan_set_pair(plan, BOB, CAROL, 0, "a.lua:9"), ENOSPC);
    assert_int_equal(plan_add_bus(plan, "one more", "a.lua:9", &index), ENOSPC);
    assert_int_equal(plan_add_bus(plan, "bus3", "a.lua:9", &index), 0);
    assert_int_equal(plan_set_pair(plan, BOB, BOB, 0, "a.lua:9"), EINVAL);
    seal();
}

static void nobody_speaks_to_more_buses_than_a_leg_can(void **state)
{
    struct plan_reason reason;
    char name[16];
    const char *place = NULL;

    (void)state;
    for (unsigned i = 0; i < PLAN_SPEAKS; i++) {
        (void)snprintf(name, sizeof name, "bus%u", i);
        speaks(ALICE, bus(name), 0);
        speaks(BOB, i, 0);
    }
    speaks(BOB, PLAN_SPEAKS, GAIN_OFF); /* that is none */
    seal();
    plan_explain(plan, ALICE, BOB, &reason);
    assert_int_equal(reason.path_count, PLAN_SPEAKS + 1);
    assert_int_equal(plan_set_speaks(plan, BOB, PLAN_SPEAKS, 0, "a.lua:77"), 0);
    assert_int_equal(plan_seal(plan, &place), E2BIG);
    assert_string_equal(place, "a.lua:77");
}

static void a_bus_is_known_again_in_the_next_plan(void **state)
{
    struct plan *next = plan_create();
    unsigned stage = bus("stage"), index;

    (void)state;
    pair(BOB, ALICE, 0);
    assert_int_equal(plan_add_bus(next, "hall", "a.lua:1", &index), 0);
    assert_int_equal(plan_set_pair(next, CAROL, ALICE, 0, "a.lua:1"), 0);
    assert_int_equal(plan_add_bus(next, "stage", "a.lua:1", &index), 0);
    assert_int_equal(plan_find_same_bus(plan, next, index), stage);
    assert_int_equal(plan_find_same_bus(plan, next, 1), PLAN_BUSES);
    assert_int_equal(plan_find_same_bus(plan, next, 2), 2);
    assert_int_equal(plan_find_same_bus(plan, next, PLAN_MAIN), PLAN_MAIN);
    plan_destroy(next);
}

#define PLAN_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAN_TEST(who_is_not_named_hears_the_main_bus_and_is_silent),
        PLAN_TEST(who_is_given_ears_hears_what_is_said_and_no_more),
        PLAN_TEST(an_exception_changes_what_one_hears_of_one),
        PLAN_TEST(an_exception_reaches_who_speaks_to_no_bus),
        PLAN_TEST(a_voice_that_comes_by_two_ways_is_one_voice),
        PLAN_TEST(it_tells_which_lines_say_so),
        PLAN_TEST(there_are_only_so_many_buses),
        PLAN_TEST(nobody_speaks_to_more_buses_than_a_leg_can),
        PLAN_TEST(a_bus_is_known_again_in_the_next_plan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
