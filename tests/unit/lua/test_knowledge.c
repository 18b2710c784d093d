/* What rules may know: the time of day, facts, PINs, how somebody has proven who it is. */
#include "tests/unit/lua/script_world.h"

static void the_time_of_day_is_that_of_a_zone(void **state)
{
    /* 2026-01-15 and 2026-07-15, 12:00 UTC; and a second before and after summer time begins. */
    static const struct {
        const char *call, *expected;
    } cases[] = {
        {"'Europe/Berlin', 1768478400", "2026-1-15 13:0:0 780 thursday"},
        {"'Europe/Berlin', 1784116800", "2026-7-15 14:0:0 840 wednesday"},
        {"'Europe/Berlin', 1774745999", "2026-3-29 1:59:59 119 sunday"},
        {"'Europe/Berlin', 1774746000", "2026-3-29 3:0:0 180 sunday"},
        {"'Asia/Kolkata', 1768478400", "2026-1-15 17:30:0 1050 thursday"},
        {"'UTC', 0", "1970-1-1 0:0:0 0 thursday"},
    };
    char body[400];

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)snprintf(body, sizeof body,
                       "local t = parley.time(%s)\n"
                       "return ('%%d-%%d-%%d %%d:%%d:%%d %%d %%s'):format(t.year, t.month, t.day,\n"
                       "  t.hour, t.min, t.sec, t.minute_of_day, t.weekday)",
                       cases[i].call);
        assert_string_equal(script_result(body), cases[i].expected);
    }
    assert_string_equal(script_result("local t, n = parley.time(), os.date '*t'\n"
                                      "return math.abs(t.minute_of_day - n.hour * 60 - n.min) <= 1"
                                      "  or t.minute_of_day == 0"),
                        "true");
    assert_contains(script_failure("parley.time 'Europe/Berln'"),
                    "policy/site.lua:2: time: there is no time zone 'Europe/Berln'");
    assert_contains(script_failure("parley.time '../../../etc/passwd'"), "there is no time zone");
    assert_contains(script_failure("parley.time '../zoneinfo/UTC'"), "there is no time zone");
    assert_contains(script_failure("parley.time 'Europe'"), "there is no time zone 'Europe'");
}

static const char *fact(const char *name, const char *value)
{
    static char told[200];

    (void)lua_engine_fact(script.engine, name, value, told, sizeof told);
    return told;
}

static void facts_are_set_outside_and_known_to_all(void **state)
{
    struct call *alice;

    (void)state;
    assert_string_equal(script_result("return parley.fact 'alarm'"), "nil");
    assert_string_equal(fact("alarm", "on"), "alarm = \"on\"");
    assert_string_equal(script_result("return parley.fact 'alarm'"),
                        "on"); /* after a reload, too */
    assert_string_equal(fact("alarm", ""), "alarm = nil");
    assert_string_equal(fact("an alarm", "on"),
                        "a name has 1 to 63 bytes without blanks, a value at most 255");
    script_policy("function policy.joined()\n"
                  "  parley.set_fact('n', (parley.fact 'n' or 0) + 1)\n"
                  "  parley.set_fact('open', true)\n"
                  "  parley.set_fact('gone', 1) parley.set_fact('gone', nil)\n"
                  "end\n");
    alice = world_join(script.focus, "alice", "demo");
    script_turn();
    world_hang_up(script.focus, alice);
    alice = world_join(script.focus, "alice", "demo");
    script_turn();
    world_hang_up(script.focus, alice);
    script_turn();
    assert_string_equal(fact("n", NULL), "n = 2");
    assert_string_equal(fact("open", NULL), "open = true");
    assert_string_equal(fact("gone", NULL), "gone = nil");
    assert_contains(script_failure("parley.set_fact('a', 1)"),
                    "parley.set_fact is not possible in a decision hook");
}

static void facts_are_bounded(void **state)
{
    struct call *alice;
    const char *log;

    (void)state;
    script_policy("function policy.joined()\n"
                  "  for i = 1, 1001 do parley.set_fact('f' .. i, i) end\n"
                  "end\n"
                  "function policy.left() parley.set_fact('a', {}) end\n"
                  "function policy.digit() parley.set_fact('a', ('x'):rep(256)) end\n");
    log_catch();
    alice = world_join(script.focus, "alice", "demo");
    script_turn();
    focus_mixing_events()->on_digit(alice->user, '1', 100, script.focus);
    script_turn();
    world_hang_up(script.focus, alice);
    script_turn();
    log = log_caught();
    assert_contains(log, "policy/site.lua:3: set_fact: there are 1000 facts already");
    assert_contains(log, "policy/site.lua:5: set_fact: the value must be a text, a number, true");
    assert_contains(log, "policy/site.lua:6: set_fact: the value must have at most 255 bytes");
}

static void texts_are_compared_whole(void **state)
{
    (void)state;
    assert_string_equal(script_result("local s = parley.is_same\n"
                                      "return table.concat({ tostring(s('4711', '4711')),\n"
                                      "  tostring(s('4711', '4712')), tostring(s('471', '4711')),\n"
                                      "  tostring(s('', '')), tostring(s(nil, nil)),\n"
                                      "  tostring(s('', nil)), tostring(s('4711', '')) }, ' ')"),
                        "true false false true false false false");
}

static void the_proof_of_an_identity_is_told(void **state)
{
    static const enum proof proofs[] = {PROOF_NONE, PROOF_PASSWORD, PROOF_PEER, PROOF_REGISTRATION};
    static const char *const names[] = {"none", "password", "peer", "registration"};

    (void)state;
    script_hook("join", "request", "return reject(499, request.actor.proof)");
    for (unsigned i = 0; i < 4; i++) {
        struct call *call = world_call_from("alice", "demo", "127.0.0.1");

        call->info.caller.proof = proofs[i];
        focus_signalling_events()->on_incoming(call, script.focus);
        assert_string_equal(call->reason, names[i]);
        world_hang_up(script.focus, call);
    }
}

static void a_conference_is_given_its_time(void **state)
{
    const struct conference *conference;
    struct call *alice;

    (void)state;
    script_policy("function policy.created(_, conference)\n"
                  "  assert(conference:limit { duration = '10m', warning = '1m' })\n"
                  "end\n"
                  "function policy.limited(event, conference)\n"
                  "  conference.state.seconds = event.seconds\n"
                  "end\n"
                  "function policy.digit(_, conference)\n"
                  "  assert(conference.state.seconds == 600)\n"
                  "  assert(conference:limit { duration = 0 })\n"
                  "end\n"
                  "function policy.limit(request)\n"
                  "  if request.params.duration > 500 and request.params.warning ~= 60 then\n"
                  "    return reject(400)\n"
                  "  end\n"
                  "end\n");
    alice = world_join(script.focus, "alice", "demo");
    script_turn();
    conference = focus_conference_by_name(script.focus, "demo");
    assert_in_range(conference_ends_at(conference), time(NULL) + 590, time(NULL) + 600);
    focus_mixing_events()->on_digit(alice->user, '1', 100, script.focus);
    script_turn();
    assert_int_equal(conference_ends_at(conference), 0);
    world_hang_up(script.focus, alice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(the_time_of_day_is_that_of_a_zone),
        SCRIPT_TEST(facts_are_set_outside_and_known_to_all),
        SCRIPT_TEST(facts_are_bounded),
        SCRIPT_TEST(texts_are_compared_whole),
        SCRIPT_TEST(the_proof_of_an_identity_is_told),
        SCRIPT_TEST(a_conference_is_given_its_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
