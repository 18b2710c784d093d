/* conference:invite, its hooks and its events, as scripts see them. */
#include "tests/unit/lua/script_world.h"

/* Runs `body` once alice has joined, with her conference; returns what was logged. */
static const char *joined(const char *body, struct call **callp)
{
    const char *log;

    script_hook("joined", "_, conference", body);
    *callp = world_join(script.focus, "alice", "demo");
    log_catch();
    script_turn();
    log = log_caught();
    return log;
}

static void a_script_invites_and_gets_the_participant(void **state)
{
    struct call *alice, *bob;
    const char *log =
        joined("if conference.count > 1 then return end\n"
               "local p = conference:invite('sip:bob@example.com', { role = 'guest', muted = true,"
               "  timeout = 30, name = 'Bob' })\n"
               "parley.log.error('got', p.user, p.role, p.muted, p.display_name, p.status,"
               "  p.joined_at, conference.count)",
               &alice);

    (void)state;
    assert_contains(log, "got bob guest true Bob dialing-out nil 1 ");
    bob = world.last_outgoing;
    assert_true(bob->invited);
    world_hang_up(script.focus, bob);
    world_hang_up(script.focus, alice);
}

/* Whatever the hook may say, with the conference's sound for what is left open. */
static void an_invite_says_how_the_call_is_to_sound(void **state)
{
    struct sound_config sound = {.voice = {.agc = true, .denoise = true}, .hold_music = ""};
    struct conference_config config = {.name = "demo", .sound = &sound};
    const struct leg *leg;
    struct call *alice;

    (void)state;
    assert_int_equal(focus_reserve(script.focus, &config), 0);
    (void)joined("if conference.count > 1 then return end\n"
                 "conference:invite('sip:bob@example.com', { agc = false, vad = true, hears = 3 })",
                 &alice);
    leg = world_leg_of(world.last_outgoing->user);
    assert_true(!leg->voice.agc && leg->voice.denoise && leg->voice.vad);
    assert_true(participant_hears(participant_of(world.last_outgoing)) == 3);
    assert_true(participant_speaks(participant_of(world.last_outgoing)) == 0);
    world_hang_up(script.focus, world.last_outgoing);
    world_hang_up(script.focus, alice);
}

static void an_invite_says_on_whose_behalf_and_by_which_way(void **state)
{
    struct call *alice;
    const char *log =
        joined("if conference.count > 1 then return end\n"
               "conference:invite('sip:bob@example.com', { referred_by = 'sip:alice@x' })\n"
               "parley.log.error('asked', conference:invite('sip:carol@example.com',"
               "  { by_refer = true, timeout = 5 }))",
               &alice);

    (void)state;
    assert_contains(log, "asked true ");
    assert_string_equal(world.last_outgoing->referred_by, "<sip:alice@x>");
    assert_string_equal(world.refer_target, "sip:carol@example.com");
    assert_string_equal(world.refer_by, "");
    assert_int_equal(world.refer.timeout, 5000);
    assert_null(world.refer.referral);
    world_hang_up(script.focus, world.last_outgoing);
    world_hang_up(script.focus, alice);
}

static void what_fails_is_nil_code_and_text(void **state)
{
    struct call *alice;
    const char *log =
        joined("parley.log.error('same', conference:invite 'sip:alice@example.com')", &alice);

    (void)state;
    assert_contains(log, "same nil already in 486 ");
    world_hang_up(script.focus, world.last_outgoing);
    world_hang_up(script.focus, alice);
}

static void slips_in_the_arguments_are_errors(void **state)
{
    static const struct {
        const char *call, *error;
    } cases[] = {
        {"conference:invite()", "invite: the URI must be a text"},
        {"conference:invite('sip:a@b', 'x')", "table expected"},
        {"conference:invite('sip:a@b', { timeouts = 3 })", "did you mean 'timeout'"},
        {"conference:invite('sip:a@b', { timeout = 0 })", "seconds, from 1 to 600 s"},
        {"conference:invite('sip:a@b', { timeout = 1e9 })", "seconds, from 1 to 600 s"},
        {"conference:invite('sip:a@b', { timeout = 'x' })", "seconds, from 1 to 600 s"},
        {"conference:invite('sip:a@b', { confirm = 1 })", "confirm must be a text"},
        {"conference:invite('sip:a@b', { muted = 1 })", "muted must be true or false"},
        {"conference:invite('sip:a@b', { role = 1 })", "role must be a text"},
        {"conference:invite('sip:a@b', { name = 'a\\nb' })", "control characters"},
        {"conference:invite('sip:a@b', { by_refer = 1 })", "by_refer must be true or false"},
        {"conference:invite('sip:a@b', { referred_by = 'a' })", "must be a SIP URI"},
        {"conference:invite('sip:a@b', { referred_by = 'sip:a>;x' })", "must be a SIP URI"},
        {"conference:invite('sip:a@b', { 'x' })", "a key must be a name, not a number"},
        {"conference:invite('sip:a@b', { hear = 3 })", "did you mean 'hears'"},
        {"conference:invite('sip:a@b', { hears = 99 })", "hears must be a number from -60 to 12"},
        {"conference:invite('sip:a@b', { title = 'x' })", "unknown key 'title'"},
        {"conference:invite(('x'):rep(700))", "at most 599 bytes"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct call *alice;

        assert_contains(joined(cases[i].call, &alice), cases[i].error);
        assert_null(world.last_outgoing);
        world_hang_up(script.focus, alice);
        script_turn();
    }
}

static void a_decision_hook_cannot_invite(void **state)
{
    (void)state;
    assert_contains(script_failure("conference:invite 'sip:bob@example.com'"),
                    "conference:invite is not possible in a decision hook");
    assert_null(world.last_outgoing);
}

static void the_invite_hook_sees_whom_and_by_whom(void **state)
{
    struct call *alice;

    (void)state;
    script_site("local policy = parley.policy { name = 'site' }\n"
                "function policy.invite(request, conference)\n"
                "  parley.log.error('asked', request.uri, request.name, request.actor.kind,"
                "    request.params.role, request.params.muted, conference.name)\n"
                "  return accept { role = 'host', muted = false }\n"
                "end\n"
                "function policy.joined(_, conference)\n"
                "  conference:invite('sip:bob@example.com', { name = 'Bob', muted = true })\n"
                "end\n"
                "return policy\n");
    alice = world_join(script.focus, "alice", "demo");
    log_catch();
    script_turn();
    assert_contains(log_caught(), "asked sip:bob@example.com Bob script participant true demo ");
    assert_string_equal(participant_role(participant_of(world.last_outgoing)), "host");
    assert_false(participant_is_muted(participant_of(world.last_outgoing)));
    world_hang_up(script.focus, world.last_outgoing);
    world_hang_up(script.focus, alice);
}

static void a_failing_invite_hook_invites_nobody(void **state)
{
    struct call *alice;

    (void)state;
    script_site("local policy = parley.policy { name = 'site' }\n"
                "function policy.invite() error 'oops' end\n"
                "function policy.joined(_, conference)\n"
                "  parley.log.error('said', conference:invite 'sip:bob@example.com')\n"
                "end\n"
                "return policy\n");
    alice = world_join(script.focus, "alice", "demo");
    log_catch();
    script_turn();
    assert_contains(log_caught(), "said nil Policy error 500 ");
    assert_null(world.last_outgoing);
    world_hang_up(script.focus, alice);
}

static void the_events_of_a_call_have_code_and_reason(void **state)
{
    struct call *alice;
    const char *log;

    (void)state;
    script_site("local policy = parley.policy { name = 'site' }\n"
                "local function tell(event, conference, p)\n"
                "  parley.log.error(event.name, p.user, p.status, event.code, event.reason)\n"
                "end\n"
                "policy.dialing, policy.alerting, policy.failed = tell, tell, tell\n"
                "policy.left = tell\n"
                "function policy.joined(_, conference)\n"
                "  conference:invite 'sip:bob@example.com'\n"
                "end\n"
                "return policy\n");
    alice = world_join(script.focus, "alice", "demo");
    log_catch();
    script_turn();
    focus_signalling_events()->on_progress(world.last_outgoing, 180, "Ringing", script.focus);
    script_turn();
    focus_signalling_events()->on_ended(world.last_outgoing, 603, "Decline", script.focus);
    phone_free(world.last_outgoing);
    world_hang_up(script.focus, alice);
    script_turn();
    log = log_caught();
    assert_contains(log, "dialing bob dialing-out nil nil ");
    assert_contains(log, "alerting bob alerting nil nil ");
    assert_contains(log, "failed bob disconnected 603 Decline ");
    assert_contains(log, "left alice disconnected 0 hung up ");
}

/* Whoever invites: the hook has the last word, and sees what was wished. */
static void a_policy_has_whom_others_call_confirm(void **state)
{
    struct call *alice;
    const char *log;

    (void)state;
    script_site("local policy = parley.policy { name = 'site' }\n"
                "function policy.invite(request)\n"
                "  parley.log.error('confirm', request.params.confirm)\n"
                "  return accept { confirm = { 'welcome', 'again' } }\n"
                "end\n"
                "function policy.asked(event, _, p) parley.log.error(event.name, p.user) end\n"
                "function policy.joined(_, conference, p)\n"
                "  if p.user ~= 'alice' then return end\n"
                "  conference:invite 'sip:bob@example.com'\n"
                "end\n"
                "return policy\n");
    alice = world_join(script.focus, "alice", "demo");
    log_catch();
    script_turn();
    focus_signalling_events()->on_established(world.last_outgoing, script.focus);
    script_turn();
    log = log_caught();
    assert_contains(log, "confirm false ");
    assert_contains(log, "asked bob ");
    assert_string_equal(world.first_player->file, "welcome\nagain");
    world_hang_up(script.focus, world.last_outgoing);
    world_hang_up(script.focus, alice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(a_script_invites_and_gets_the_participant),
        SCRIPT_TEST(an_invite_says_how_the_call_is_to_sound),
        SCRIPT_TEST(an_invite_says_on_whose_behalf_and_by_which_way),
        SCRIPT_TEST(what_fails_is_nil_code_and_text),
        SCRIPT_TEST(slips_in_the_arguments_are_errors),
        SCRIPT_TEST(a_decision_hook_cannot_invite),
        SCRIPT_TEST(the_invite_hook_sees_whom_and_by_whom),
        SCRIPT_TEST(a_failing_invite_hook_invites_nobody),
        SCRIPT_TEST(the_events_of_a_call_have_code_and_reason),
        SCRIPT_TEST(a_policy_has_whom_others_call_confirm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
