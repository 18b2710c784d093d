/* Tests of scripts, themselves: what runs them, what they can do, how they fail. */
#include "core/log.h"
#include "lua/budget.h"
#include "lua/lua_test.h"
#include "simulate/simulate.h"
#include "tests/unit/shipped.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { RESULTS_MOST = 8 };

static struct {
    char directory[64], config_file[96], path[96];
    unsigned count;
    char names[RESULTS_MOST][64], problems[RESULTS_MOST][512], last[RESULTS_MOST][512];
    double simulated;
    char error[512];
} world;

static void told(const struct lua_test *test, void *arg)
{
    unsigned at = world.count++;

    (void)arg;
    assert_true(at < RESULTS_MOST);
    (void)snprintf(world.names[at], sizeof world.names[at], "%s", test->name);
    (void)snprintf(world.problems[at], sizeof world.problems[at], "%s",
                   test->problem ? test->problem : "");
    (void)snprintf(world.last[at], sizeof world.last[at], "%s", test->last);
    world.simulated = test->simulated;
}

/* Runs what is written into a file. */
static int run(const char *source, const char *only)
{
    struct lua_test_config config = {
        .simulating = simulate_simulating(),
        .simulation = {.site_policy = "standard", .config_file = world.config_file},
        .only = only,
        .told = told,
    };
    FILE *file = fopen(world.path, "w");

    assert_non_null(file);
    assert_true(fputs(source, file) >= 0);
    assert_int_equal(fclose(file), 0);
    world.count = 0;
    return lua_test_run(&config, world.path, world.error, sizeof world.error);
}

static void assert_good(const char *source)
{
    if (run(source, NULL))
        fail_msg("%s", world.error);
    assert_int_not_equal(world.count, 0);
    for (unsigned i = 0; i < world.count; i++)
        if (*world.problems[i])
            fail_msg("%s: %s", world.names[i], world.problems[i]);
}

/* One test with this body fails, and says so, after its file. */
static void assert_fails(const char *body, const char *expected)
{
    char source[2000], whole[512];

    (void)snprintf(source, sizeof source, "test('it', function(sim)\n%s\nend)\n", body);
    if (run(source, NULL))
        fail_msg("%s", world.error);
    (void)snprintf(whole, sizeof whole, "%s%s", *expected == ':' ? world.path : "", expected);
    assert_int_equal(world.count, 1);
    assert_string_equal(world.problems[0], whole);
}

/* ---- what they can do ----------------------------------------------------------------------- */

static void a_test_has_callers_who_hear_press_and_hang_up(void **state)
{
    (void)state;
    assert_good("test('two talk', function(sim)\n"
                "  local demo = sim:conference { name = 'demo', title = 'Demo' }\n"
                "  local alice = sim:call('alice', demo, { password = true, name = 'Alice' })\n"
                "  local bob = sim:call('bob', demo)\n"
                "  expect(demo.count, 2)\n"
                "  expect(alice.status, 'in')\n"
                "  expect(alice.conference, demo)\n"
                "  expect(alice.participant.authenticated, true)\n"
                "  expect(alice.participant.display_name, 'Alice')\n"
                "  expect(bob:hears(alice), 0)\n"
                "  assert(alice.participant:volume { speaks = -6 })\n"
                "  expect(bob:hears(alice), -6)\n"
                "  alice:hold()\n"
                "  expect(bob:hears(alice), nil)\n"
                "  alice:unhold()\n"
                "  bob:speak('2s', -30)\n"
                "  alice:speak()\n"
                "  expect(alice.participant.speaking, true)\n"
                "  alice:be_quiet()\n"
                "  expect(alice.participant.speaking, false)\n"
                "  assert(alice:document():find 'sip:bob@example.com')\n"
                "  expect(select(3, alice:document 'dialog'), 403)\n"
                "  alice:hangup()\n"
                "  expect(alice.status, 'gone')\n"
                "  expect(alice.code, 0)\n"
                "  expect(demo.count, 1)\n"
                "end)\n");
    assert_true(world.simulated > 2 && world.simulated < 4);
}

/* As the mixer would have it: mutes, holds, exceptions of the hook mix, sidebars. */
static void what_is_heard_is_what_the_mixer_is_told(void **state)
{
    (void)state;
    assert_good("local policy = parley.policy { name = 'own' }\n"
                "function policy.mix(mix, conference)\n"
                "  local of = {}\n"
                "  for p in conference:participants() do of[p.user] = p; p:speaks_to 'main' end\n"
                "  for p in conference:participants() do p:listens_to 'main' end\n"
                "  if of.bob and of.carol then mix:pair(of.bob, of.carol, -12) end\n"
                "end\n"
                "selftest('who hears whom', function(sim)\n"
                "  local demo = sim:conference()\n"
                "  local alice, bob = sim:call('alice', demo), sim:call('bob', demo)\n"
                "  local carol = sim:call('carol', demo)\n"
                "  expect(bob:hears(carol), -12)\n"
                "  expect(carol:hears(bob), 0)\n"
                "  expect(alice:hears(carol), 0)\n"
                "  assert(carol.participant:volume { speaks = -3 })\n"
                "  expect(bob:hears(carol), -15)\n"
                "  assert(alice.participant:mute())\n"
                "  expect(bob:hears(alice), nil)\n"
                "  expect(alice:hears(bob), 0)\n"
                "end)\n"
                "selftest('a sidebar', function(sim)\n"
                "  local demo = sim:conference { policy = 'open' }\n"
                "  local alice, bob = sim:call('alice', demo), sim:call('bob', demo)\n"
                "  local carol = sim:call('carol', demo)\n"
                "  local side = assert(demo:sidebar { background = -18 })\n"
                "  assert(side:bring(alice.participant))\n"
                "  assert(side:bring(bob.participant))\n"
                "  sim:advance(1)\n"
                "  expect(bob:hears(alice), 0)\n"
                "  expect(bob:hears(carol), -18)\n"
                "  expect(carol:hears(bob), nil)\n"
                "end)\n"
                "return policy\n");
}

static void a_test_answers_and_refuses_calls_of_the_server(void **state)
{
    (void)state;
    assert_good("test('called', function(sim)\n"
                "  local demo = sim:conference()\n"
                "  assert(demo:invite('sip:carol@192.0.2.7'))\n"
                "  sim:advance(0.1)\n"
                "  expect(sim:called().user, 'carol')\n"
                "  expect(sim:called 'carol'.status, 'ringing')\n"
                "  sim:called():answer()\n"
                "  expect(sim:called 'carol'.status, 'in')\n"
                "  assert(demo:invite('sip:dave@192.0.2.7'))\n"
                "  sim:called 'dave':reject(603)\n"
                "  expect(sim:called 'dave'.code, 603)\n"
                "  expect(sim:called 'eve', nil)\n"
                "end)\n");
}

static void a_test_sets_the_clock_in_a_zone(void **state)
{
    (void)state;
    assert_good("test('time', function(sim)\n"
                "  expect(os.date '!%Y-%m-%d %H:%M', '2026-01-05 12:00')\n"
                "  sim:time('2026-07-01 09:30', 'Europe/Berlin')\n"
                "  expect(os.date '!%H:%M', '07:30')\n"
                "  expect(parley.time('Europe/Berlin').weekday, 'wednesday')\n"
                "  sim:advance '36h'\n"
                "  expect(parley.time('Europe/Berlin').hour, 21)\n"
                "  sim:time('2026-12-01 09:30:15', 'Europe/Berlin')\n"
                "  expect(os.date '!%H:%M:%S', '08:30:15')\n"
                "end)\n");
}

/* The application is written beside the test by the test's own file: it is a script with a
 * self-test. */
/* lua/ration.c, by the clock of a test. */
static void who_computes_too_much_is_called_again_a_minute_later(void **state)
{
    (void)state;
    if (SLOWNESS > 1)
        skip(); /* it would have to compute for that many seconds */
    assert_good(
        "local policy = parley.policy { name = 'own' }\n"
        "function policy.digit()\n"
        "  for _ = 1, 900000 do end\n"
        "end\n"
        "selftest('burns', function(sim)\n"
        "  local board, other = sim:conference(), sim:conference()\n"
        "  local alice = sim:call('alice', board)\n"
        "  local count, first\n"
        "  repeat\n"
        "    alice:press '1'\n"
        "    count, first = sim:errors()\n"
        "  until count > 0\n"
        "  assert(first:find('own.lua:2: no hook is called for the rest', 1, true), first)\n"
        "  alice:press '1'\n"
        "  expect(sim:call('bob', board).code, 500)\n"
        "  expect(sim:errors(), 0)\n"
        "  expect(sim:call('bob', other).status, 'in')\n"
        "  sim:advance '61s'\n"
        "  expect(sim:call('carol', board).status, 'in')\n"
        "end)\n"
        "function policy.join() return accept {} end\n"
        "return policy\n");
}

/* However slow the machine is: it compares 256 KiB again and again, in few instructions. */
static void a_test_does_not_depend_on_how_long_its_hooks_take(void **state)
{
    (void)state;
    assert_good("local policy = parley.policy { name = 'own' }\n"
                "local one, other = ('x'):rep(1 << 18), ('x'):rep(1 << 18)\n"
                "function policy.join()\n"
                "  for _ = 1, 30000 do local _ = one == other end\n"
                "  return accept {}\n"
                "end\n"
                "selftest('joins', function(sim)\n"
                "  local board = sim:conference()\n"
                "  for _, name in ipairs { 'alice', 'bob' } do\n"
                "    expect(sim:call(name, board).status, 'in')\n"
                "  end\n"
                "end)\n"
                "return policy\n");
}

/* Each test by itself, in its own file and in the server's scripts. */
static void what_is_drawn_is_the_same_in_each_test(void **state)
{
    static const char source[] = "local policy, drawn = parley.policy { name = 'own' }, nil\n"
                                 "function policy.join()\n"
                                 "  return reject(math.random(430, 479))\n"
                                 "end\n"
                                 "local function draw(sim)\n"
                                 "  local alice = sim:call('alice', sim:conference())\n"
                                 "  local now = alice.code .. ' ' .. math.random(1 << 30)\n"
                                 "  drawn = drawn or now\n"
                                 "  expect(now, drawn)\n"
                                 "end\n"
                                 "selftest('one', draw)\n"
                                 "selftest('two', draw)\n"
                                 "return policy\n";

    (void)state;
    assert_good(source);
}

static void an_application_tests_itself(void **state)
{
    char source[2000];

    (void)state;
    (void)snprintf(source, sizeof source,
                   "local config = { applications = { ['9000'] = '%s' } }\n"
                   "selftest('asks and tells', config, function(sim)\n"
                   "  sim:web(function(request)\n"
                   "    return { status = 200, body = request.method .. request.url:sub(-4) }\n"
                   "  end)\n"
                   "  local alice = sim:call('alice', '9000')\n"
                   "  expect(alice.status, 'application')\n"
                   "  expect(alice:playing(), { 'tone:440/100' })\n"
                   "  sim:advance(2)\n"
                   "  alice:press '4711'\n"
                   "  expect(alice:heard(), { 'tone:440/100' })\n"
                   "  expect(alice.reason, 'GET4711')\n"
                   "end)\n"
                   "return function(call)\n"
                   "  call:answer()\n"
                   "  local keys = call:ask { prompt = 'tone:440/100', max = 4 }\n"
                   "  call:hangup(http.get('http://example.com/' .. keys).body)\n"
                   "end\n",
                   world.path);
    assert_good(source);
}

static void a_policy_tests_itself_and_is_what_its_conferences_have(void **state)
{
    (void)state;
    assert_good("local policy = parley.policy { name = 'own' }\n"
                "function policy.join(request)\n"
                "  if request.actor.user == 'eve' then return reject(403, 'Not you') end\n"
                "end\n"
                "selftest('eve stays out', function(sim)\n"
                "  local eve = sim:call('eve', sim:conference())\n"
                "  expect(eve.status, 'rejected')\n"
                "  expect(eve.code, 403)\n"
                "  local joins = sim:decisions 'join'\n"
                "  expect(#joins, 1)\n"
                "  expect(joins[1].reason, 'Not you')\n"
                "  expect(joins[1].by:match ':%d+$', ':3')\n"
                "end)\n"
                "return policy\n");
}

static void only_those_of_a_name_are_run(void **state)
{
    (void)state;
    assert_int_equal(run("test('one', function() end)\ntest('another', function() end)\n", "oth"),
                     0);
    assert_int_equal(world.count, 1);
    assert_string_equal(world.names[0], "another");
}

/* ---- how they fail -------------------------------------------------------------------------- */

static void what_was_expected_is_told_with_the_line(void **state)
{
    (void)state;
    assert_fails("expect(1, 2)", ":2: expected 2, got 1");
    assert_fails("\nexpect('a', nil, 'the name')", ":3: the name: expected nil, got \"a\"");
    assert_fails("expect({ 1, { 2 } }, { 1, { 3 } })", ":2: expected [1,[3]], got [1,[2]]");
    assert_fails("expect({ a = 1 }, { a = 1, b = 2 })",
                 ":2: expected {\"a\":1,\"b\":2}, got {\"a\":1}");
    assert_fails("assert(false, 'so it is')", ":2: so it is");
    assert_fails("local x = nil; return x.y", ":2: attempt to index a nil value (local 'x')");
}

static void the_last_decision_is_told_with_a_failure(void **state)
{
    (void)state;
    assert_fails("sim:call('bob', 'nowhere')\nerror('so', 1)", ":3: so");
    assert_string_equal(world.last[0], "create of sip:bob@example.com in nowhere: reject (No such "
                                       "conference), by policy/standard.lua:15");
}

static void decisions_are_looked_for_by_the_names_of_hooks(void **state)
{
    (void)state;
    assert_good("test('t', function(sim)\n"
                "  local room = sim:conference()\n"
                "  sim:call('bob', room)\n"
                "  room:close()\n"
                "  expect(#sim:decisions 'close', 1)\n"
                "end)\n");
    assert_fails("sim:decisions 'joins'",
                 ":2: decisions: there is no decision hook 'joins' (did you mean 'join'?)");
}

static void a_server_that_cannot_be_made_is_told_with_the_line(void **state)
{
    static const char expected[] = ".lua:2: policy 'nowhere': no such file";

    (void)state;
    assert_int_equal(run("\ntest('x', { policy = 'nowhere' }, function() end)", NULL), 0);
    assert_non_null(strstr(world.problems[0], expected));
}

static void misuse_says_what_to_do(void **state)
{
    (void)state;
    assert_fails("sim:call('bob', sim:conference()):refer 'bob'",
                 ":2: refer: whom it is about is a SIP URI, as in \"sip:bob@example.com\"");
    assert_fails("sim:call('bob', sim:conference(), { with = { 1 } })",
                 ":2: call: with is a list of SIP URIs");
    assert_fails("sim:call('bob', 'x', { passwort = true })",
                 ":2: call: unknown key 'passwort' (did you mean 'password'?)");
    assert_fails("expect(sim:conference().count == 1)",
                 ":2: expect: it is given a value and what that is to be, as in expect(code, 403)");
    assert_fails("sim:advance 'soon'",
                 ":2: advance: the time must be a duration such as \"5m\", or a number of seconds, "
                 "from 0 to 2678400 s");
    assert_fails("sim:time 'noon'",
                 ":2: time: it is written as \"2026-03-02 09:00\", not \"noon\"");
    assert_fails("sim:time '2026-02-29 09:00'",
                 ":2: time: there is no such day and time as \"2026-02-29 09:00\"");
    assert_fails("sim:time('2026-02-28 24:00', 'Europe/Berlin')",
                 ":2: time: there is no such day and time as \"2026-02-28 24:00\"");
    assert_fails("sim:call('bob', 'nowhere'):press '1'",
                 ":2: press: the call of bob is not that far, or is over");
    assert_fails("sim:conference().state.x = 1",
                 ":2: conference.state is not possible in a test: it is for decision hooks, the "
                 "hook mix, event hooks and applications");
    assert_fails("sim:conference { policy = 'moderated', options = { moderator = {} } }",
                 ":2: conference: conference conference1: policy/moderated.lua declares no option "
                 "'moderator' (did you mean 'moderators'?)");
}

static void an_error_in_a_hook_fails_the_test_that_does_not_ask(void **state)
{
    static const char policy[] = "local policy = parley.policy { name = 'own' }\n"
                                 "function policy.joined() error 'oh' end\n"
                                 "selftest('it', function(sim)\n"
                                 "  sim:call('bob', sim:conference())\n"
                                 "  %s\n"
                                 "end)\n"
                                 "return policy\n";
    char source[1000];

    (void)state;
    (void)snprintf(source, sizeof source, policy, "");
    assert_int_equal(run(source, NULL), 0);
    assert_non_null(strstr(world.problems[0], ".lua:2: oh - hook joined"));
    (void)snprintf(source, sizeof source, policy, "expect(sim:errors(), 1)");
    assert_good(source);
}

static void a_test_without_end_is_stopped(void **state)
{
    (void)state;
    assert_fails("while true do pcall(error) end",
                 ":2: stopped after 20000000 instructions, all that a test may use");
}

/* As some editors put it there. */
static void a_byte_order_mark_is_passed_over(void **state)
{
    (void)state;
    assert_good("\xef\xbb\xbftest('it', function() expect(1, 1) end)");
}

static void each_word_has_its_place(void **state)
{
    (void)state;
    assert_int_equal(run("selftest('x', function() end)", NULL), EINVAL);
    assert_non_null(strstr(world.error, ".lua:1: selftest is for scripts"));
    assert_int_equal(run("test('x', function() end)\nreturn function() end", NULL), EINVAL);
    assert_non_null(strstr(world.error, ".lua:1: test is for files that return nothing"));
    assert_int_equal(run("test('x', function() end", NULL), EINVAL);
    assert_non_null(strstr(world.error, ".lua:1: ')' expected"));
    assert_int_equal(run("test('x', {})", NULL), EINVAL);
    assert_non_null(
        strstr(world.error, ".lua:1: test: what it does is a function: test(\"name\", "));
    assert_int_equal(run("test('', function() end)", NULL), EINVAL);
    assert_non_null(strstr(world.error, ".lua:1: test: the name must say something"));
    assert_int_equal(run("test('a\\nb', function() end)", NULL), EINVAL);
    assert_non_null(strstr(world.error, ".lua:1: test: the name must say something"));
    assert_int_equal(run("test('x', function() end)\ntest('x', function() end)", NULL), EINVAL);
    assert_non_null(strstr(world.error, ".lua:2: test: the one in line 1 is \"x\" already"));
    assert_int_equal(run("expect(1, 1)", NULL), EINVAL);
    assert_non_null(strstr(world.error, "expect is not possible while its file is loaded"));
}

/* ---- running it ----------------------------------------------------------------------------- */

static int setup(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    log_set_level(LOG_LEVEL_ERROR);
    (void)snprintf(world.directory, sizeof world.directory, "/tmp/parley-testing-XXXXXX");
    assert_non_null(mkdtemp(world.directory));
    (void)snprintf(world.config_file, sizeof world.config_file, "%s/parley.lua", world.directory);
    (void)snprintf(world.path, sizeof world.path, "%s/own.lua", world.directory);
    shipped_link(world.directory, "policy");
    shipped_link(world.directory, "scripts");
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"own.lua", "policy", "scripts", ""};
    char path[128];

    (void)state;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", world.directory, names[i]);
        (void)remove(path);
    }
    return 0;
}

#define testing_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        testing_test(a_test_has_callers_who_hear_press_and_hang_up),
        testing_test(what_is_heard_is_what_the_mixer_is_told),
        testing_test(a_test_answers_and_refuses_calls_of_the_server),
        testing_test(a_test_sets_the_clock_in_a_zone),
        testing_test(who_computes_too_much_is_called_again_a_minute_later),
        testing_test(a_test_does_not_depend_on_how_long_its_hooks_take),
        testing_test(what_is_drawn_is_the_same_in_each_test),
        testing_test(an_application_tests_itself),
        testing_test(a_policy_tests_itself_and_is_what_its_conferences_have),
        testing_test(only_those_of_a_name_are_run),
        testing_test(what_was_expected_is_told_with_the_line),
        testing_test(the_last_decision_is_told_with_a_failure),
        testing_test(decisions_are_looked_for_by_the_names_of_hooks),
        testing_test(a_server_that_cannot_be_made_is_told_with_the_line),
        testing_test(misuse_says_what_to_do),
        testing_test(an_error_in_a_hook_fails_the_test_that_does_not_ask),
        testing_test(a_test_without_end_is_stopped),
        testing_test(a_byte_order_mark_is_passed_over),
        testing_test(each_word_has_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
