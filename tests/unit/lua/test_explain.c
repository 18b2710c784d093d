/* conference:explain, participant:explain and conference:recheck, as scripts use them. */
#include "tests/unit/lua/script_world.h"

static struct call *alice, *bob;

static void two_join(void)
{
    alice = world_join(script.focus, "alice", "demo");
    bob = world_join(script.focus, "bob", "demo");
    script_turn();
}

static void two_leave(void)
{
    world_hang_up(script.focus, alice);
    world_hang_up(script.focus, bob);
    script_turn();
}

/* What `body` returns, in a join hook with `alice` and `bob`, as text: the reason of a refusal. */
static const char *asked(const char *functions, const char *body)
{
    static char reason[96];
    char source[3500];
    struct call *carol;

    (void)snprintf(source, sizeof source,
                   "%sfunction policy.join(request, conference)\n"
                   "  local alice, bob\n"
                   "  for p in conference:participants() do\n"
                   "    if p.user == 'alice' then alice = p else bob = p end\n"
                   "  end\n"
                   "  if bob then return reject(499, tostring((function() %s end)())) end\n"
                   "end\n",
                   functions, body);
    script_policy(source);
    two_join();
    carol = world_dial(script.focus, "carol", "demo");
    (void)snprintf(reason, sizeof reason, "%s", carol->reason);
    world_hang_up(script.focus, carol);
    two_leave();
    return reason;
}

static const char mutes[] = "function policy.joined(_, _, p)\n"
                            "  if p.user == 'alice' then p:mute() end\n"
                            "end\n";

static void an_explanation_has_the_reason_with_line_generation_and_event(void **state)
{
    (void)state;
    assert_string_equal(asked(mutes, "local why = conference:explain(bob, alice)\n"
                                     "local r = why.reasons[1]\n"
                                     "return table.concat({ tostring(why.audible),"
                                     "  tostring(why.gain), r.text, r.asked_by, r.by,"
                                     "  r.generation, r.event, r.verb, math.type(r.at) }, '|')"),
                        "false|nil|alice is muted|policy/site.lua:3|default|1|joined|mute|integer");
}

static void it_can_be_read_aloud_and_tells_what_is_audible(void **state)
{
    (void)state;
    assert_string_equal(asked("function policy.joined(_, _, p) p:volume { speaks = 2 } end\n",
                              "local why = conference:explain(bob, alice)\n"
                              "assert(why.audible and why.gain == 2)\n"
                              "return (tostring(why):match('^.-:'):gsub('\\n', '/'))"),
                        "bob hears alice at +2.0 dB/alice is heard at +2.0 dB:");
    assert_string_equal(asked("", "return (tostring(alice:explain()):match('.-,'))"),
                        "alice is in as participant: asked by sip:alice@example.com,");
}

static void a_slip_says_what_is_wrong(void **state)
{
    (void)state;
    assert_contains(script_failure("conference:explain(conference, 3)"),
                    "participant expected, got conference");
    script_policy("local first\n"
                  "function policy.create() return accept() end\n"
                  "function policy.joined(_, conference, p)\n"
                  "  if not first then first = p; return end\n"
                  "  conference:explain(p, first)\n"
                  "end\n");
    alice = world_join(script.focus, "alice", "elsewhere");
    log_catch();
    bob = world_join(script.focus, "bob", "demo");
    script_turn();
    assert_contains(log_caught(),
                    "policy/site.lua:6: explain: the talker is not in this conference");
    two_leave();
}

static void who_is_gone_is_no_error(void **state)
{
    (void)state;
    script_policy("local gone\n"
                  "function policy.left(_, _, p) gone = p end\n"
                  "function policy.join(_, conference)\n"
                  "  if gone then\n"
                  "    local value, why = conference:explain(gone, gone)\n"
                  "    return reject(499, tostring(value) .. why .. select(2, gone:explain()))\n"
                  "  end\n"
                  "end\n");
    alice = world_join(script.focus, "alice", "demo");
    world_hang_up(script.focus, alice);
    script_turn();
    bob = world_dial(script.focus, "bob", "demo");
    assert_string_equal(bob->reason, "nilgonegone");
    world_hang_up(script.focus, bob);
}

static void a_script_has_the_policy_asked_again(void **state)
{
    (void)state;
    assert_contains(script_failure("conference:recheck()"),
                    "conference:recheck is not possible in a decision hook");
    script_policy("function policy.join(request)\n"
                  "  if request.actor.participant then return reject(403, 'Enough') end\n"
                  "end\n"
                  "function policy.locked(_, conference) assert(conference:recheck() == true) end\n"
                  "function policy.joined(_, conference, p)\n"
                  "  if p.user == 'bob' then conference:lock() end\n"
                  "end\n");
    two_join();
    script_turn();
    assert_true(alice->ended);
    assert_int_equal(bob->end_code, 403);
    assert_string_equal(bob->reason, "Enough");
    two_leave();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(an_explanation_has_the_reason_with_line_generation_and_event),
        SCRIPT_TEST(it_can_be_read_aloud_and_tells_what_is_audible),
        SCRIPT_TEST(a_slip_says_what_is_wrong),
        SCRIPT_TEST(who_is_gone_is_no_error),
        SCRIPT_TEST(a_script_has_the_policy_asked_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
