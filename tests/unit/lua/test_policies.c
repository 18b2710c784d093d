/* The policies that come with the server, run from the source tree. */
#include "tests/unit/lua/script_world.h"

static void start_with(const char *file)
{
    struct lua_engine_config config = {
        .loop = script.loop,
        .focus = script.focus,
        .site_policy = file,
        .config_file = "",
    };

    if (lua_engine_create(&config, &script.engine, script.error, sizeof script.error))
        fail_msg("%s", script.error);
    focus_connect(script.focus, &world_signalling, &world_mixing, lua_engine_policy(script.engine));
}

static void open_makes_a_conference_of_any_name_and_keeps_none(void **state)
{
    struct conference *conference;
    struct call *alice, *bob;

    (void)state;
    start_with("policy/open.lua");
    alice = world_join(script.focus, "alice", "lunch");
    bob = world_join(script.focus, "bob", "lunch");
    conference = focus_conference_by_name(script.focus, "lunch");
    assert_non_null(conference);
    assert_string_equal(conference_title(conference), "lunch");
    assert_int_equal(conference_participant_count(conference), 2);
    world_hang_up(script.focus, alice);
    assert_non_null(focus_conference_by_name(script.focus, "lunch"));
    world_hang_up(script.focus, bob);
    script_turn();
    assert_null(focus_conference_by_name(script.focus, "lunch"));
}

static void open_takes_a_strange_name_without_making_it_a_title(void **state)
{
    static const char name[] = "caf\xc3\xa9";
    struct call *call;

    (void)state;
    start_with("policy/open.lua");
    call = world_join(script.focus, "alice", name);
    assert_true(call->answered);
    assert_string_equal(conference_title(focus_conference_by_name(script.focus, name)), "");
    world_hang_up(script.focus, call);
    script_turn();
}

static void standard_knows_only_the_conferences_that_are_there(void **state)
{
    struct call *call;

    (void)state;
    start_with("policy/standard.lua");
    call = world_join(script.focus, "alice", "demo");
    assert_true(call->answered);
    world_hang_up(script.focus, call);
    call = world_dial(script.focus, "alice", "lunch");
    assert_int_equal(call->reject_code, 404);
    assert_string_equal(call->reason, "No such conference");
    world_hang_up(script.focus, call);
    script_turn();
}

static void a_locked_conference_turns_callers_away_under_both(void **state)
{
    static const char *const files[] = {"policy/open.lua", "policy/standard.lua"};
    struct request request = {.verb = VERB_LOCK,
                              .actor = {.kind = ACTOR_SERVER},
                              .params.locked = true,
                              .conference_name = "demo"};
    struct decision decision;
    struct call *alice, *bob;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        start_with(files[i]);
        alice = world_join(script.focus, "alice", "demo");
        request.conference = focus_conference_by_name(script.focus, "demo");
        assert_int_equal(focus_submit(script.focus, &request, &decision), 0);
        bob = world_dial(script.focus, "bob", "demo");
        assert_int_equal(bob->reject_code, 403);
        world_hang_up(script.focus, bob);
        world_hang_up(script.focus, alice);
        script_turn();
        lua_engine_destroy(script.engine);
        script.engine = NULL;
        focus_connect(script.focus, &world_signalling, &world_mixing, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(open_makes_a_conference_of_any_name_and_keeps_none),
        SCRIPT_TEST(open_takes_a_strange_name_without_making_it_a_title),
        SCRIPT_TEST(standard_knows_only_the_conferences_that_are_there),
        SCRIPT_TEST(a_locked_conference_turns_callers_away_under_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
