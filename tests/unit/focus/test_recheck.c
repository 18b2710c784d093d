/* The policy is asked again about who is in: put out, changed, or left as they are. */
#include "focus/cause.h"
#include "tests/unit/focus/focus_world.h"

#include <unistd.h>

static struct conference *demo;
static bool is_strict, has_failed;
static unsigned asked;

/* Once it is strict, mallory is not wanted and all others are muted guests. */
static void policy_decide(void *ctx, const struct request *request, struct decision *decision)
{
    (void)ctx;
    if (request->verb != VERB_JOIN || !request->actor.participant)
        return;
    asked++;
    decision->failed = has_failed;
    if (has_failed || (is_strict && strcmp(request->actor.user, "mallory") == 0)) {
        decision->verdict = DECISION_REJECT;
        decision->code = 403;
        (void)snprintf(decision->reason, sizeof decision->reason, "Not you");
    } else if (is_strict) {
        decision->params.muted = true;
        decision->params.hears = -3;
        (void)snprintf(decision->params.role, sizeof decision->params.role, "guest");
    }
    (void)snprintf(decision->by, sizeof decision->by, "policy/site.lua:2");
}

static unsigned told[EVENT_COUNT];

static void policy_event(void *ctx, const struct conference_event *event)
{
    (void)ctx;
    told[event->kind]++;
}

static const struct policy policy = {.decide = policy_decide, .event = policy_event};

static int setup(void **state)
{
    (void)state;
    memset(told, 0, sizeof told);
    is_strict = has_failed = false;
    asked = 0;
    world_open(&policy);
    demo = world_reserve_demo();
    return 0;
}

static void recheck(void)
{
    struct actor actor;

    actor_of_server(&actor);
    assert_int_equal(focus_recheck(demo, &actor), 0);
    world_turn(loop);
}

static void
who_would_not_be_let_in_now_is_put_out_and_others_are_as_they_would_come_in(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");
    struct call *mallory = world_join(focus, "mallory", "demo");
    const struct incident *incident;

    (void)state;
    is_strict = true;
    recheck();
    assert_true(mallory->ended);
    assert_int_equal(mallory->end_code, 403);
    assert_string_equal(mallory->reason, "Not you");
    assert_true(participant_is_muted(alice->user));
    assert_string_equal(participant_role(alice->user), "guest");
    assert_float_equal(participant_hears(alice->user), -3, 0.01);
    world_turn(loop);
    assert_int_equal(told[EVENT_MUTED], 1);
    assert_int_equal(told[EVENT_LEFT], 1);
    assert_string_equal(participant_cause(alice->user, CAUSE_MUTE)->by, "policy/site.lua:2");
    assert_int_equal(participant_cause(alice->user, CAUSE_MUTE)->asker, ACTOR_SERVER);
    incident = conference_next_incident(demo, NULL);
    assert_string_equal(incident->whom, "sip:mallory@example.com");
    world_hang_up(focus, mallory);
    world_hang_up(focus, alice);
}

static void a_policy_that_fails_puts_nobody_out(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");

    (void)state;
    has_failed = true;
    recheck();
    assert_int_equal(asked, 1);
    assert_false(alice->ended);
    world_hang_up(focus, alice);
}

static void a_lock_is_for_newcomers(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");
    struct request request = {
        .verb = VERB_LOCK,
        .conference = demo,
        .conference_name = "demo",
        .params = {.locked = true},
    };
    struct decision decision;

    (void)state;
    actor_of_server(&request.actor);
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    recheck();
    assert_int_equal(asked, 1);
    assert_false(alice->ended);
    world_hang_up(focus, alice);
}

static void one_follows_the_other_in_a_second_and_what_is_as_it_was_is_no_news(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");

    (void)state;
    recheck();
    recheck();
    assert_int_equal(asked, 1);
    (void)usleep(1100 * 1000);
    world_turn(loop);
    assert_int_equal(asked, 2);
    assert_int_equal(told[EVENT_MUTED] + told[EVENT_ROLE] + told[EVENT_LEFT], 0);
    world_hang_up(focus, alice);
    world_turn(loop);
}

static void a_reload_is_told_of_conferences_that_run(void **state)
{
    struct call *alice = world_join(focus, "alice", "demo");

    (void)state;
    assert_int_equal(focus_reserve(focus, &(struct conference_config){.name = "idle"}), 0);
    focus_reloaded(focus);
    world_turn(loop);
    assert_int_equal(told[EVENT_RELOADED], 1);
    world_hang_up(focus, alice);
    world_turn(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, world_end)
        TEST(who_would_not_be_let_in_now_is_put_out_and_others_are_as_they_would_come_in),
        TEST(a_policy_that_fails_puts_nobody_out),
        TEST(a_lock_is_for_newcomers),
        TEST(one_follows_the_other_in_a_second_and_what_is_as_it_was_is_no_news),
        TEST(a_reload_is_told_of_conferences_that_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
