/* How conferences end: empty, in time, with their creator (RFC 4579 §5.12); and what is left. */
#include "tests/unit/focus/focus_world.h"

#include <unistd.h>

enum { MS = 1000 }; /* µs */

static struct conference_life life; /* of what calls create */
static bool is_close_refused;       /* by the policy */
static unsigned told[EVENT_COUNT];  /* events by kind */
static unsigned left_ms;            /* of the last ending */
static char reason[96];             /* of the last ended */
static char asked[96];              /* of the last close */

static void policy_decide(void *ctx, const struct request *request, struct decision *decision)
{
    (void)ctx;
    if (request->verb == VERB_CREATE)
        decision->verdict = DECISION_ACCEPT;
    if (request->verb != VERB_END)
        return;
    (void)snprintf(asked, sizeof asked, "%s", request->params.reason);
    assert_int_equal(request->actor.kind, ACTOR_SERVER);
    if (is_close_refused)
        decision->verdict = DECISION_REJECT;
}

static void policy_event(void *ctx, const struct conference_event *event)
{
    (void)ctx;
    told[event->kind]++;
    if (event->kind == EVENT_ENDING)
        left_ms = event->duration;
    if (event->kind == EVENT_ENDED)
        (void)snprintf(reason, sizeof reason, "%s", event->reason);
}

static int setup(void **state)
{
    static const struct policy policy = {.decide = policy_decide, .event = policy_event};

    (void)state;
    memset(told, 0, sizeof told);
    memset(&life, 0, sizeof life);
    is_close_refused = false;
    *reason = *asked = '\0';
    world_open(&policy);
    return 0;
}

/* Until the event has been told so often; fails after a while. */
static void wait_told(enum conference_event_kind kind, unsigned count)
{
    for (unsigned i = 0; told[kind] < count && i < 5000; i++) {
        usleep(MS);
        world_turn(loop);
    }
    assert_int_equal(told[kind], count);
}

static void created_live(struct conference_life wanted)
{
    life = wanted;
    focus_set_life(focus, &life, 60 * 1000, 60 * 1000);
}

static void an_empty_conference_waits_for_who_comes_back(void **state)
{
    struct call *call;

    (void)state;
    created_live((struct conference_life){.empty_timeout = 60 * 1000});
    world_hang_up(focus, world_join(focus, "alice", "tea"));
    world_turn(loop);
    assert_int_equal(told[EVENT_ENDED], 0);
    call = world_join(focus, "alice", "tea");
    world_turn(loop);
    assert_int_equal(told[EVENT_CREATED], 1);
    world_hang_up(focus, call);
}

static void and_ends_when_nobody_does(void **state)
{
    (void)state;
    created_live((struct conference_life){.empty_timeout = 20});
    world_hang_up(focus, world_join(focus, "alice", "tea"));
    wait_told(EVENT_ENDED, 1);
    assert_null(focus_conference_by_name(focus, "tea"));
    assert_string_equal(reason, "nobody has come");
}

static void who_comes_back_stops_the_clock(void **state)
{
    struct call *call;

    (void)state;
    created_live((struct conference_life){.empty_timeout = 20});
    world_hang_up(focus, world_join(focus, "alice", "tea"));
    call = world_join(focus, "alice", "tea");
    usleep(40 * MS);
    world_turn(loop);
    assert_int_equal(told[EVENT_ENDED], 0);
    world_hang_up(focus, call);
    wait_told(EVENT_ENDED, 1);
}

static void with_its_creator_it_ends_for_all(void **state)
{
    struct call *alice, *bob;

    (void)state;
    created_live((struct conference_life){.ends_with_creator = true});
    alice = world_join(focus, "alice", "tea");
    bob = world_join(focus, "bob", "tea");
    assert_int_equal(conference_creator(focus_conference_by_name(focus, "tea")),
                     participant_id(alice->user));
    world_hang_up(focus, alice);
    assert_true(bob->ended);
    assert_string_equal(bob->reason, "Who made the conference has left");
    assert_string_equal(asked, bob->reason);
    world_hang_up(focus, bob);
    wait_told(EVENT_ENDED, 1);
}

static void others_come_and_go(void **state)
{
    struct call *alice, *bob;

    (void)state;
    created_live((struct conference_life){.ends_with_creator = true});
    alice = world_join(focus, "alice", "tea");
    bob = world_join(focus, "bob", "tea");
    world_hang_up(focus, bob);
    assert_false(alice->ended);
    world_hang_up(focus, alice);
}

static void the_policy_may_let_it_go_on_without_its_creator(void **state)
{
    struct call *alice, *bob;

    (void)state;
    is_close_refused = true;
    created_live((struct conference_life){.ends_with_creator = true});
    alice = world_join(focus, "alice", "tea");
    bob = world_join(focus, "bob", "tea");
    world_hang_up(focus, alice);
    assert_false(bob->ended);
    assert_int_equal(conference_creator(focus_conference_by_name(focus, "tea")), 0);
    world_hang_up(focus, bob); /* and the last one is never asked about */
    wait_told(EVENT_ENDED, 1);
}

static void time_is_up_after_a_warning(void **state)
{
    struct call *alice;
    const struct conference *tea;

    (void)state;
    created_live((struct conference_life){.duration = 40, .warning = 30});
    alice = world_join(focus, "alice", "tea");
    tea = focus_conference_by_name(focus, "tea");
    assert_int_equal(conference_ends_at(tea), conference_created_at(tea));
    wait_told(EVENT_ENDING, 1);
    assert_int_equal(left_ms, 30);
    wait_told(EVENT_ENDED, 1);
    assert_true(alice->ended);
    assert_string_equal(reason, "The time of the conference is over");
    world_hang_up(focus, alice);
}

static void a_time_that_is_shorter_than_the_warning_is_warned_of_soon(void **state)
{
    struct call *alice;

    (void)state;
    created_live((struct conference_life){.duration = 530, .warning = 900});
    alice = world_join(focus, "alice", "tea");
    wait_told(EVENT_ENDING, 1);
    assert_int_equal(left_ms, 30);
    wait_told(EVENT_ENDED, 1);
    world_hang_up(focus, alice);
}

static void a_reserved_one_begins_anew_with_its_whole_time(void **state)
{
    struct conference_config config = {.name = "demo", .life = {.duration = 30}};
    struct call *first, *second;

    (void)state;
    assert_int_equal(focus_reserve(focus, &config), 0);
    first = world_join(focus, "alice", "demo");
    wait_told(EVENT_ENDED, 1);
    second = world_join(focus, "alice", "demo");
    assert_true(second->answered);
    assert_int_not_equal(conference_ends_at(focus_conference_by_name(focus, "demo")), 0);
    wait_told(EVENT_ENDED, 2);
    world_hang_up(focus, first);
    world_hang_up(focus, second);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_empty_conference_waits_for_who_comes_back),
        CASE(and_ends_when_nobody_does),
        CASE(who_comes_back_stops_the_clock),
        CASE(with_its_creator_it_ends_for_all),
        CASE(others_come_and_go),
        CASE(the_policy_may_let_it_go_on_without_its_creator),
        CASE(time_is_up_after_a_warning),
        CASE(a_time_that_is_shorter_than_the_warning_is_warned_of_soon),
        CASE(a_reserved_one_begins_anew_with_its_whole_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
