/* Conferences and participants as scripts hold them, and what they can ask for. */
#include "tests/unit/lua/script_world.h"

static void a_conference_has_fields(void **state)
{
    struct conference_config config = {.name = "demo", .title = "The demo", .capacity = 7};

    (void)state;
    assert_int_equal(focus_reserve(script.focus, &config), 0);
    assert_string_equal(
        script_result("local c = conference\n"
                      "return table.concat({ c.name, c.title, c.policy, c.capacity, c.count, #c,"
                      "  tostring(c.locked), tostring(c.reserved), math.type(c.id),"
                      "  math.type(c.created_at), tostring(c) }, '|')"),
        "demo|The demo||7|0|0|false|true|integer|integer|conference demo");
}

static void a_conference_names_all_policies_that_decide_about_it(void **state)
{
    struct conference_config config = {.name = "demo", .policy = "own,other"};

    (void)state;
    script_write("own", "return parley.policy { name = 'own' }");
    script_write("other", "return parley.policy { name = 'other' }");
    assert_int_equal(focus_reserve(script.focus, &config), 0);
    assert_contains(script_result("return table.concat(conference.policies, '|')"), "|own|other");
}

static void a_participant_has_fields(void **state)
{
    struct call *alice, *bob;

    (void)state;
    script_hook("join", "request, conference",
                "for p in conference:participants() do\n"
                "  return reject(499, table.concat({ p.uri, p.host, p.display_name, p.user_agent,"
                "    tostring(p.authenticated), tostring(p.anonymous), p.role,"
                "    tostring(p.muted), tostring(p.held), tostring(p.speaking),"
                "    math.type(p.joined_at), p:stats().received }, '|'))\n"
                "end");
    alice = world_join(script.focus, "alice", "demo");
    bob = world_dial(script.focus, "bob", "demo");
    assert_string_equal(bob->reason,
                        "sip:alice@example.com|example.com||fake|false|false|participant|"
                        "false|false|false|integer|7");
    world_hang_up(script.focus, bob);
    world_hang_up(script.focus, alice);
}

static void one_participant_is_one_handle(void **state)
{
    struct call *alice, *bob;

    (void)state;
    script_hook("join", "request, conference",
                "local seen = {}\n"
                "for p in conference:participants() do seen[p] = p.user end\n"
                "for p in conference:participants() do\n"
                "  local same = conference:participant(p.id)\n"
                "  return reject(499, tostring(seen[same]) .. tostring(same == p) .. "
                "    tostring(conference == p))\n"
                "end");
    alice = world_join(script.focus, "alice", "demo");
    bob = world_dial(script.focus, "bob", "demo");
    assert_string_equal(bob->reason, "alicetruefalse");
    world_hang_up(script.focus, bob);
    world_hang_up(script.focus, alice);
}

static void a_slip_in_a_field_is_an_error_with_the_right_name(void **state)
{
    (void)state;
    assert_contains(script_failure("return conference.lokced"),
                    "a conference has no field 'lokced' (did you mean 'locked'?)");
    assert_contains(script_failure("conference.locked = true"),
                    "cannot set 'locked' of a conference: use its methods");
    assert_contains(script_failure("return conference.participants()"),
                    "bad argument #1 to 'participants' (conference expected, got no value)");
}

static void handles_of_those_who_left_are_harmless(void **state)
{
    struct call *alice, *bob;

    (void)state;
    script_policy("local held\n"
                  "function policy.left(_, conference, participant)\n"
                  "  held = participant\n"
                  "  assert(participant.user == 'alice' and participant:stats().received == 7)\n"
                  "end\n"
                  "function policy.join(_, conference)\n"
                  "  if not held then return end\n"
                  "  local value, why = held:stats()\n"
                  "  return reject(499, tostring(held.user) .. tostring(held.conference) ..\n"
                  "    tostring(value) .. why .. (tostring(held):gsub('%d+', 'N')) ..\n"
                  "    math.type(held.id) .. select(2, conference:participant(held.id)))\n"
                  "end\n");
    alice = world_join(script.focus, "alice", "demo");
    world_hang_up(script.focus, alice);
    script_turn();
    bob = world_dial(script.focus, "bob", "demo");
    assert_string_equal(bob->reason, "nilnilnilgoneparticipant #N (gone)integergone");
    world_hang_up(script.focus, bob);
}

static void handles_of_ended_conferences_are_harmless(void **state)
{
    struct call *call;

    (void)state;
    script_policy("local held\n"
                  "function policy.create() return accept() end\n"
                  "function policy.ended(event, conference)\n"
                  "  held = conference\n"
                  "  assert(conference.name == 'brief' and conference:lock() == nil)\n"
                  "end\n"
                  "function policy.join(_, conference)\n"
                  "  if not held then return end\n"
                  "  local n = 0 for _ in held:participants() do n = n + 1 end\n"
                  "  return reject(499, tostring(held.name) .. #held .. n ..\n"
                  "    tostring(held.state) .. tostring(held.options))\n"
                  "end\n");
    call = world_join(script.focus, "alice", "brief");
    world_hang_up(script.focus, call);
    script_turn();
    call = world_dial(script.focus, "bob", "demo");
    assert_string_equal(call->reason, "nil00nilnil");
    world_hang_up(script.focus, call);
}

static void press(const struct call *call, char key)
{
    focus_mixing_events()->on_digit(call->user, key, 100, script.focus);
    script_turn();
}

static void event_hooks_can_act(void **state)
{
    struct conference *conference;
    struct call *alice, *bob;

    (void)state;
    script_policy("function policy.digit(event, conference, participant)\n"
                  "  if event.digit == '1' then assert(participant:mute()) end\n"
                  "  if event.digit == '2' then assert(participant:unmute()) end\n"
                  "  if event.digit == '3' then assert(conference:lock()) end\n"
                  "  if event.digit == '4' then assert(conference:unlock()) end\n"
                  "  if event.digit == '5' then assert(participant:remove('Be nice')) end\n"
                  "  if event.digit == '6' then assert(conference:close('Good night')) end\n"
                  "end\n");
    alice = world_join(script.focus, "alice", "demo");
    bob = world_join(script.focus, "bob", "demo");
    conference = focus_conference_by_name(script.focus, "demo");
    press(alice, '1');
    assert_true(participant_is_muted(participant_of(alice)));
    press(alice, '2');
    assert_false(participant_is_muted(participant_of(alice)));
    press(alice, '3');
    assert_true(conference_is_locked(conference));
    press(alice, '4');
    assert_false(conference_is_locked(conference));
    press(alice, '5');
    assert_true(alice->ended);
    assert_string_equal(alice->reason, "Be nice");
    press(bob, '6');
    assert_true(bob->ended);
    assert_string_equal(bob->reason, "Good night");
    world_hang_up(script.focus, alice);
    world_hang_up(script.focus, bob);
}

static void a_command_passes_the_policy_and_can_be_refused(void **state)
{
    struct call *call;
    const char *log;

    (void)state;
    script_policy("function policy.joined(event, conference, participant)\n"
                  "  local done, text, code = participant:mute()\n"
                  "  parley.log.error(done, code, text)\n"
                  "end\n"
                  "function policy.mute(request)\n"
                  "  assert(request.actor.kind == 'script' and request.params.muted)\n"
                  "  assert(request.actor.uri == 'policy/site.lua')\n"
                  "  return reject(403, 'Let ' .. request.target.user .. ' speak')\n"
                  "end\n");
    log_catch();
    call = world_join(script.focus, "alice", "demo");
    script_turn();
    log = log_caught();
    assert_contains(log, "nil 403 Let alice speak (policy/site.lua:4)");
    assert_false(participant_is_muted(participant_of(call)));
    world_hang_up(script.focus, call);
}

static void a_decision_hook_must_not_act(void **state)
{
    (void)state;
    assert_contains(
        script_failure("conference:lock()"),
        "policy/site.lua:2: conference:lock is not possible in a decision hook: it is for "
        "event hooks and applications; return a verdict here");
    assert_false(conference_is_locked(focus_conference_by_name(script.focus, "demo")));
}

static void a_change_of_quality_comes_with_its_figures(void **state)
{
    struct leg_quality quality = {.grade = "poor",
                                  .before = "good",
                                  .mos = 2.5f,
                                  .loss = 0.25f,
                                  .jitter = 8,
                                  .round_trip = 40};
    struct call *call;

    (void)state;
    script_site("local policy = parley.policy { name = 'site' }\n"
                "function policy.quality(event, _, participant)\n"
                "  assert(event.name == 'quality' and event.quality == 'poor')\n"
                "  assert(event.before == 'good' and event.mos == 2.5)\n"
                "  assert(event.remote_mos == nil and event.loss == 0.25)\n"
                "  assert(event.jitter == 0.008 and event.round_trip == 0.04)\n"
                "  local now = participant:stats()\n"
                "  assert(now.mos == nil and now.quality == nil and now.clipped == 0)\n"
                "  assert(now.remote_lost == 0)\n"
                "  assert(participant:mute())\n"
                "end\n"
                "return policy\n");
    call = world_join(script.focus, "alice", "demo");
    focus_mixing_events()->on_quality(call->user, &quality, script.focus);
    script_turn();
    assert_true(participant_is_muted(participant_of(call)));
    world_hang_up(script.focus, call);
}

static void everybody_can_be_removed_while_they_are_gone_through(void **state)
{
    struct call *calls[5];

    (void)state;
    script_hook("digit", "event, conference",
                "for p in conference:participants() do p:remove() end");
    for (unsigned i = 0; i < 5; i++)
        calls[i] = world_join(script.focus, "alice", "demo");
    press(calls[2], '#');
    for (unsigned i = 0; i < 5; i++) {
        assert_true(calls[i]->ended);
        world_hang_up(script.focus, calls[i]);
    }
}

static void all_but_some_are_removed_each_by_a_decision(void **state)
{
    struct call *calls[5];
    static const char *const users[] = {"alice", "bob", "carol", "dave", "erin"};

    (void)state;
    script_policy(
        "function policy.remove(request)\n"
        "  if request.target.user == 'dave' then return reject(403, 'Not Dave') end\n"
        "end\n"
        "function policy.digit(event, conference, presser)\n"
        "  local gone, why, code = conference:remove_all { except = { presser, 'zoe' } }\n"
        "  assert(gone == nil and why == 'Nobody here is called zoe' and code == 404)\n"
        "  assert(conference:remove_all { role = 'host' }.count == 0)\n"
        "  assert(not pcall(conference.remove_all, conference, { except = 7 }))\n"
        "  assert(not pcall(conference.remove_all, conference, { but = 'zoe' }))\n"
        "  assert(not pcall(conference.remove_all, conference, { role = true }))\n"
        "  local done = conference:remove_all {\n"
        "    except = { presser, 'SIP:bob@example.com' }, reason = 'Thank you all' }\n"
        "  local refused = done.refused\n"
        "  assert(done.count == 2 and #refused == 1 and refused[1].participant.user == 'dave')\n"
        "  assert(refused[1].why == 'Not Dave' and refused[1].code == 403)\n"
        "end\n");
    for (unsigned i = 0; i < 5; i++)
        calls[i] = world_join(script.focus, users[i], "demo");
    press(calls[0], '#');
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(calls[i]->ended, i == 2 || i == 4);
    assert_string_equal(calls[2]->reason, "Thank you all");
    for (unsigned i = 0; i < 5; i++)
        world_hang_up(script.focus, calls[i]);
}

static void commands_work_from_a_coroutine(void **state)
{
    struct call *call;

    (void)state;
    script_policy("function policy.joined(_, conference, participant)\n"
                  "  coroutine.wrap(function() assert(participant:mute()) end)()\n"
                  "end\n"
                  "function policy.mute(request) return accept() end\n");
    call = world_join(script.focus, "alice", "demo");
    script_turn();
    assert_true(participant_is_muted(participant_of(call)));
    world_hang_up(script.focus, call);
}

static void conferences_can_be_found_and_gone_through(void **state)
{
    struct conference_config config = {.name = "other"};

    (void)state;
    assert_int_equal(focus_reserve(script.focus, &config), 0);
    assert_string_equal(script_result("local names = {}\n"
                                      "for c in parley.conferences() do names[#names + 1] = c.name "
                                      "end\n"
                                      "return table.concat(names, ' ') .. "
                                      "tostring(parley.conference('other').name) .. "
                                      "tostring(parley.conference('none')) .. parley.generation"),
                        "demo otherothernil1");
}

static void a_log_line_says_who_wrote_it_about_what(void **state)
{
    struct call *call;

    (void)state;
    script_hook("join", "request, conference",
                "parley.log.error('seen', request.actor.user, nil, 5, true, 'a\\nb')");
    log_catch();
    call = world_dial(script.focus, "alice", "demo");
    assert_contains(log_caught(),
                    "error [demo call1] seen alice nil 5 true a?b (policy/site.lua:2)");
    world_hang_up(script.focus, call);
    script_hook("join", "", "parley.log.debug 'not shown' parley.log.warn 'shown'");
    log_set_level(LOG_LEVEL_WARN);
    log_catch();
    call = world_dial(script.focus, "alice", "demo");
    assert_contains(log_caught(), "warn  [demo call2] shown (policy/site.lua:2)");
    assert_null(strstr(script.log, "not shown"));
    world_hang_up(script.focus, call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(a_conference_has_fields),
        SCRIPT_TEST(a_conference_names_all_policies_that_decide_about_it),
        SCRIPT_TEST(a_participant_has_fields),
        SCRIPT_TEST(one_participant_is_one_handle),
        SCRIPT_TEST(a_slip_in_a_field_is_an_error_with_the_right_name),
        SCRIPT_TEST(handles_of_those_who_left_are_harmless),
        SCRIPT_TEST(handles_of_ended_conferences_are_harmless),
        SCRIPT_TEST(event_hooks_can_act),
        SCRIPT_TEST(a_command_passes_the_policy_and_can_be_refused),
        SCRIPT_TEST(a_decision_hook_must_not_act),
        SCRIPT_TEST(a_change_of_quality_comes_with_its_figures),
        SCRIPT_TEST(everybody_can_be_removed_while_they_are_gone_through),
        SCRIPT_TEST(all_but_some_are_removed_each_by_a_decision),
        SCRIPT_TEST(commands_work_from_a_coroutine),
        SCRIPT_TEST(conferences_can_be_found_and_gone_through),
        SCRIPT_TEST(a_log_line_says_who_wrote_it_about_what),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
