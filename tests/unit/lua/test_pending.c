/* What a script says to let a request wait, and what it can do with one that waits. */
#include "tests/unit/lua/script_world.h"

#include "focus/pending.h"

static const struct pending *only_pending(void)
{
    const struct conference *demo = focus_conference_by_name(script.focus, "demo");
    const struct pending *pending = conference_next_pending(demo, NULL);

    assert_non_null(pending);
    assert_null(conference_next_pending(demo, pending));
    return pending;
}

static void a_verdict_says_how_it_waits(void **state)
{
    const struct waiting *waiting;
    struct call *call;

    (void)state;
    script_hook(
        "join", "",
        "return pending { meanwhile = 'silence', decided_by = { 'host', 'guard' },\n"
        "expires = '90s', announce = 'knock.wav', reason = 'At the door', role = 'guest' }");
    call = world_dial(script.focus, "alice", "demo");
    assert_true(call->answered);
    assert_false(call->answer.is_focus);
    waiting = &pending_decision(only_pending())->waiting;
    assert_int_equal(waiting->meanwhile, MEANWHILE_SILENCE);
    assert_string_equal(waiting->decided_by[0], "host");
    assert_string_equal(waiting->decided_by[1], "guard");
    assert_string_equal(waiting->decided_by[2], "");
    assert_int_equal(waiting->expires, 90000);
    assert_string_equal(waiting->announce, "knock.wav");
    assert_string_equal(pending_decision(only_pending())->reason, "At the door");
    assert_string_equal(pending_decision(only_pending())->params.role, "guest");
    world_hang_up(script.focus, call);
    script_turn();
}

static void without_a_word_it_waits_for_moderators_and_five_minutes(void **state)
{
    const struct waiting *waiting;
    struct call *call;

    (void)state;
    script_hook("join", "", "return pending()");
    call = world_dial(script.focus, "alice", "demo");
    waiting = &pending_decision(only_pending())->waiting;
    assert_int_equal(waiting->meanwhile, MEANWHILE_MUSIC);
    assert_string_equal(waiting->decided_by[0], "moderator");
    assert_int_equal(waiting->expires, 5 * 60 * 1000);
    world_hang_up(script.focus, call);
    script_hook("join", "", "return pending { meanwhile = 'ring' }");
    call = world_dial(script.focus, "alice", "demo");
    assert_int_equal(call->progress, 180);
    assert_int_equal(pending_decision(only_pending())->waiting.expires, 3 * 60 * 1000);
    world_hang_up(script.focus, call);
}

static void what_is_wrong_with_it_is_said(void **state)
{
    static const struct {
        const char *body, *error;
    } cases[] = {
        {"return pending { meanwhile = 'jazz' }",
         "meanwhile must be \"music\", \"early\", \"ring\" or \"silence\""},
        {"return pending { decided_by = {} }", "decided_by must be a role, or a list of at most 4"},
        {"return pending { decided_by = { 'a', 'b', 'c', 'd', 'e' } }", "at most 4 roles"},
        {"return pending { decided_by = '' }", "a role has no name"},
        {"return pending { expires = '2d' }", "from 1 to 86400 s"},
        {"return pending { expires = 0 }", "expires must be a duration"},
        {"return pending { meanwhile = 'ring', expires = '4m' }",
         "cannot be without an answer for more than \"3m\""},
        {"return pending { announce = '../knock.wav' }", "must lie in the config's directory"},
        {"return pending { meanwhiles = 'ring' }", "did you mean 'meanwhile'"},
        {"return pending { locked = true }", "pending: 'locked' means nothing to join"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *log = script_failure(cases[i].body);

        assert_contains(log, cases[i].error);
        assert_contains(log, "policy/site.lua:2");
    }
}

static void what_nobody_can_be_asked_about_is_decided_by_the_safe_default(void **state)
{
    struct call *call;
    const char *log;

    (void)state;
    script_hook("create", "", "return pending()");
    log_catch();
    call = world_dial(script.focus, "alice", "new");
    log = log_caught();
    assert_int_equal(call->reject_code, 500);
    assert_contains(log, "policy/site.lua:2: pending: nobody can be asked to decide a create");
    world_hang_up(script.focus, call);
}

/* Each key of the first one in is a command. */
static void a_script_looks_at_what_waits_and_decides(void **state)
{
    struct call *alice, *bob, *carol;

    (void)state;
    script_policy(
        "function policy.join(request, conference)\n"
        "  if conference.count > 0 then return pending { reason = 'Why not' } end\n"
        "end\n"
        "function policy.pending(event, conference, participant)\n"
        "  local p = event.request\n"
        "  assert(p.verb == 'join' and p.conference == conference and not participant)\n"
        "  assert(p.reason == 'Why not' and p.deciders[1] == 'moderator')\n"
        "  assert(p.params.role == 'participant' and not p.target and not p.decided_by)\n"
        "  assert(p.expires_at - p.since == 300 and p.by:find 'site.lua:3')\n"
        "  if p.actor.user == 'bob' then\n"
        "    local who = p:approve { role = 'guest', muted = true }\n"
        "    assert(who.role == 'guest' and who.muted)\n"
        "    local ok, why = p:approve()\n"
        "    assert(not ok and why == 'gone')\n"
        "  else\n"
        "    assert(not pcall(p.reject, p, 200) and not pcall(p.approve, p, { x = 1 }))\n"
        "    assert(conference:pending()() == p)\n"
        "    assert(p:reject(480, 'No room'))\n"
        "  end\n"
        "end\n"
        "function policy.decided(event, conference)\n"
        "  local state = conference.state\n"
        "  state.told = (state.told or '') .. tostring(event.approved) .. event.code .. ' '\n"
        "    .. event.reason .. event.request.decided_by:match '[^/]+$' .. ';'\n"
        "end\n"
        "function policy.left(_, conference) print(conference.state.told) end\n");
    log_set_level(LOG_LEVEL_INFO);
    log_catch();
    alice = world_join(script.focus, "alice", "demo");
    bob = world_join(script.focus, "bob", "demo");
    script_turn();
    assert_true(bob->answer.is_focus);
    carol = world_dial(script.focus, "carol", "demo");
    script_turn();
    assert_int_equal(carol->end_code, 480);
    world_hang_up(script.focus, carol);
    world_hang_up(script.focus, bob);
    world_hang_up(script.focus, alice);
    script_turn();
    assert_contains(log_caught(), "true200 site.lua;false480 No roomsite.lua;");
    if (strstr(script.log, " error "))
        fail_msg("%s", script.log);
}

static void a_command_that_waits_says_so(void **state)
{
    struct call *alice;

    (void)state;
    script_policy("function policy.lock() return pending() end\n"
                  "function policy.joined(_, conference)\n"
                  "  local ok, why, code, p = conference:lock()\n"
                  "  assert(not ok and code == 202 and why == 'It waits for a decision')\n"
                  "  assert(p.verb == 'lock' and not conference.locked)\n"
                  "  assert(p:approve() and conference.locked)\n"
                  "end\n"
                  "function policy.decide(request)\n"
                  "  assert(request.pending.verb == 'lock' and request.params.approved)\n"
                  "end\n");
    log_catch();
    alice = world_join(script.focus, "alice", "demo");
    script_turn();
    assert_string_equal(log_caught(), "");
    assert_true(conference_is_locked(focus_conference_by_name(script.focus, "demo")));
    world_hang_up(script.focus, alice);
    script_turn();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(a_verdict_says_how_it_waits),
        SCRIPT_TEST(without_a_word_it_waits_for_moderators_and_five_minutes),
        SCRIPT_TEST(what_is_wrong_with_it_is_said),
        SCRIPT_TEST(what_nobody_can_be_asked_about_is_decided_by_the_safe_default),
        SCRIPT_TEST(a_script_looks_at_what_waits_and_decides),
        SCRIPT_TEST(a_command_that_waits_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
