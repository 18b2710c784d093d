/* What participants are in their conference, as scripts see and change it. */
#include "tests/unit/lua/script_world.h"

static void press(const struct call *call, char key)
{
    focus_mixing_events()->on_digit(call->user, key, 100, script.focus);
    script_turn();
}

static bool is_heard(const struct call *call)
{
    return world_leg_of(call->user)->route.speaks[MIX_MAIN] > GAIN_OFF;
}

static void a_role_is_changed_and_told_with_the_one_before(void **state)
{
    struct call *alice;

    (void)state;
    script_policy("function policy.digit(_, _, participant)\n"
                  "  assert(participant:set_role 'host')\n"
                  "end\n"
                  "function policy.role_changed(event, conference, participant)\n"
                  "  assert(event.before == 'participant' and participant.role == 'host')\n"
                  "  assert(conference:count_role 'host' == 1)\n"
                  "  for p in conference:participants 'host' do p:rename 'The host' end\n"
                  "  for p in conference:participants 'guest' do p:rename 'A guest' end\n"
                  "end\n"
                  "function policy.renamed(event, _, participant)\n"
                  "  participant:set_role(event.before .. participant.display_name)\n"
                  "end\n");
    alice = world_join(script.focus, "alice", "demo");
    press(alice, '1');
    assert_string_equal(participant_display_name(participant_of(alice)), "The host");
    assert_string_equal(participant_role(participant_of(alice)), "The host");
    world_hang_up(script.focus, alice);
}

static void who_asks_for_the_floor_asks_as_itself(void **state)
{
    struct call *alice, *bob;

    (void)state;
    script_policy("function policy.floor(request, conference)\n"
                  "  if request.actor.kind ~= 'caller' then return end\n"
                  "  assert(request.actor.participant == request.target)\n"
                  "  assert(request.params.floor)\n"
                  "  for holder in conference:floor() do\n"
                  "    return reject(486, holder.user .. ' has it')\n"
                  "  end\n"
                  "  return accept()\n"
                  "end\n"
                  "function policy.digit(event, _, participant)\n"
                  "  if event.digit == '0' then return assert(participant:take_floor()) end\n"
                  "  if event.digit == '9' then return assert(participant:give_floor()) end\n"
                  "  local ok, why, code = participant:ask_for_floor()\n"
                  "  participant:rename(tostring(ok) .. tostring(code) .. tostring(why))\n"
                  "end\n"
                  "function policy.floor_changed(event, _, participant)\n"
                  "  assert(event.on == participant.has_floor)\n"
                  "  participant:set_role(event.on and 'speaker' or 'listener')\n"
                  "end\n");
    alice = world_join(script.focus, "alice", "demo");
    bob = world_join(script.focus, "bob", "demo");
    press(alice, '1');
    assert_true(participant_has_floor(participant_of(alice)));
    assert_string_equal(participant_role(participant_of(alice)), "speaker");
    press(bob, '1');
    assert_string_equal(participant_display_name(participant_of(bob)), "nil486alice has it");
    press(bob, '9');
    assert_true(participant_has_floor(participant_of(bob)));
    press(bob, '0');
    press(alice, '0');
    assert_string_equal(participant_role(participant_of(alice)), "listener");
    press(bob, '1');
    assert_true(participant_has_floor(participant_of(bob)));
    world_hang_up(script.focus, bob);
    press(alice, '1'); /* the floor went with its holder */
    assert_true(participant_has_floor(participant_of(alice)));
    world_hang_up(script.focus, alice);
}

static void a_stranger_is_not_given_the_floor_by_default(void **state)
{
    struct call *alice;

    (void)state;
    script_policy("function policy.digit(_, _, participant)\n"
                  "  local _, _, code = participant:ask_for_floor()\n"
                  "  participant:rename(tostring(code))\n"
                  "end\n");
    alice = world_join(script.focus, "alice", "demo");
    press(alice, '1');
    assert_false(participant_has_floor(participant_of(alice)));
    assert_string_equal(participant_display_name(participant_of(alice)), "401");
    world_hang_up(script.focus, alice);
}

static void who_may_not_speak_is_not_unmuted_but_permitted(void **state)
{
    struct call *alice;

    (void)state;
    script_policy("function policy.join(request)\n"
                  "  assert(request.params.may_speak and not request.params.floor)\n"
                  "  return accept { may_speak = false, display_name = 'Hall', floor = true }\n"
                  "end\n"
                  "function policy.digit(event, _, participant)\n"
                  "  assert(participant.has_floor and participant.display_name == 'Hall')\n"
                  "  if event.digit == '1' then\n"
                  "    local _, why, code = participant:unmute()\n"
                  "    participant:set_role(code .. why)\n"
                  "  else\n"
                  "    participant:permit { may_speak = event.digit == '2' }\n"
                  "  end\n"
                  "end\n"
                  "function policy.permitted(event, _, participant)\n"
                  "  assert(event.on == participant.may_speak and not participant.muted)\n"
                  "end\n");
    alice = world_join(script.focus, "alice", "demo");
    assert_false(is_heard(alice));
    assert_false(participant_is_muted(participant_of(alice)));
    press(alice, '1');
    assert_string_equal(participant_role(participant_of(alice)), "403May only listen");
    press(alice, '2');
    assert_true(is_heard(alice));
    press(alice, '3');
    assert_false(is_heard(alice));
    world_hang_up(script.focus, alice);
}

static void misuse_is_an_error_that_says_how(void **state)
{
    struct call *alice;
    const char *log;

    (void)state;
    script_policy("function policy.joined(_, _, participant) participant:permit {} end\n"
                  "function policy.digit(_, _, participant) participant:set_role(1) end\n");
    log_catch();
    alice = world_join(script.focus, "alice", "demo");
    script_turn();
    press(alice, '1');
    log = log_caught();
    assert_contains(log, "policy/site.lua:2: permit: say what, as in permit { may_speak = true }");
    assert_contains(log, "policy/site.lua:3: set_role: the role must be a text, not a number");
    world_hang_up(script.focus, alice);
    assert_contains(script_failure("return request.actor.participant or"
                                   " conference:count_role()"),
                    "bad argument #1 to 'count_role' (string expected, got no value)");
}

static void the_hooks_of_what_somebody_is_decide(void **state)
{
    struct call *alice;

    (void)state;
    script_policy("function policy.rename() return accept { display_name = 'A guest' } end\n"
                  "function policy.permit(request)\n"
                  "  return request.params.may_speak and accept() or reject(403, 'Let them')\n"
                  "end\n"
                  "function policy.enhance(request)\n"
                  "  assert(request.params.agc and not request.params.vad)\n"
                  "  return accept { agc = false, vad = true }\n"
                  "end\n"
                  "function policy.digit(_, _, participant)\n"
                  "  assert(participant:rename 'The host')\n"
                  "  assert(participant:enhance { agc = true })\n"
                  "  local _, why, code = participant:permit { may_speak = false }\n"
                  "  participant:set_role(code .. why)\n"
                  "  assert(participant.vad and not participant.agc)\n"
                  "end\n");
    alice = world_join(script.focus, "alice", "demo");
    press(alice, '1');
    assert_string_equal(participant_display_name(participant_of(alice)), "A guest");
    assert_string_equal(participant_role(participant_of(alice)), "403Let them");
    world_hang_up(script.focus, alice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(a_role_is_changed_and_told_with_the_one_before),
        SCRIPT_TEST(who_asks_for_the_floor_asks_as_itself),
        SCRIPT_TEST(a_stranger_is_not_given_the_floor_by_default),
        SCRIPT_TEST(who_may_not_speak_is_not_unmuted_but_permitted),
        SCRIPT_TEST(the_hooks_of_what_somebody_is_decide),
        SCRIPT_TEST(misuse_is_an_error_that_says_how),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
