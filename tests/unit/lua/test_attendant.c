/* Applications that attend to who has come into a conference by whatever way. */
#include "tests/unit/lua/call_world.h"

/* "9000" attends to all; `policy` stands in the site's. */
static void attend(const char *policy, const char *body)
{
    char source[4000], functions[1000], path[128];

    (void)snprintf(source, sizeof source,
                   "local tell = parley.log.error return function(call) %s\nend", body);
    script_write("own", source);
    script_path("own", path, sizeof path);
    if (!script.applications)
        script.applications = json_pack("{s:s}", "9000", path);
    (void)snprintf(functions, sizeof functions, "%s\n", policy);
    script_policy(functions);
    focus_set_attendant(script.focus, "9000");
}

static const char *caught_while_pressing(struct call *call, const char *keys)
{
    log_catch();
    press(call, keys);
    return log_caught();
}

static struct call *join(const char *user)
{
    struct call *call = world_join(script.focus, user, "demo");

    script_turn();
    return call;
}

static void leave(struct call *call)
{
    world_hang_up(script.focus, call);
    script_turn();
    assert_int_equal(world.legs, 0);
    assert_int_equal(world.mixes, 0);
}

#define POLICY_KEYS                                                                                \
    "function policy.digit(event, _, p) parley.log.error('policy ' .. event.digit) end"

static void its_keys_and_those_after_them_are_told_to_nobody_else(void **state)
{
    struct call *call;
    const char *log;

    (void)state;
    attend(POLICY_KEYS, "tell('attends to ' .. call.participant.user, call.conference.name) "
                        "while true do assert(call:wait_for { 'digit', keys = '*#' }) "
                        "local next = call:wait_for { 'digit', timeout = 10 } "
                        "tell('own ' .. next.digit) end");
    log_catch();
    call = join("alice");
    assert_contains(log_caught(), "attends to alice demo");
    log = caught_while_pressing(call, "1*6");
    assert_contains(log, "policy 1");
    assert_contains(log, "own 6");
    assert_null(strstr(log, "policy *"));
    assert_null(strstr(log, "policy 6"));
    log = caught_while_pressing(call, "7*8#9");
    assert_contains(log, "policy 7");
    assert_contains(log, "own 8");
    assert_contains(log, "own 9");
    assert_null(strstr(log, "policy 9"));
    log = caught_while_pressing(call, "5");
    assert_contains(log, "policy 5");
    leave(call);
}

static void keys_for_the_conference_answer_no_question_out_of_the_mix(void **state)
{
    struct call *call;

    (void)state;
    attend("function policy.digit(event, _, p) if event.digit == '0' then p:mute() end end",
           "call:wait_for 'muted' call:leave() "
           "tell('answer', call:ask { prompt = 'menu.wav', max = 1, timeout = 60 })");
    call = join("alice");
    press(call, "50"); /* while nobody waits for keys */
    assert_string_equal(world.first_player->file, "menu.wav");
    assert_contains(caught_while_pressing(call, "3"), "answer 3");
    leave(call);
}

static void who_comes_from_another_application_is_attended_to_when_that_is_over(void **state)
{
    struct call *call;

    (void)state;
    script.applications = NULL;
    attend("", "if call.participant then tell 'attends' return call:wait_for 'digit' end "
               "call:answer() call:join(parley.conference 'demo') "
               "tell('key', call:wait_for 'digit')");
    log_catch();
    call = world_dial(script.focus, "alice", "9000");
    up(call);
    assert_null(strstr(log_caught(), "attends"));
    assert_contains(caught_while_pressing(call, "1"), "attends");
    assert_null(strstr(caught_while_pressing(call, "2"), "attends")); /* it has ended */
    leave(call);
}

static void who_is_called_is_attended_to_and_the_policy_has_the_last_word(void **state)
{
    struct call *bob, *carol;
    const char *log;

    (void)state;
    attend("function policy.join(request) "
           "return accept { attendant = request.actor.user == 'carol' and 'none' or 'nobody' } end "
           "function policy.digit(_, conference) conference:invite 'sip:bob@192.0.2.1' end",
           "tell('attends to ' .. call.participant.user)");
    log_catch();
    carol = join("carol");
    press(carol, "1");
    bob = world.last_outgoing;
    focus_signalling_events()->on_established(bob, script.focus);
    script_turn();
    log = log_caught();
    assert_contains(log, "attends to bob");
    assert_null(strstr(log, "carol"));
    world_hang_up(script.focus, carol);
    log_catch();
    carol = join("dave");
    assert_contains(log_caught(), "there is no application \"nobody\"");
    world_hang_up(script.focus, carol);
    leave(bob);
}

static void one_that_fails_is_heard_and_begins_anew_at_the_next_key(void **state)
{
    struct call *call;
    const char *log;

    (void)state;
    attend(POLICY_KEYS, "tell 'begins' local key = call:wait_for { 'digit', keys = '*' } "
                        "call:leave() if call:wait_for 'digit' then error 'a slip' end");
    call = join("alice");
    log = caught_while_pressing(call, "*6");
    assert_contains(log, "a slip");
    assert_contains(log, "the caller stays in the conference");
    assert_string_equal(participant_status(participant_of(call)), "connected");
    assert_non_null(strstr(world.first_player->file, "tone:"));
    assert_int_not_equal(world.first_player->bus, MIX_MAIN);
    log = caught_while_pressing(call, "*");
    assert_contains(log, "begins");
    assert_null(strstr(log, "policy *"));
    assert_string_equal(participant_status(participant_of(call)), "on-hold"); /* it has the key */
    leave(call);
}

static void after_a_reload_who_comes_has_the_new_one(void **state)
{
    struct call *alice, *bob;
    const char *log;

    (void)state;
    attend("", "while call:wait_for { 'digit', keys = '*' } do tell 'old' end");
    alice = join("alice");
    attend("", "while call:wait_for { 'digit', keys = '*' } do tell 'new' end");
    bob = join("bob");
    log = caught_while_pressing(alice, "*");
    assert_contains(log, "old");
    log = caught_while_pressing(bob, "*");
    assert_contains(log, "new");
    world_hang_up(script.focus, alice);
    leave(bob);
}

static void reload_with(const char *attendant)
{
    focus_set_attendant(script.focus, attendant);
    focus_reloaded(script.focus);
    script_turn();
}

static void a_reload_attends_to_who_is_in_and_ends_that(void **state)
{
    struct call *alice, *bob, *carol;
    const char *log;

    (void)state;
    attend("function policy.join(request) if request.actor.user == 'carol' then "
           "return accept { attendant = 'none' } end end " POLICY_KEYS,
           "local me = call.participant.user tell('attends to ' .. me) "
           "call:on_hangup(function() tell(me .. ' is alone') end) "
           "while call:wait_for { 'digit', keys = '*' } do call:leave() "
           "tell('key of ' .. me .. call:wait_for { 'digit' }.digit) end");
    reload_with("");
    log_catch();
    alice = join("alice");
    bob = join("bob");
    carol = join("carol");
    assert_null(strstr(log_caught(), "attends"));
    log_catch();
    reload_with("9000");
    log = log_caught();
    assert_contains(log, "attends to alice");
    assert_contains(log, "attends to bob");
    assert_null(strstr(log, "carol"));
    log_catch();
    reload_with("9000");
    assert_null(strstr(log_caught(), "attends")); /* as before: it goes on */
    press(alice, "*");
    assert_string_equal(participant_status(participant_of(alice)), "on-hold");
    log_catch();
    reload_with("none");
    log = log_caught();
    assert_contains(log, "alice is alone");
    assert_contains(log, "bob is alone");
    assert_string_equal(participant_status(participant_of(alice)), "connected");
    log = caught_while_pressing(alice, "*6");
    assert_contains(log, "policy *");
    assert_null(strstr(log, "key of"));
    reload_with("9000");
    assert_contains(caught_while_pressing(alice, "*6"), "key of alice6");
    world_hang_up(script.focus, alice);
    world_hang_up(script.focus, bob);
    leave(carol);
}

/* With scripts/attendant.lua, by a clock that stands until a test moves it. */
static int begin_with_names(void **state)
{
    struct loop *loop;

    (void)state;
    assert_int_equal(loop_create_virtual(1700000000, &loop), 0);
    assert_int_equal(script_begin(loop), 0);
    script.applications = json_pack("{s:{s:s, s:{s:s}}}", "attendant", "script", "attendant",
                                    "options", "names", "record");
    script_policy("");
    return 0;
}

static bool is_asked_for_a_name(const struct call *call)
{
    loop_advance(script.loop, 100);
    return strcmp(participant_status(participant_of(call)), "on-hold") == 0;
}

static void who_was_in_long_before_a_reload_is_not_asked_for_a_name(void **state)
{
    struct call *alice = world_join(script.focus, "alice", "demo"), *bob;

    (void)state;
    loop_advance(script.loop, 61000);
    bob = world_join(script.focus, "bob", "demo");
    focus_set_attendant(script.focus, "attendant");
    focus_reloaded(script.focus);
    assert_false(is_asked_for_a_name(alice));
    assert_true(is_asked_for_a_name(bob));
    for (const char *key = "*6"; *key; key++)
        focus_mixing_events()->on_digit(alice->user, *key, 100, script.focus);
    loop_advance(script.loop, 100);
    assert_true(participant_is_muted(participant_of(alice)));
    world_hang_up(script.focus, alice);
    world_hang_up(script.focus, bob);
    loop_advance(script.loop, 100);
}

static void who_takes_over_has_its_keys_and_the_name(void **state)
{
    struct named_dialog names = {.is_replaced = true};
    struct call *alice, *bob;
    const char *log;

    (void)state;
    attend("function policy.replace() return accept() end",
           "local me = call.participant "
           "tell('attends to ' .. me.user, me.spoken_name) "
           "me:set_spoken_name 'recording:alice.wav' "
           "call:on_hangup(function() tell('gone is ' .. me.user) end) "
           "while call:wait_for { 'digit', keys = '*' } do tell('key of ' .. me.user) end");
    alice = names.call = join("alice");
    bob = world_call_from("bob", "demo", "127.0.0.1");
    bob->info.names = &names;
    focus_signalling_events()->on_incoming(bob, script.focus);
    bob->info.names = NULL;
    log_catch();
    world_session(script.focus, bob, STREAM_SENDRECV, false);
    focus_signalling_events()->on_established(bob, script.focus);
    script_turn();
    log = log_caught();
    assert_contains(log, "attends to bob recording:alice.wav");
    assert_contains(log, "gone is alice");
    assert_contains(caught_while_pressing(bob, "*"), "key of bob");
    world_hang_up(script.focus, alice);
    leave(bob);
}

static void in_a_sidebar_it_goes_on(void **state)
{
    struct call *call;
    const char *log;

    (void)state;
    attend("function policy.digit(_, demo, p) demo:sidebar { title = 'Aside' }:bring(p) end",
           "while call:wait_for { 'digit', keys = '*' } do "
           "tell(call.conference.title, call.participant.main) call:leave() "
           "tell(call:ask { prompt = 'menu.wav', max = 1, timeout = 60 }) call:rejoin() "
           "tell(call.participant.status) end");
    call = join("alice");
    press(call, "1");
    log = caught_while_pressing(call, "*4");
    assert_contains(log, "Aside participant sip:alice");
    assert_contains(log, "4");
    assert_contains(log, "connected");
    leave(call);
}

static void a_spoken_name_is_given_and_goes_along_to_another_phone(void **state)
{
    struct call *call;

    (void)state;
    attend("function policy.join() return accept { spoken_name = 'given.wav' } end",
           "local me = call.participant tell(me.spoken_name) me:rename 'Alice' "
           "tell(me:set_spoken_name 'recording:own.wav', me.spoken_name, me.display_name) "
           "tell(me:set_spoken_name '', me.spoken_name, me.display_name) "
           "tell(pcall(me.set_spoken_name, me, '/etc/passwd'))");
    log_catch();
    call = join("alice");
    log_caught();
    assert_contains(script.log, "given.wav");
    assert_contains(script.log, "true recording:own.wav Alice");
    assert_contains(script.log, "true nil Alice");
    assert_contains(script.log, "set_spoken_name: the file must lie in the config's directory");
    leave(call);
}

static void what_it_waits_for_is_checked(void **state)
{
    struct call *call;

    (void)state;
    attend("", "tell(pcall(call.wait_for, call, { 'muted', keys = '*' })) "
               "tell(pcall(call.wait_for, call, { 'digit', keys = 'x' })) "
               "tell(pcall(call.conference.wait_for, call.conference, { 'joined', keys = '*' }))");
    log_catch();
    call = join("alice");
    log_caught();
    assert_contains(script.log, "keys are those of the event \"digit\", which is not named");
    assert_contains(script.log, "wait_for: keys must be keys, as in \"*#\"");
    assert_contains(script.log, "wait_for: unknown key 'keys'");
    leave(call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(its_keys_and_those_after_them_are_told_to_nobody_else),
        SCRIPT_TEST(keys_for_the_conference_answer_no_question_out_of_the_mix),
        SCRIPT_TEST(who_comes_from_another_application_is_attended_to_when_that_is_over),
        SCRIPT_TEST(who_is_called_is_attended_to_and_the_policy_has_the_last_word),
        SCRIPT_TEST(one_that_fails_is_heard_and_begins_anew_at_the_next_key),
        SCRIPT_TEST(after_a_reload_who_comes_has_the_new_one),
        SCRIPT_TEST(a_reload_attends_to_who_is_in_and_ends_that),
        cmocka_unit_test_setup_teardown(who_was_in_long_before_a_reload_is_not_asked_for_a_name,
                                        begin_with_names, script_teardown),
        SCRIPT_TEST(who_takes_over_has_its_keys_and_the_name),
        SCRIPT_TEST(in_a_sidebar_it_goes_on),
        SCRIPT_TEST(a_spoken_name_is_given_and_goes_along_to_another_phone),
        SCRIPT_TEST(what_it_waits_for_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
