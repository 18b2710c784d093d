/* Sidebars: who is heard where, who comes in by the call that it has, and how it ends. */
#include "tests/unit/focus/focus_world.h"

enum { PATIENCE = 60000 }; /* ms */

static struct call *alice, *bob;
static struct conference_event told[256];
static unsigned told_count;
static float background; /* of who calls a sidebar */

static void policy_decide(void *ctx, const struct request *request, struct decision *decision)
{
    (void)ctx;
    if (request->verb == VERB_JOIN && strcmp(request->actor.user, "dave") == 0)
        decision->verdict = DECISION_ACCEPT;
    if (request->verb == VERB_JOIN)
        decision->params.background = background;
    if (request->verb == VERB_REPLACE)
        decision->verdict = DECISION_ACCEPT;
}

static void policy_event(void *ctx, const struct conference_event *event)
{
    (void)ctx;
    assert_true(told_count < 256);
    told[told_count++] = *event;
}

static int setup(void **state)
{
    static const struct policy policy = {.decide = policy_decide, .event = policy_event};
    const struct conference_life life = {.empty_timeout = 0};

    (void)state;
    told_count = 0;
    background = GAIN_OFF;
    world_open(&policy);
    focus_set_life(focus, &life, PATIENCE, PATIENCE);
    (void)world_reserve_demo();
    alice = world_join(focus, "alice", "demo");
    bob = world_join(focus, "bob", "demo");
    return 0;
}

/* The last one of that kind; NULL: it was not told. */
static const struct conference_event *find_told(enum conference_event_kind kind)
{
    world_turn(loop);
    for (unsigned i = told_count; i > 0; i--) {
        if (told[i - 1].kind == kind)
            return &told[i - 1];
    }
    return NULL;
}

static struct conference *demo(void)
{
    return focus_conference_by_name(focus, "demo");
}

static int submit(struct request *request, struct decision *decision)
{
    request->actor = (struct actor){.kind = ACTOR_SERVER, .uri = "", .user = ""};
    request->conference_name = conference_name(request->conference);
    return focus_submit(focus, request, decision);
}

static int make_in(struct conference *conference, struct conference **sidebarp,
                   struct decision *decision)
{
    const struct sidebar_wish wish = {.asks = false};
    struct request request = {
        .verb = VERB_SIDEBAR,
        .conference = conference,
        .sidebar = &wish,
        .params = {.title = "Aside", .background = -18, .shown = SIDEBAR_BY_REF},
    };
    int error = submit(&request, decision);

    *sidebarp = error ? NULL : focus_conference(focus, decision->sidebar);
    return error;
}

static struct conference *make(void)
{
    struct conference *sidebar;
    struct decision decision;

    assert_int_equal(make_in(demo(), &sidebar, &decision), 0);
    assert_ptr_equal(conference_parent(sidebar), demo());
    return sidebar;
}

static int take(struct conference *sidebar, struct call *call, const struct sidebar_wish *wish,
                struct decision *decision)
{
    struct request request = {
        .verb = VERB_SIDEBAR,
        .conference = sidebar,
        .sidebar = wish,
        .target = participant_id(call->user),
    };

    sidebar_wish_entry(sidebar, call->user, &request.params);
    return submit(&request, decision);
}

static struct participant *bring(struct conference *sidebar, struct call *call)
{
    const struct sidebar_wish wish = {.asks = false};
    struct decision decision;

    assert_int_equal(take(sidebar, call, &wish, &decision), 0);
    return focus_participant(focus, decision.participant);
}

static struct participant *ask(struct conference *sidebar, struct call *call)
{
    const struct sidebar_wish wish = {.asks = true, .accept = '1', .decline = '2'};
    struct decision decision;

    assert_int_equal(take(sidebar, call, &wish, &decision), 0);
    return focus_participant(focus, decision.participant);
}

static int say(enum verb verb, struct participant *target, struct request_params params)
{
    struct request request = {
        .verb = verb,
        .conference = participant_conference(target),
        .target = participant_id(target),
        .params = params,
    };
    struct decision decision;

    return submit(&request, &decision);
}

static const struct leg_route *route_of(const struct call *call)
{
    return &world_leg_of(call->user)->route;
}

/* The one bus, but for the main one, that it speaks to; 0: none. */
static unsigned bus_of(const struct call *call)
{
    for (unsigned bus = 1; bus < MIX_BUSES; bus++) {
        if (route_of(call)->speaks[bus] > GAIN_OFF)
            return bus;
    }
    return 0;
}

static void hang_up_both(void)
{
    world_hang_up(focus, alice);
    world_hang_up(focus, bob);
}

/* ---- in and back ---------------------------------------------------------------------------- */

static void who_is_brought_in_speaks_there_alone_and_is_back_as_before(void **state)
{
    struct conference *sidebar = make();
    struct participant *aside;

    (void)state;
    assert_int_equal(
        say(VERB_VOLUME, alice->user, (struct request_params){.speaks = 3, .hears = 6}), 0);
    aside = bring(sidebar, alice);
    assert_ptr_equal(participant_main(aside), alice->user);
    assert_ptr_equal(participant_conference(aside), sidebar);
    assert_string_equal(participant_status(aside), "connected");
    assert_true(route_of(alice)->speaks[MIX_MAIN] <= GAIN_OFF);
    assert_true(route_of(alice)->hears[MIX_MAIN] == 6 - 18);
    assert_true(route_of(alice)->speaks[bus_of(alice)] == 3);
    assert_true(route_of(alice)->hears[bus_of(alice)] == 6);
    assert_true(route_of(bob)->hears[bus_of(alice)] <= GAIN_OFF);
    assert_int_equal(conference_participant_count(demo()), 2);
    assert_int_equal(alice->updates, 0); /* its dialog is the parent's */
    assert_true(find_told(EVENT_ASIDE)->on);
    assert_int_equal(say(VERB_REMOVE, aside, (struct request_params){.reason = ""}), 0);
    assert_false(find_told(EVENT_ASIDE)->on);
    assert_false(alice->ended);
    assert_int_equal(bus_of(alice), 0);
    assert_true(route_of(alice)->speaks[MIX_MAIN] == 3);
    assert_true(route_of(alice)->hears[MIX_MAIN] == 6);
    assert_non_null(find_told(EVENT_ENDED)); /* with its last member */
    assert_null(conference_next_sidebar(demo(), NULL));
    hang_up_both();
}

static void mute_is_of_the_conference_where_it_is_said(void **state)
{
    struct participant *aside = bring(make(), alice);
    unsigned bus = bus_of(alice);

    (void)state;
    assert_int_equal(say(VERB_MUTE, alice->user, (struct request_params){.muted = true}), 0);
    assert_true(route_of(alice)->speaks[bus] == 0);
    assert_int_equal(say(VERB_MUTE, aside, (struct request_params){.muted = true}), 0);
    assert_true(route_of(alice)->speaks[bus] <= GAIN_OFF);
    assert_int_equal(say(VERB_MUTE, alice->user, (struct request_params){.muted = false}), 0);
    assert_true(route_of(alice)->speaks[bus] <= GAIN_OFF);
    assert_int_equal(say(VERB_REMOVE, aside, (struct request_params){.reason = ""}), 0);
    assert_true(route_of(alice)->speaks[MIX_MAIN] == 0);
    hang_up_both();
}

static void who_speaks_does_so_in_one_place(void **state)
{
    struct participant *aside;

    (void)state;
    focus_mixing_events()->on_speaking(alice->user, true, focus);
    assert_true(participant_is_speaking(alice->user));
    aside = bring(make(), alice);
    assert_false(participant_is_speaking(alice->user));
    assert_true(participant_is_speaking(aside));
    assert_int_equal(find_told(EVENT_SPEAKING)->participant, participant_id(aside));
    focus_mixing_events()->on_digit(alice->user, '5', 100, focus);
    assert_int_equal(find_told(EVENT_DIGIT)->participant, participant_id(aside));
    hang_up_both();
}

static void who_calls_the_sidebar_hears_the_parent_only_if_it_is_let(void **state)
{
    struct conference *sidebar = make();
    struct call *dave, *eve = world_dial(focus, "eve", conference_name(sidebar));

    (void)state;
    assert_int_equal(eve->reject_code, 403); /* they want to be among themselves */
    world_hang_up(focus, eve);
    bring(sidebar, alice);
    dave = world_join(focus, "dave", conference_name(sidebar));
    assert_int_equal(bus_of(dave), bus_of(alice));
    assert_true(route_of(dave)->hears[bus_of(alice)] == 0);
    assert_true(route_of(dave)->hears[MIX_MAIN] <= GAIN_OFF);
    assert_int_equal(world.mixes, 1);
    world_hang_up(focus, alice); /* from both */
    assert_int_equal(conference_participant_count(sidebar), 1);
    world_hang_up(focus, bob); /* the parent ends, and the sidebar with it */
    assert_true(dave->ended);
    world_hang_up(focus, dave);
}

static void who_calls_the_sidebar_hears_what_is_told_to_all_in_the_parent(void **state)
{
    struct conference *sidebar = make();
    struct request request = {
        .verb = VERB_ANNOUNCE,
        .conference = demo(),
        .params = {.file = "tone:440/200"},
    };
    struct decision decision;
    struct call *dave;

    (void)state;
    background = -18;
    dave = world_join(focus, "dave", conference_name(sidebar));
    assert_true(route_of(dave)->hears[MIX_MAIN] == -18);
    assert_int_equal(submit(&request, &decision), 0);
    assert_true(route_of(dave)->hears[MIX_ANNOUNCE] == -18);
    world_hang_up(focus, dave);
    hang_up_both();
}

/* ---- the question --------------------------------------------------------------------------- */

static void a_key_answers_and_is_told_to_nobody(void **state)
{
    struct conference *sidebar = make();
    struct participant *aside = ask(sidebar, alice);
    unsigned bus = world.first_player->bus;

    (void)state;
    assert_string_equal(participant_status(aside), "alerting");
    assert_true(route_of(alice)->hears[bus] == 0);
    assert_true(route_of(alice)->hears[MIX_MAIN] == -18);
    assert_true(route_of(alice)->speaks[MIX_MAIN] == 0);
    assert_true(route_of(bob)->hears[bus] <= GAIN_OFF);
    world_played(focus, world.first_player, NULL);
    assert_true(route_of(alice)->hears[MIX_MAIN] == 0);
    focus_mixing_events()->on_digit(alice->user, '1', 100, focus);
    assert_null(find_told(EVENT_DIGIT));
    assert_string_equal(participant_status(aside), "connected");
    assert_int_equal(find_told(EVENT_JOINED)->participant, participant_id(aside));
    hang_up_both();
}

static void who_declines_stays_and_the_prompt_stops(void **state)
{
    struct conference *sidebar = make();

    (void)state;
    bring(sidebar, bob);
    ask(sidebar, alice);
    focus_mixing_events()->on_digit(alice->user, '2', 100, focus);
    assert_int_equal(find_told(EVENT_FAILED)->code, 603);
    assert_true(world.first_player->stopped);
    world_played(focus, world.first_player, NULL);
    assert_true(route_of(alice)->hears[MIX_MAIN] == 0);
    assert_null(participant_aside(alice->user));
    ask(sidebar, alice); /* as often as one likes */
    hang_up_both();
}

static void bringing_in_who_is_asked_is_an_answer(void **state)
{
    struct conference *sidebar = make(), *other = make();
    const struct sidebar_wish wish = {.asks = true};
    struct participant *aside = ask(sidebar, alice);
    struct decision decision;

    (void)state;
    assert_int_equal(take(sidebar, alice, &wish, &decision), EALREADY);
    assert_int_equal(take(other, alice, &wish, &decision), ECANCELED);
    assert_int_equal(decision.code, 486);
    assert_ptr_equal(bring(sidebar, alice), aside);
    assert_string_equal(participant_status(aside), "connected");
    hang_up_both();
}

static void an_invite_of_who_is_in_the_parent_asks(void **state)
{
    struct conference *sidebar = make();
    struct invitation invitation = {.uri = "sip:alice@example.com"};
    struct request request = {
        .verb = VERB_INVITE, .conference = sidebar, .invitation = &invitation};
    struct decision decision;

    (void)state;
    assert_int_equal(submit(&request, &decision), 0);
    assert_null(world.last_outgoing);
    assert_int_equal(decision.participant, participant_id(participant_aside(alice->user)));
    invitation.uri = "sip:zoe@example.com";
    assert_int_equal(submit(&request, &decision), 0);
    assert_non_null(world.last_outgoing);
    hang_up_both(); /* the sidebar ends with its parent, and who was being called with it */
    assert_true(world.last_outgoing->ended);
    world_hang_up(focus, world.last_outgoing);
}

/* ---- the end, and what cannot be ------------------------------------------------------------- */

static void a_call_that_replaces_goes_on_in_the_sidebar(void **state)
{
    struct conference *sidebar = make();
    const struct named_dialog names = {.is_replaced = true, .call = alice};
    struct participant *aside = bring(sidebar, alice);
    struct call *desk = world_call_from("alice", "demo", "127.0.0.1");

    (void)state;
    assert_int_equal(say(VERB_MUTE, aside, (struct request_params){.muted = true}), 0);
    desk->info.names = &names;
    focus_signalling_events()->on_incoming(desk, focus);
    desk->info.names = NULL;
    focus_signalling_events()->on_established(desk, focus);
    assert_true(alice->ended);
    aside = participant_aside(desk->user);
    assert_ptr_equal(participant_conference(aside), sidebar);
    assert_true(participant_is_muted(aside));
    assert_true(route_of(desk)->hears[MIX_MAIN] == -18);
    assert_null(find_told(EVENT_LEFT));
    assert_int_equal(conference_participant_count(sidebar), 1);
    world_hang_up(focus, desk);
    hang_up_both();
}

static void there_are_as_many_as_there_are_buses_and_none_within_one(void **state)
{
    struct conference *sidebar, *first = make();
    struct decision decision;
    unsigned count = 1;

    (void)state;
    assert_int_equal(make_in(first, &sidebar, &decision), ECANCELED);
    assert_int_equal(decision.code, 403);
    while (make_in(demo(), &sidebar, &decision) == 0)
        count++;
    assert_int_equal(decision.code, 503);
    assert_int_equal(count, MIX_BUSES - MIX_FREE);
    hang_up_both();
}

static void without_memory_for_its_route_nobody_stays(void **state)
{
    struct conference *sidebar = make();
    struct decision decision;
    const struct sidebar_wish wish = {.asks = false};

    (void)state;
    world.route_error = ENOMEM;
    (void)take(sidebar, alice, &wish, &decision);
    world.route_error = 0;
    world_turn(loop);
    assert_null(conference_next_sidebar(demo(), NULL));
    hang_up_both();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_end)
    const struct CMUnitTest tests[] = {
        TEST(who_is_brought_in_speaks_there_alone_and_is_back_as_before),
        TEST(mute_is_of_the_conference_where_it_is_said),
        TEST(who_speaks_does_so_in_one_place),
        TEST(who_calls_the_sidebar_hears_the_parent_only_if_it_is_let),
        TEST(who_calls_the_sidebar_hears_what_is_told_to_all_in_the_parent),
        TEST(a_key_answers_and_is_told_to_nobody),
        TEST(who_declines_stays_and_the_prompt_stops),
        TEST(bringing_in_who_is_asked_is_an_answer),
        TEST(an_invite_of_who_is_in_the_parent_asks),
        TEST(a_call_that_replaces_goes_on_in_the_sidebar),
        TEST(there_are_as_many_as_there_are_buses_and_none_within_one),
        TEST(without_memory_for_its_route_nobody_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
