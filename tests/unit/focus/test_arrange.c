/* How plans come in force: as routes, on buses that there are only so many of, and in recordings.
 */
#include "tests/unit/focus/focus_world.h"

#include "focus/plan.h"

#include <time.h>
#include <unistd.h>

static struct call *alice, *bob;
static void (*make_plan)(struct plan *plan); /* NULL: the policy says nothing */
static char prefix;                          /* of the names of buses in many_buses */

static void policy_decide(void *ctx, const struct request *request, struct decision *decision)
{
    (void)ctx;
    decision->verdict = DECISION_ACCEPT;
    if (request->verb == VERB_JOIN)
        decision->params.background = -18;
}

static int policy_mix(void *ctx, struct conference *conference, struct mix_answer *answer)
{
    const char *place;

    (void)ctx;
    (void)conference;
    if (!make_plan)
        return 0;
    answer->plan = plan_create();
    assert_non_null(answer->plan);
    make_plan(answer->plan);
    assert_int_equal(plan_seal(answer->plan, &place), 0);
    return 0;
}

static int setup(void **state)
{
    static const struct policy policy = {.decide = policy_decide, .mix = policy_mix};

    (void)state;
    make_plan = NULL;
    world_open(&policy);
    (void)world_reserve_demo();
    alice = world_join(focus, "alice", "demo");
    bob = world_join(focus, "bob", "demo");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_hang_up(focus, alice);
    world_hang_up(focus, bob);
    world_turn(loop);
    while (world.first_recorder)
        world_recorded(focus, 0, NULL);
    return world_end(state);
}

static const struct leg_route *route_of(const struct call *call)
{
    return &world_leg_of(call->user)->route;
}

/* dB at which one hears the other; GAIN_OFF: not at all. There is one way between two at most. */
static float heard(const struct call *listener, const struct call *talker)
{
    for (unsigned bus = 0; bus < MIX_BUSES; bus++) {
        float speaks = route_of(talker)->speaks[bus], hears = route_of(listener)->hears[bus];

        if (speaks > GAIN_OFF && hears > GAIN_OFF)
            return speaks + hears;
    }
    return GAIN_OFF;
}

static struct conference *demo(void)
{
    return focus_conference_by_name(focus, "demo");
}

/* Turns the loop until one hears the other at that gain. */
static void await(const struct call *listener, const struct call *talker, float gain)
{
    for (unsigned turn = 0; turn < 1000 && heard(listener, talker) != gain; turn++) {
        world_turn(loop);
        (void)usleep(10000);
    }
    assert_true(heard(listener, talker) == gain);
}

static struct decision submit(struct request request)
{
    struct decision decision;

    request.actor = (struct actor){.kind = ACTOR_SERVER, .uri = "", .user = ""};
    request.conference = demo();
    request.conference_name = "demo";
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    return decision;
}

/* ---- buses ---------------------------------------------------------------------------------- */

/* As many as there can be; what is said on the last one all hear, at a gain that tells whose plan
 * it is. */
static void many_buses(struct plan *plan)
{
    float gain = (float)(prefix - 'z');
    uint64_t one = participant_id(alice->user), other = participant_id(bob->user);
    unsigned bus = 0;
    char name[PLAN_NAME];

    for (unsigned i = 1; i < PLAN_BUSES; i++) {
        (void)snprintf(name, sizeof name, "%c%u", prefix, i);
        assert_int_equal(plan_add_bus(plan, name, "a.lua:1", &bus), 0);
    }
    assert_int_equal(plan_set_speaks(plan, one, bus, gain, "a.lua:2"), 0);
    assert_int_equal(plan_set_speaks(plan, other, PLAN_MAIN, -7, "a.lua:3"), 0);
    assert_int_equal(plan_set_hears(plan, other, bus, 0, "a.lua:4"), 0);
}

/* Who hears that bus hears it; it ends when the bus is given back. */
static void what_is_played_to_a_bus_goes_with_it(void **state)
{
    struct request play = {.verb = VERB_ANNOUNCE, .params = {.file = "a", .bus = "a2"}};
    struct decision decision;
    struct player *player;

    (void)state;
    play.actor = (struct actor){.kind = ACTOR_SERVER, .uri = "", .user = ""};
    play.conference = demo();
    play.conference_name = "demo";
    assert_int_equal(focus_submit(focus, &play, &decision), ECANCELED);
    assert_int_equal(decision.code, 404);
    make_plan = many_buses;
    prefix = 'a';
    conference_arrange(demo());
    await(bob, alice, 'a' - 'z');
    (void)submit(play);
    player = world.first_player;
    assert_true(player->bus >= MIX_FREE && !player->stopped);
    prefix = 'b';
    conference_arrange(demo());
    await(bob, alice, GAIN_OFF);
    assert_true(player->stopped);
}

static void a_plan_of_all_buses_follows_another_once_they_have_rested(void **state)
{
    (void)state;
    make_plan = many_buses;
    prefix = 'a';
    conference_arrange(demo());
    await(bob, alice, 'a' - 'z');
    prefix = 'b';
    conference_arrange(demo());
    await(bob, alice, GAIN_OFF); /* on no bus, rather than on one that others may hear */
    assert_true(heard(alice, bob) == -7);
    await(bob, alice, 'b' - 'z');
}

static void what_others_hold_is_waited_for(void **state)
{
    struct request play = {.verb = VERB_ANNOUNCE,
                           .target = participant_id(bob->user),
                           .params = {.file = "tone:440/200"}};

    (void)state;
    (void)submit(play);
    make_plan = many_buses;
    prefix = 'a';
    conference_arrange(demo());
    world_turn(loop);
    world_turn(loop);
    assert_true(heard(bob, alice) == 0); /* the mix stays as it was */
    world_played(focus, world.first_player, NULL);
    await(bob, alice, 'a' - 'z');
}

static void without_memory_for_a_route_no_bus_stays_taken(void **state)
{
    (void)state;
    make_plan = many_buses;
    for (unsigned round = 0; round < 2; round++) {
        prefix = (char)('a' + round);
        world.route_error = ENOMEM;
        conference_arrange(demo());
        for (unsigned turn = 0; turn < 5; turn++)
            world_turn(loop);
        world.route_error = 0;
        await(bob, alice, (float)(prefix - 'z'));
        make_plan = NULL;
        world.route_error = ENOMEM;
        conference_arrange(demo());
        for (unsigned turn = 0; turn < 5; turn++)
            world_turn(loop);
        assert_true(heard(bob, alice) == prefix - 'z');
        world.route_error = 0;
        await(bob, alice, 0);
        make_plan = many_buses;
    }
}

/* ---- sidebars ------------------------------------------------------------------------------- */

static void an_exception(struct plan *plan)
{
    uint64_t one = participant_id(alice->user), other = participant_id(bob->user);

    assert_int_equal(plan_set_speaks(plan, one, PLAN_MAIN, 2, "a.lua:1"), 0);
    assert_int_equal(plan_set_speaks(plan, other, PLAN_MAIN, -5, "a.lua:1"), 0);
    assert_int_equal(plan_set_pair(plan, other, one, -20, "a.lua:2"), 0);
}

static void who_has_called_a_sidebar_hears_those_with_exceptions_behind_it(void **state)
{
    const struct sidebar_wish wish = {.asks = false};
    struct decision decision = submit((struct request){
        .verb = VERB_SIDEBAR,
        .sidebar = &wish,
        .params = {.title = "Aside", .background = -18, .shown = SIDEBAR_BY_REF},
    });
    struct conference *sidebar = focus_conference(focus, decision.sidebar);
    struct call *carol = world_join(focus, "carol", conference_name(sidebar)), *dave;

    (void)state;
    assert_true(heard(carol, alice) == -18);
    make_plan = an_exception;
    conference_arrange(demo());
    await(bob, alice, -20);
    dave = world_join(focus, "dave", conference_name(sidebar));
    assert_float_equal(heard(carol, alice), 2 - 18, 0.01);
    assert_float_equal(heard(dave, alice), 2 - 18, 0.01);
    assert_float_equal(heard(carol, bob), -5 - 18, 0.01);
    assert_true(heard(alice, carol) == GAIN_OFF);
    world_hang_up(focus, carol);
    world_hang_up(focus, dave);
}

/* ---- recordings ----------------------------------------------------------------------------- */

static void record(const char *file)
{
    struct request request = {.verb = VERB_RECORD};

    (void)snprintf(request.params.file, sizeof request.params.file, "%s", file);
    (void)submit(request);
}

static float recorded(const struct call *talker)
{
    return route_of(talker)->speaks[MIX_RECORD];
}

static void on_two_buses(struct plan *plan)
{
    uint64_t one = participant_id(alice->user), other = participant_id(bob->user);
    unsigned bus;

    assert_int_equal(plan_add_bus(plan, "staff", "a.lua:1", &bus), 0);
    assert_int_equal(plan_set_speaks(plan, one, PLAN_MAIN, -12, "a.lua:2"), 0);
    assert_int_equal(plan_set_speaks(plan, one, bus, 3, "a.lua:2"), 0);
    assert_int_equal(plan_set_speaks(plan, other, PLAN_MAIN, GAIN_OFF, "a.lua:3"), 0);
}

static void a_whisper(struct plan *plan)
{
    uint64_t one = participant_id(alice->user), other = participant_id(bob->user);

    assert_int_equal(plan_set_pair(plan, other, one, -4, "a.lua:2"), 0);
}

static void each_who_is_heard_is_recorded_once_whatever_the_plan(void **state)
{
    struct call *carol;

    (void)state;
    record("all.wav");
    assert_true(recorded(alice) == 0 && recorded(bob) == 0);
    assert_true(route_of(alice)->hears[MIX_RECORD] == GAIN_OFF);
    assert_true(world.first_recorder->config.buses ==
                (UINT64_C(1) << MIX_RECORD | UINT64_C(1) << MIX_ANNOUNCE));
    carol = world_join(focus, "carol", "demo");
    assert_true(recorded(carol) == 0); /* who comes meanwhile */
    make_plan = on_two_buses;
    conference_arrange(demo());
    await(carol, alice, -12);
    assert_true(recorded(alice) == 3); /* as on the louder one */
    assert_true(recorded(bob) == GAIN_OFF && recorded(carol) == GAIN_OFF);
    make_plan = an_exception;
    conference_arrange(demo());
    await(bob, alice, -20);
    assert_true(recorded(alice) == 2 && recorded(bob) == -5);
    make_plan = a_whisper;
    conference_arrange(demo());
    await(bob, alice, -4);
    assert_true(recorded(alice) == -4);
    record("");
    assert_true(world.first_recorder->stopped);
    world_recorded(focus, 1000, NULL);
    assert_true(recorded(alice) == GAIN_OFF);
    world_hang_up(focus, carol);
}

static void who_is_aside_is_not_recorded_and_a_sidebar_has_its_own(void **state)
{
    const struct sidebar_wish wish = {.asks = false};
    struct request request = {
        .verb = VERB_SIDEBAR,
        .sidebar = &wish,
        .params = {.title = "Aside", .background = -18, .shown = SIDEBAR_BY_REF},
    };
    struct conference *sidebar = focus_conference(focus, submit(request).sidebar);
    struct decision decision;

    (void)state;
    record("all.wav");
    request.conference = sidebar;
    request.conference_name = conference_name(sidebar);
    request.target = participant_id(alice->user);
    request.actor = (struct actor){.kind = ACTOR_SERVER, .uri = "", .user = ""};
    assert_int_equal(focus_submit(focus, &request, &decision), 0);
    assert_true(recorded(alice) == GAIN_OFF && recorded(bob) == 0);
    record("");
    world_recorded(focus, 1000, NULL);
    assert_true(recorded(bob) == GAIN_OFF);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_played_to_a_bus_goes_with_it),
        TEST(a_plan_of_all_buses_follows_another_once_they_have_rested),
        TEST(what_others_hold_is_waited_for),
        TEST(without_memory_for_a_route_no_bus_stays_taken),
        TEST(who_has_called_a_sidebar_hears_those_with_exceptions_behind_it),
        TEST(each_who_is_heard_is_recorded_once_whatever_the_plan),
        TEST(who_is_aside_is_not_recorded_and_a_sidebar_has_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
