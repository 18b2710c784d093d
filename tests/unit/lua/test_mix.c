/* Media policy: what the hook mix says comes out as routes; what makes no sense is told. */
#include "tests/unit/lua/script_world.h"

#include "focus/explain.h"
#include "focus/plan.h"

static const struct leg_route *route(const struct call *call)
{
    return &world_leg_of(participant_of(call))->route;
}

static struct conference *demo(void)
{
    return focus_conference_by_name(script.focus, "demo");
}

/* dB at which one hears the other, as the mixer adds it up; GAIN_OFF: not at all. */
static float heard(const struct call *listener, const struct call *talker)
{
    float found = GAIN_OFF;

    for (unsigned bus = 0; bus < MIX_BUSES; bus++) {
        float speaks = route(talker)->speaks[bus], hears = route(listener)->hears[bus];

        if (speaks > GAIN_OFF && hears > GAIN_OFF && speaks + hears > found)
            found = speaks + hears;
    }
    return found;
}

static void assert_heard(const struct call *listener, const struct call *talker, float gain)
{
    assert_float_equal(heard(listener, talker), gain, 0.01);
}

/* What the last answer took is waited for ten times before the next is asked for. */
static void settle(void)
{
    script_turn();
    (void)usleep(30000);
    script_turn();
}

static struct call *join(const char *user)
{
    struct call *call = world_join(script.focus, user, "demo");

    settle();
    return call;
}

static void all_hang_up(struct call *one, struct call *other, struct call *third)
{
    world_hang_up(script.focus, one);
    world_hang_up(script.focus, other);
    if (third)
        world_hang_up(script.focus, third);
    settle();
}

static void without_the_hook_all_hear_all(void **state)
{
    struct call *alice, *bob;

    (void)state;
    script_policy("function policy.mix(mix) end\n"); /* says nothing, which is the same */
    alice = join("alice");
    bob = join("bob");
    assert_heard(alice, bob, 0);
    assert_heard(bob, alice, 0);
    all_hang_up(alice, bob, NULL);
}

static void buses_and_gains_are_as_the_hook_says(void **state)
{
    struct call *alice, *bob, *carol;

    (void)state;
    script_policy("function policy.mix(mix, conference)\n"
                  "  local stage = mix:bus 'stage'\n"
                  "  assert(stage == 'stage' and mix.ramp == 0.02)\n"
                  "  mix.ramp = 0.3\n"
                  "  for p in conference:participants() do\n"
                  "    p:listens_to(stage, -3)\n"
                  "    if p.user == 'alice' then p:speaks_to(stage, 1) end\n"
                  "    if p.user == 'bob' then p:speaks_to 'main' p:listens_to('main', 'off') end\n"
                  "    if p.user == 'carol' then p:listens_to('main', 4) end\n"
                  "  end\n"
                  "end\n");
    alice = join("alice");
    bob = join("bob");
    carol = join("carol");
    assert_heard(bob, alice, -2);
    assert_heard(carol, alice, -2);
    assert_heard(carol, bob, 4);
    assert_true(heard(alice, bob) == GAIN_OFF);
    assert_true(heard(alice, carol) == GAIN_OFF && heard(bob, carol) == GAIN_OFF);
    assert_int_equal(route(carol)->ramp, 300);
    all_hang_up(alice, bob, carol);
}

static void a_pair_is_an_exception(void **state)
{
    struct call *agent, *customer, *coach;

    (void)state;
    script_policy("function policy.mix(mix, conference)\n"
                  "  local who = {}\n"
                  "  for p in conference:participants() do\n"
                  "    who[p.user] = p\n"
                  "    p:speaks_to 'main'\n"
                  "  end\n"
                  "  if who.customer and who.coach then\n"
                  "    mix:pair(who.customer, who.coach, 'off')\n"
                  "  end\n"
                  "end\n");
    agent = join("agent");
    customer = join("customer");
    coach = join("coach");
    assert_heard(agent, coach, 0);
    assert_true(heard(customer, coach) == GAIN_OFF);
    assert_heard(coach, customer, 0);
    assert_heard(customer, agent, 0);
    all_hang_up(coach, agent, customer);
}

static void volume_mute_and_hold_come_on_top(void **state)
{
    struct request volume = {.verb = VERB_VOLUME, .params = {.speaks = -5, .hears = 2}};
    struct request mute = {.verb = VERB_MUTE, .params = {.muted = true}};
    struct decision decision;
    struct call *alice, *bob;

    (void)state;
    script_policy("function policy.mix(mix, conference)\n"
                  "  for p in conference:participants() do p:speaks_to('main', -1) end\n"
                  "end\n");
    alice = join("alice");
    bob = join("bob");
    actor_of_server(&volume.actor);
    volume.conference = mute.conference = demo();
    volume.conference_name = mute.conference_name = "demo";
    volume.target = mute.target = participant_id(participant_of(alice));
    mute.actor = volume.actor;
    assert_int_equal(focus_submit(script.focus, &volume, &decision), 0);
    assert_heard(bob, alice, -6);
    assert_heard(alice, bob, 1);
    assert_int_equal(focus_submit(script.focus, &mute, &decision), 0);
    settle();
    assert_true(heard(bob, alice) == GAIN_OFF);
    all_hang_up(alice, bob, NULL);
}

/* How often the hook was asked, as it cannot write that down itself: in dB less for
 * everybody. */
static const char asked[] = "local times = 0\n"
                            "function policy.mix(mix, conference)\n"
                            "  times = times + 1\n"
                            "  for p in conference:participants() do\n"
                            "    p:speaks_to('main', %s)\n"
                            "    p:listens_to('main', -times)\n"
                            "  end\n"
                            "end\n";

static void it_is_asked_once_a_turn_and_for_what_it_has_read(void **state)
{
    static const struct {
        const char *gain;
        float before, after; /* dB, at which Bob hears Alice: once asked, and once she speaks */
    } cases[] = {{"0", -1, -1}, {"p.speaking and 3 or -3", -4, 1}};
    char source[512];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        const struct mixing_events *mixing = focus_mixing_events();
        struct call *alice, *bob;

        (void)snprintf(source, sizeof source, asked, cases[i].gain);
        script_policy(source);
        alice = world_join(script.focus, "alice", "demo");
        bob = world_join(script.focus, "bob", "demo");
        settle();
        assert_heard(bob, alice, cases[i].before); /* once for both */
        mixing->on_speaking(participant_of(alice), true, script.focus);
        for (unsigned turn = 0; turn < 20; turn++) { /* a fifth of a second later */
            world_turn(script.loop);
            (void)usleep(20000);
        }
        assert_heard(bob, alice, cases[i].after);
        all_hang_up(alice, bob, NULL);
    }
}

#define FAILED "the hook mix has failed, the log says how: the mix stays as it was"

/* By a reason that says that, or was decided there. */
static bool is_explained(const struct call *listener, const struct call *talker, const char *text)
{
    struct explanation explanation;
    bool is_there = false;

    explain_pair(participant_of(listener), participant_of(talker), &explanation);
    for (unsigned i = 0; i < explanation.count; i++)
        is_there |= strcmp(explanation.reasons[i].text, text) == 0 ||
                    strstr(explanation.reasons[i].cause.by, text);
    return is_there;
}

static void it_is_asked_when_state_has_changed_and_must_not_change_it(void **state)
{
    struct call *alice, *bob;
    const char *log;

    (void)state;
    script_policy("function policy.digit(event, conference)\n"
                  "  conference.state.gain = tonumber(event.digit)\n"
                  "end\n"
                  "function policy.mix(mix, conference)\n"
                  "  local gain = conference.state.gain or 0\n"
                  "  if gain == 9 then conference.state.gain = 8 end\n"
                  "  for p in conference:participants() do p:speaks_to('main', gain) end\n"
                  "end\n");
    alice = join("alice");
    bob = join("bob");
    assert_heard(bob, alice, 0);
    focus_mixing_events()->on_digit(participant_of(alice), '7', 100, script.focus);
    settle();
    assert_heard(bob, alice, 7);
    log_catch();
    focus_mixing_events()->on_digit(participant_of(alice), '9', 100, script.focus);
    settle();
    log = log_caught();
    assert_contains(log, "the hook mix must not change conference.state");
    assert_contains(log, "hook mix, conference demo; the mix stays as it was. 1 error in 60 s.");
    assert_heard(bob, alice, 7);
    assert_true(is_explained(bob, alice, FAILED));
    focus_mixing_events()->on_digit(participant_of(alice), '6', 100, script.focus);
    settle();
    assert_heard(bob, alice, 6);
    assert_false(is_explained(bob, alice, FAILED));
    all_hang_up(alice, bob, NULL);
}

/* What is logged when a second one comes, and the hook says this then. */
static void assert_refused(const char *body, const char *why)
{
    char source[2048];
    struct call *alice, *bob;
    const char *log;

    (void)snprintf(source, sizeof source,
                   "function policy.mix(mix, conference)\n"
                   "  local all = {}\n"
                   "  for p in conference:participants() do\n"
                   "    p:speaks_to('main', -2)\n"
                   "    all[#all + 1] = p\n"
                   "  end\n"
                   "  local p, q = all[1], all[2]\n"
                   "  if q then %s end\n"
                   "end\n",
                   body);
    script_policy(source);
    alice = join("alice");
    log_catch();
    bob = join("bob");
    log = log_caught();
    assert_contains(log, "site.lua:9: ");
    assert_contains(log, why);
    assert_contains(log, "the mix stays as it was");
    assert_heard(bob, alice, -2); /* the plan that was made for alice alone */
    assert_true(heard(alice, bob) == GAIN_OFF);
    all_hang_up(alice, bob, NULL);
}

static void what_makes_no_sense_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_refused("p:speaks_to 'stage'", "speaks_to: the mix has no bus \"stage\": make it first, "
                                          "as in mix:bus \"stage\"");
    assert_refused("mix:bus 'stage' p:listens_to 'stgae'", "(did you mean 'stage'?)");
    assert_refused("p:speaks_to(7)", "speaks_to: which bus? Give its name");
    assert_refused("p:speaks_to('main', 13)", "speaks_to: the gain must be a number from -60 to 12 "
                                              "dB, or \"off\", not 13");
    assert_refused("p:listens_to('main', 'loud')", "not loud");
    assert_refused("mix:pair(p, p, -3)", "mix:pair: nobody hears themselves");
    assert_refused("mix:pair(p, q)", "mix:pair: how loud? A number of dB, or \"off\"");
    assert_refused("mix:pair(p, q, 0/0)", "mix:pair: the gain must be a number");
    assert_refused("mix.ramp = 5", "mix.ramp must be a number of seconds from 0.02 to 2.0, not 5");
    assert_refused("mix.rampp = 50", "a mix has no field 'rampp' (did you mean 'ramp'?)");
    assert_refused("mix:bus ''", "mix:bus: a bus needs a name");
    assert_refused("for i = 1, 80 do mix:bus('b' .. i) end", "mix:bus: more than 60 buses");
    assert_refused("for i = 1, 9 do p:speaks_to(mix:bus('b' .. i)) end",
                   "speaks_to: nobody can speak to more than 8 buses");
    assert_refused("p:mute()", "participant:mute is not possible in the hook mix");
    assert_refused("error 'never'", "never");
}

static void gains_can_only_be_said_in_the_hook(void **state)
{
    struct call *alice;
    const char *log;

    (void)state;
    script_hook("joined", "event, conference, p", "p:speaks_to 'main'");
    log_catch();
    alice = join("alice");
    log = log_caught();
    assert_contains(
        log, "participant:speaks_to is not possible in an event hook: it is for the hook mix");
    world_hang_up(script.focus, alice);
}

static void the_sites_policy_is_heard_first_if_it_says_something(void **state)
{
    struct call *alice, *bob;

    (void)state;
    script_write("own", "local policy = parley.policy { name = 'own' }\n"
                        "function policy.mix(mix, conference)\n"
                        "  for p in conference:participants() do p:speaks_to('main', -9) end\n"
                        "end\nreturn policy\n");
    script_policy("function policy.mix(mix, conference)\n"
                  "  if conference.count < 3 then return end\n"
                  "  for p in conference:participants() do p:speaks_to('main', -4) end\n"
                  "end\n");
    assert_int_equal(
        focus_reserve(script.focus, &(struct conference_config){.name = "demo", .policy = "own"}),
        0);
    alice = join("alice");
    bob = join("bob");
    assert_heard(bob, alice, -9);
    all_hang_up(join("carol"), alice, NULL);
    world_hang_up(script.focus, bob);
}

static void a_new_plan_comes_with_a_reload_and_none_is_the_default(void **state)
{
    struct call *alice, *bob;

    (void)state;
    script_policy("function policy.mix(mix, conference)\n"
                  "  for p in conference:participants() do p:speaks_to('main', -9) end\n"
                  "end\n");
    alice = join("alice");
    bob = join("bob");
    assert_heard(bob, alice, -9);
    assert_true(is_explained(bob, alice, "site.lua:3"));
    script_policy("");
    focus_reloaded(script.focus);
    settle();
    assert_heard(bob, alice, 0);
    all_hang_up(alice, bob, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(without_the_hook_all_hear_all),
        SCRIPT_TEST(buses_and_gains_are_as_the_hook_says),
        SCRIPT_TEST(a_pair_is_an_exception),
        SCRIPT_TEST(volume_mute_and_hold_come_on_top),
        SCRIPT_TEST(it_is_asked_once_a_turn_and_for_what_it_has_read),
        SCRIPT_TEST(it_is_asked_when_state_has_changed_and_must_not_change_it),
        SCRIPT_TEST(what_makes_no_sense_is_refused_with_its_line),
        SCRIPT_TEST(gains_can_only_be_said_in_the_hook),
        SCRIPT_TEST(the_sites_policy_is_heard_first_if_it_says_something),
        SCRIPT_TEST(a_new_plan_comes_with_a_reload_and_none_is_the_default),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
