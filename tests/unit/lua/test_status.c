/* What operators are told of hooks and applications is what a count of one's own says. */
#include "tests/unit/lua/call_world.h"

#include "core/clock.h"
#include "lua/budget.h"

enum { DIGITS = 100, FAILING_EACH = 25 };

static const char policy[] = "local policy = parley.policy { name = 'site' }\n"
                             "local count = 0\n"
                             "function policy.digit()\n"
                             "  count = count + 1\n"
                             "  if count % 20 == 0 then for _ = 1, 50000 do local _ = {} end end\n"
                             "  if count % 25 == 0 then error 'no' end\n"
                             "end\n"
                             "return policy\n";

/* Keys as in hook_stats_json, of the first policy's hook or, `hook` NULL, the first application. */
static double figure(const char *hook, const char *key)
{
    json_t *status = lua_engine_status(script.engine);
    const json_t *first =
        json_array_get(json_object_get(status, hook ? "policies" : "applications"), 0);
    const json_t *stats = hook ? json_object_get(json_object_get(first, "hooks"), hook)
                               : json_object_get(first, "steps");
    double value;

    assert_non_null(json_object_get(stats, key));
    value = json_number_value(json_object_get(stats, key));
    json_decref(status);
    return value;
}

static int compare(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;

    return (a > b) - (a < b);
}

/* us that each took, the quickest first, with all that is done around the hook. */
static void press_and_measure(struct call *call, double *times)
{
    for (unsigned i = 0; i < DIGITS; i++) {
        uint64_t began = clock_ns();

        focus_mixing_events()->on_digit(call->user, '1', 100, script.focus);
        script_turn();
        times[i] = (double)(clock_ns() - began) / 1000;
    }
    qsort(times, DIGITS, sizeof *times, compare);
}

/* The histogram's steps are of an eighth. */
static void assert_below(double told, double measured)
{
    if (told > measured * 9 / 8 + 1)
        fail_msg("%f us are told of what took %f us", told, measured);
}

static void what_is_told_of_a_hook_is_what_is_measured(void **state)
{
    double times[DIGITS];
    struct call *call;

    (void)state;
    script_site(policy);
    call = world_join(script.focus, "alice", "demo");
    press_and_measure(call, times);
    assert_int_equal(figure("digit", "calls"), DIGITS);
    assert_int_equal(figure("digit", "errors"), DIGITS / FAILING_EACH);
    assert_int_equal(figure("digit", "refused"), 0);
    assert_below(figure("digit", "p50_us"), times[DIGITS / 2]);
    assert_below(figure("digit", "p99_us"), times[DIGITS - 1]);
    /* 5 of 100 burn: the one is of those that do not, the other of those that do. */
    assert_true(figure("digit", "p99_us") > 2 * figure("digit", "p50_us"));

    script_site(policy);
    assert_int_equal(figure("digit", "calls"), 0);
    assert_int_equal(figure("digit", "errors"), 0);
    assert_int_equal(figure("digit", "p99_us"), 0);
    press_and_measure(call, times);
    assert_int_equal(figure("digit", "calls"), DIGITS);
    assert_int_equal(figure("digit", "errors"), DIGITS / FAILING_EACH);
    world_hang_up(script.focus, call);
}

/* A step is what is computed from wait to wait: for the ACK, and three times for the clock. */
static void steps_of_applications_are_counted_by_what_they_run_on(void **state)
{
    static const char source[] = "return function(call)\n"
                                 "  call:answer()\n"
                                 "  for _ = 1, 3 do call:sleep(0.01) end\n"
                                 "  error 'no'\n"
                                 "end\n";
    struct call *call;

    (void)state;
    call = begin(source);
    up(call);
    while (figure(NULL, "errors") == 0)
        (void)event_base_loop(loop_base(script.loop), EVLOOP_ONCE);
    assert_int_equal(figure(NULL, "calls"), 5);
    assert_int_equal(figure(NULL, "errors"), 1);
    assert_true(figure(NULL, "p50_us") > 0 && figure(NULL, "p99_us") >= figure(NULL, "p50_us"));
    world_hang_up(script.focus, call);

    assert_int_equal(script_reload(), 0);
    assert_int_equal(figure(NULL, "calls"), 0);
    assert_int_equal(figure(NULL, "errors"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(what_is_told_of_a_hook_is_what_is_measured),
        SCRIPT_TEST(steps_of_applications_are_counted_by_what_they_run_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
