/* What scripts compute in the long run: who is greedy is not called any more, and nobody else. */
#include "tests/unit/lua/script_world.h"

#include "lua/budget.h"
#include "lua/ration.h"

#define SECOND ((uint64_t)1000000000 * SLOWNESS) /* ns */

enum { MANY = 4000 }; /* digits, more than anybody may burn for */

/* The minute lasts as long as a test wants. */
static int begin(void **state)
{
    struct loop *loop;

    (void)state;
    assert_int_equal(loop_create_virtual(0, &loop), 0);
    return script_begin(loop);
}

static void turn(void)
{
    loop_advance(script.loop, 0);
}

/* ---- the arithmetic ------------------------------------------------------------------------- */

static void one_has_a_second_in_a_minute(void **state)
{
    struct rations all = {0};
    struct ration one = {0};

    (void)state;
    assert_int_equal(ration_look(&one, &all, 100000), RATION_IS_LEFT);
    ration_spend(&one, &all, SECOND);
    assert_int_equal(ration_look(&one, &all, 100001), RATION_IS_LEFT);
    ration_spend(&one, &all, 1);
    one.is_told = true;
    assert_int_equal(ration_look(&one, &all, 159999), RATION_IS_USED_UP);
    assert_int_equal(ration_look(&one, &all, 160000), RATION_IS_LEFT);
    assert_false(one.is_told);
    assert_int_equal(all.computed, 0);
}

static void when_all_is_used_up_who_had_less_than_an_equal_part_goes_on(void **state)
{
    struct rations all = {0};
    struct ration greedy[21] = {{0}}, modest = {0};

    (void)state;
    for (unsigned i = 0; i < 21; i++) {
        assert_int_equal(ration_look(&greedy[i], &all, 100000), RATION_IS_LEFT);
        ration_spend(&greedy[i], &all, SECOND / 2);
    }
    assert_int_equal(ration_look(&modest, &all, 100000), RATION_IS_LEFT);
    ration_spend(&modest, &all, SECOND / 4);
    assert_int_equal(all.count, 22);
    for (unsigned i = 0; i < 21; i++)
        assert_int_equal(ration_look(&greedy[i], &all, 100000), RATIONS_ARE_USED_UP);
    assert_int_equal(ration_look(&modest, &all, 100000), RATION_IS_LEFT);
    ration_spend(&modest, &all, SECOND / 2);
    assert_int_equal(ration_look(&modest, &all, 100000), RATIONS_ARE_USED_UP);
    assert_int_equal(ration_look(&modest, &all, 160000), RATION_IS_LEFT);
}

/* ---- hooks ---------------------------------------------------------------------------------- */

static void press_until_it_is_refused(struct call *call)
{
    for (unsigned i = 0; i < MANY; i++) {
        json_t *status = lua_engine_status(script.engine);
        json_t *names =
            json_object_get(json_array_get(json_object_get(status, "policies"), 0), "exhausted");
        bool is_over = json_array_size(names) > 0;

        if (is_over)
            assert_string_equal(json_string_value(json_array_get(names, 0)), "demo");
        json_decref(status);
        if (is_over)
            return;
        focus_mixing_events()->on_digit(call->user, '1', 100, script.focus);
        turn();
    }
    fail_msg("nothing has stopped it");
}

static json_int_t hook_figure(const char *hook, const char *figure)
{
    json_t *status = lua_engine_status(script.engine);
    const json_t *hooks =
        json_object_get(json_array_get(json_object_get(status, "policies"), 0), "hooks");
    const json_t *found = json_object_get(json_object_get(hooks, hook), figure);
    json_int_t value = json_is_true(found) ? 1 : json_integer_value(found);

    json_decref(status);
    return value;
}

/* What its hook burns for each key does not become more than a second, and all its hooks are quiet
 * from then on; another conference of the same policy notices nothing. */
static void a_policy_that_computes_too_much_for_a_conference_is_not_called_for_it(void **state)
{
    struct call *alice, *bob, *carol;
    json_int_t called;
    const char *log, *told;

    (void)state;
    assert_int_equal(focus_reserve(script.focus, &(struct conference_config){.name = "other"}), 0);
    script_policy("function policy.digit() for _ = 1, 900000 do end end\n"
                  "function policy.join() return accept { role = 'called' } end\n");
    alice = world_join(script.focus, "alice", "demo");
    bob = world_join(script.focus, "bob", "other");
    press_until_it_is_refused(alice);
    called = hook_figure("digit", "calls");
    log_catch();
    for (unsigned i = 0; i < 5; i++)
        focus_mixing_events()->on_digit(alice->user, '1', 100, script.focus);
    turn();
    carol = world_dial(script.focus, "carol", "demo");
    log = log_caught();
    assert_contains(log, "policy/site.lua:2: no hook is called for the rest of the minute, after 1 "
                         "s of computing within a minute, all that a policy may use for one "
                         "conference - hook digit, conference demo");
    told = strstr(log, "no hook is called");
    assert_null(strstr(told + 1, "no hook is called"));
    assert_int_equal(carol->reject_code, 500);
    assert_int_equal(hook_figure("digit", "calls"), called);
    assert_int_equal(hook_figure("digit", "refused"), 5);
    assert_int_equal(hook_figure("digit", "errors"), 1);
    assert_int_equal(hook_figure("join", "refused"), 1);

    focus_mixing_events()->on_digit(bob->user, '1', 100, script.focus);
    turn();
    assert_int_equal(hook_figure("digit", "calls"), called + 1);
    world_hang_up(script.focus, carol);
    carol = world_join(script.focus, "carol", "other");
    assert_string_equal(participant_role(participant_of(carol)), "called");
    world_hang_up(script.focus, alice);
    world_hang_up(script.focus, bob);
    world_hang_up(script.focus, carol);
}

/* Nothing happens any more when the minute ends, but the mix is not to be that of before. */
static void a_mix_that_was_not_asked_for_is_asked_for_when_the_minute_ends(void **state)
{
    struct call *alice, *bob;
    json_int_t called;

    (void)state;
    script_policy("function policy.digit() for _ = 1, 900000 do end end\n"
                  "function policy.mix(mix) mix:bus 'stage' end\n");
    alice = world_join(script.focus, "alice", "demo");
    bob = world_join(script.focus, "bob", "demo");
    press_until_it_is_refused(alice);
    loop_advance(script.loop, 1000);
    called = hook_figure("mix", "calls");
    world_hang_up(script.focus, bob);
    loop_advance(script.loop, 1000);
    assert_int_equal(hook_figure("mix", "refused"), 1);
    assert_int_equal(hook_figure("mix", "calls"), called);
    loop_advance(script.loop, 60000);
    assert_int_equal(hook_figure("mix", "refused"), 1);
    assert_int_equal(hook_figure("mix", "calls"), called + 1);
    world_hang_up(script.focus, alice);
}

static int ask_for_account(void)
{
    struct account account = {0};

    return lua_engine_account(script.engine, "bob", "example.com", NULL, &account);
}

/* Strangers can have it asked: what it burns is not without limit, and is nobody else's. */
static void a_hook_about_no_conference_has_a_second_of_its_own(void **state)
{
    struct call *alice;
    const char *log;

    (void)state;
    script_policy("function policy.account() for _ = 1, 900000 do end end\n"
                  "function policy.join() return accept { role = 'called' } end\n");
    log_catch();
    for (unsigned i = 0; i < MANY && !hook_figure("account", "exhausted"); i++)
        assert_int_equal(ask_for_account(), ENOENT);
    assert_int_equal(ask_for_account(), EIO);
    assert_int_equal(ask_for_account(), EIO);
    log = log_caught();
    assert_contains(log, "policy/site.lua:2: the hook is not called for the rest of the minute, "
                         "after 1 s of computing within a minute, all that it may use - hook "
                         "account; the request is refused with 500");
    assert_int_equal(hook_figure("account", "refused"), 2);
    assert_int_equal(hook_figure("account", "errors"), 1);
    alice = world_join(script.focus, "alice", "demo");
    assert_string_equal(participant_role(participant_of(alice)), "called");
    world_hang_up(script.focus, alice);
    loop_advance(script.loop, 60000);
    assert_int_equal(ask_for_account(), ENOENT);
    assert_int_equal(hook_figure("account", "exhausted"), 0);
}

/* What a reload has mended begins anew. */
static void a_new_generation_is_called_again(void **state)
{
    struct call *alice, *bob;

    (void)state;
    script_policy("function policy.digit() for _ = 1, 900000 do end end\n"
                  "function policy.join() return accept { role = 'burning' } end\n");
    alice = world_join(script.focus, "alice", "demo");
    press_until_it_is_refused(alice);
    script_hook("join", "", "return accept { role = 'mended' }");
    bob = world_join(script.focus, "bob", "demo");
    assert_string_equal(participant_role(participant_of(bob)), "mended");
    world_hang_up(script.focus, alice);
    world_hang_up(script.focus, bob);
}

#define RATION_TEST(test) cmocka_unit_test_setup_teardown(test, begin, script_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_has_a_second_in_a_minute),
        cmocka_unit_test(when_all_is_used_up_who_had_less_than_an_equal_part_goes_on),
        RATION_TEST(a_policy_that_computes_too_much_for_a_conference_is_not_called_for_it),
        RATION_TEST(a_mix_that_was_not_asked_for_is_asked_for_when_the_minute_ends),
        RATION_TEST(a_hook_about_no_conference_has_a_second_of_its_own),
        RATION_TEST(a_new_generation_is_called_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
