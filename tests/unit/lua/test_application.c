/* Applications: coroutines that talk with a caller, keys and prompts from the fake world. */
#include "tests/unit/lua/call_world.h"

#define SAY(question) "local keys, why = call:ask " question " call:hangup(keys or 'no: ' .. why)"

static void keys_are_collected_up_to_max_or_the_terminator(void **state)
{
    struct call *call = talk(SAY("{ max = 3, timeout = 60 }"));

    (void)state;
    up(call);
    press(call, "12");
    assert_false(call->ended);
    press(call, "3");
    assert_said(call, "123");
    call = talk(SAY("{ min = 2, terminator = '*', timeout = 60 }"));
    up(call);
    press(call, "1#2*9");
    assert_said(call, "1#2");
}

static void who_presses_too_little_is_asked_again_and_then_no_more(void **state)
{
    struct call *call = talk(SAY("{ prompt = 'a.wav', min = 3, retries = 1, timeout = 0.02 }"));

    (void)state;
    up(call);
    assert_int_equal(world.plays, 1);
    press(call, "1#");
    assert_int_equal(world.plays, 2);
    press(call, "12");
    assert_said(call, "no: short");
    call = talk(SAY("{ timeout = 0.02 }"));
    up(call);
    assert_said(call, "no: timeout");
}

static void time_runs_from_the_end_of_the_prompt_on(void **state)
{
    struct call *call = talk(SAY("{ prompt = 'a.wav', timeout = 0.01 }"));

    (void)state;
    up(call);
    assert_string_equal(world.first_player->file, "a.wav");
    for (unsigned i = 0; i < 5; i++) {
        struct timespec pause = {.tv_nsec = 10 * 1000000};

        (void)nanosleep(&pause, NULL);
        script_turn();
    }
    assert_false(call->ended);
    world_played(script.focus, world.first_player, NULL);
    assert_said(call, "no: timeout");
}

static void keys_pressed_ahead_are_taken_and_cut_prompts_short(void **state)
{
    struct call *call = talk("call:sleep(0.02) local _, key = call:play 'a.wav' "
                             "local first = call:ask { prompt = 'b.wav', max = 2 } "
                             "local second = call:ask { prompt = 'c.wav', max = 1 } "
                             "call:hangup(key .. ' ' .. first .. ' ' .. second)");

    (void)state;
    up(call);
    press(call, "1234");
    assert_said(call, "1 12 3");
    assert_int_equal(world.plays, 0);
    call = talk("local _, key = call:play 'a.wav' call:hangup(key)");
    up(call);
    assert_int_equal(world.plays, 1);
    press(call, "7");
    assert_said(call, "7");
}

/* What plays is over; the next has begun. */
static void play_on(const char *file)
{
    world_played(script.focus, world.first_player, NULL);
    script_turn();
    assert_string_equal(world.first_player->file, file);
}

static void files_play_one_after_the_other_as_often_as_is_said(void **state)
{
    struct call *call =
        talk("call:hangup(tostring(call:play { 'a.wav', 'b.wav', times = 2, gain = -6 }))");

    (void)state;
    up(call);
    assert_string_equal(world.first_player->file, "a.wav\nb.wav");
    assert_true(world.first_player->gain == -6);
    play_on("a.wav\nb.wav");
    assert_int_equal(world.plays, 2);
    world_played(script.focus, world.first_player, NULL);
    assert_said(call, "true");
    call = talk("call:hangup(select(2, call:play({ 'a.wav', 'b.wav' }, { times = 2 })))");
    up(call);
    world_played(script.focus, world.first_player, "a.wav: No such file");
    assert_said(call, "a.wav: No such file");
}

static void what_is_said_is_prompts_numbers_and_files_in_one_go(void **state)
{
    struct call *call;

    (void)state;
    call = talk("local _, key = call:say('your-pin-is', digits '47', 'x.wav', { number(21) }) "
                "call:ask { prompt = { 'pin', money(1, 'EUR') }, max = 1 } "
                "call:hangup(key)");
    up(call);
    assert_string_equal(world.first_player->file, "your-pin-is\n4\n7\nx.wav\n20\n1");
    press(call, "5");
    assert_said(call, "5");
    call = talk("call:ask { prompt = { 'pin', money(1, 'EUR') }, max = 1 } call:hangup 'b'");
    up(call);
    assert_string_equal(world.first_player->file, "pin\n1\neuro");
    press(call, "5");
    assert_said(call, "b");
}

static void what_cannot_be_said_is_an_error(void **state)
{
    static const char *const cases[][2] = {
        {"call:say()", "say: there is nothing to be said"},
        {"call:say(money(1, 'XYZ'))", "money: the currency 'XYZ' has no name in English"},
        {"call:say(12)", "say: argument 1 must be a text, not a number"},
        {"local l = {} l[1] = l call:say('a', l)", "say: argument 2 must be a text, not a table"},
        {"call:say(ordinal(32))", "ordinal: ordinals are known up to 31"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[256];
        struct call *call;

        (void)snprintf(body, sizeof body,
                       "local ok, why = pcall(function() %s end) call:hangup(why:match ':1: (.*)')",
                       cases[i][0]);
        call = talk(body);
        up(call);
        assert_said(call, cases[i][1]);
    }
}

static void only_the_keys_that_are_named_end_what_plays(void **state)
{
    struct call *call = talk("local _, key = call:play('a.wav', { stop_keys = '#' }) "
                             "local keys = call:ask { max = 4 } "
                             "local whole = call:play('b.wav', { stop_keys = '' }) "
                             "call:hangup(key .. keys .. tostring(whole))");

    (void)state;
    up(call);
    press(call, "12");
    assert_int_equal(world.plays, 1);
    assert_false(world.first_player->stopped);
    press(call, "#");
    assert_string_equal(world.first_player->file, "b.wav");
    press(call, "#9");
    assert_false(world.first_player->stopped);
    world_played(script.focus, world.first_player, NULL);
    assert_said(call, "#12true");
}

/* In one turn of the loop a key is pressed, and what plays is over by itself. */
static void the_end_of_one_file_does_not_end_the_next(void **state)
{
    struct call *call = talk("call:play 'a.wav' call:ask { max = 1 } call:play 'b.wav' "
                             "call:hangup('b')");
    struct player *first;

    (void)state;
    up(call);
    first = world.first_player;
    focus_mixing_events()->on_digit(call->user, '1', 100, script.focus);
    focus_mixing_events()->on_played(first->user, NULL, script.focus);
    script_turn();
    assert_string_equal(world.first_player->file, "b.wav");
    assert_false(call->ended);
    world_played(script.focus, world.first_player, NULL);
    assert_said(call, "b");
}

static void a_question_may_be_heard_to_its_end_first(void **state)
{
    struct call *call = talk("call:sleep(0.01) " SAY("{ prompt = { 'a.wav', 'b.wav' }, max = 1, "
                                                     "barge_in = false, timeout = 60 }"));

    (void)state;
    up(call);
    press(call, "1");
    while (world.plays == 0)
        (void)event_base_loop(loop_base(script.loop), EVLOOP_ONCE);
    press(call, "2");
    assert_false(world.first_player->stopped);
    world_played(script.focus, world.first_player, NULL);
    script_turn();
    assert_false(call->ended);
    press(call, "4");
    assert_said(call, "4");
}

static void answers_are_checked_and_what_was_wrong_is_said(void **state)
{
    struct call *call =
        talk(SAY("{ prompt = 'a.wav', invalid = 'no.wav', silence = { 'hm.wav' }, retries = 2, max "
                 "= 2, timeout = 0.02, valid = function(keys) return keys == '42' end }"));

    (void)state;
    up(call);
    press(call, "41");
    assert_string_equal(world.first_player->file, "no.wav\na.wav");
    world_played(script.focus, world.first_player, NULL);
    while (world.plays == 2)
        (void)event_base_loop(loop_base(script.loop), EVLOOP_ONCE);
    assert_string_equal(world.first_player->file, "hm.wav\na.wav");
    press(call, "42");
    assert_said(call, "42");
    call = talk(SAY("{ valid = '^[1-5]$', max = 1 }"));
    up(call);
    press(call, "6");
    assert_said(call, "no: invalid");
}

static void the_first_key_may_take_longer_than_the_next(void **state)
{
    struct call *call = talk(SAY("{ min = 2, timeout = 60, pause = 0.01 }"));

    (void)state;
    up(call);
    press(call, "1");
    assert_said(call, "no: short");
}

static void hanging_up_closes_what_is_open_and_frees_the_generation(void **state)
{
    struct call *call = talk("local open <close> = setmetatable({}, { __close = function() "
                             "parley.log.error('closed') end }) "
                             "call:on_hangup(function() parley.log.error('told') end) "
                             "call:sleep(60)");
    const char *log;

    (void)state;
    up(call);
    script_site("return parley.policy { name = 'site' }"); /* the next generation */
    log_catch();
    world_hang_up(script.focus, call);
    script_turn();
    log = log_caught();
    assert_contains(log, "closed");
    assert_contains(strstr(log, "closed"), "told");
    assert_int_equal(focus_call_count(script.focus), 0);
}

static void an_error_is_heard_and_tells_its_place(void **state)
{
    struct call *call = talk("\nlocal n = nil + 1");
    const char *log;

    (void)state;
    log_catch();
    up(call);
    log = log_caught();
    assert_contains(log, "own.lua:2: attempt to perform arithmetic on a nil value");
    assert_contains(log, "application 9000, call ");
    assert_memory_equal(world.first_player->file, "tone:", 5);
    press(call, "1"); /* to nobody */
    world_played(script.focus, world.first_player, NULL);
    assert_said(call, "Application error");
}

/* The prompt that the key has stopped fades while the tone of the failure has begun. */
static void an_error_after_a_key_is_heard_to_its_end(void **state)
{
    struct call *call = talk("call:play 'a.wav' error('no')");

    (void)state;
    log_catch();
    up(call);
    press(call, "1");
    (void)log_caught();
    assert_int_equal(world.plays, 2);
    world_played(script.focus, world.first_player->next, NULL);
    assert_false(call->ended);
    assert_memory_equal(world.first_player->file, "tone:", 5);
    world_played(script.focus, world.first_player, NULL);
    assert_said(call, "Application error");
}

/* In one turn of the loop: the caller is gone, and nobody is left to play the prompt to. */
static void time_that_is_over_when_the_caller_hangs_up_asks_nobody(void **state)
{
    struct call *call = talk(SAY("{ prompt = 'a.wav', retries = 3, timeout = 0.01 }"));
    const struct timespec pause = {.tv_nsec = 20 * 1000000};

    (void)state;
    up(call);
    world_played(script.focus, world.first_player, NULL);
    script_turn();
    (void)nanosleep(&pause, NULL);
    world_hang_up(script.focus, call);
    script_turn();
    assert_int_equal(world.plays, 1);
    assert_int_equal(focus_call_count(script.focus), 0);
    assert_int_equal(world.mixes, 0);
}

static void what_is_closed_by_a_hang_up_has_a_budget_too(void **state)
{
    struct call *call = talk("local open <close> = setmetatable({}, { __close = function() "
                             "while true do end end }) "
                             "call:on_hangup(function() pcall(function() while true do end end) "
                             "parley.log.error('never') end) "
                             "call:sleep(60)");
    const char *log;

    (void)state;
    up(call);
    log_catch();
    world_hang_up(script.focus, call);
    script_turn();
    log = log_caught();
    assert_contains(log, "stopped after");
    assert_null(strstr(log, "never"));
}

static void create_makes_a_conference_with_options_that_its_policy_knows(void **state)
{
    struct call *call;

    (void)state;
    script_write("other", "local policy = parley.policy { name = 'other', options = { pin = { "
                          "type = 'string', default = '' } } }\n"
                          "function policy.join(request, conference) "
                          "return reject(499, conference.title .. conference.options.pin) end\n"
                          "return policy");
    call =
        talk("local bad, why = pcall(parley.create, { policy = 'other', options = { pim = 1 } }) "
             "assert(not bad and why:find('pim'), why) "
             "bad, why = pcall(parley.create, { polcy = 'other' }) "
             "assert(not bad and why:find('polcy'), why) "
             "bad, why = pcall(parley.create, { options = { f = print } }) "
             "assert(not bad and why:find('options.f:'), why) "
             "local c = parley.create { policy = 'other', title = 'T', options = { pin = '47' } } "
             "local ok, text, code = call:join(c) "
             "call:hangup(tostring(ok) .. code .. text)");
    up(call);
    assert_said(call, "nil499T47");
}

static void joining_hands_over_call_and_leg(void **state)
{
    struct call *call =
        talk("call:join(parley.conference 'demo', { role = 'host', muted = true })");
    const struct leg *leg = world.first_leg;
    struct participant *participant;

    (void)state;
    up(call);
    participant = participant_of(call);
    assert_string_equal(participant_role(participant), "host");
    assert_true(participant_is_muted(participant) && participant_has_joined(participant));
    assert_int_equal(call->updates, 1);
    assert_true(call->answer.is_focus);
    assert_string_equal(call->answer.contact_user, "demo");
    assert_ptr_equal(world_leg_of(participant), leg);
    assert_int_equal(world.mixes, 1);
    assert_int_equal(focus_call_count(script.focus), 1);
    world_hang_up(script.focus, call);
    script_turn();
    assert_int_equal(world.legs, 0);
}

static void whom_a_conference_has_answered_is_answered(void **state)
{
    struct call *call;

    (void)state;
    call =
        begin("return function(call) call:join(parley.conference 'demo') "
              "local text = tostring(call.answered) call:ring() "
              "for _, name in ipairs { 'answer', 'early', 'reject', 'challenge', 'redirect' } do "
              "local ok, why = pcall(call[name], call, name == 'reject' and 486 or 'sip:x@y') "
              "text = text .. ' ' .. tostring(ok) assert(why:find 'answered already', why) end "
              "call:hangup(text) end");
    assert_int_equal(world.legs, 0);
    assert_said(call, "true false false false false false");
}

static void a_call_that_cannot_be_answered_is_told_as_such(void **state)
{
    struct call *call;

    (void)state;
    world.answer_error = ENOMEM;
    call = begin("return function(call) local ok, text, code = call:answer() "
                 "call:reject(code, text) end");
    world.answer_error = 0;
    assert_int_equal(call->reject_code, 500);
    assert_said(call, "The call cannot be answered");
}

static void without_memory_for_media_the_script_is_told(void **state)
{
    struct call *call;

    (void)state;
    world.leg_error = EADDRINUSE;
    call = begin("return function(call) local ok, text, code = call:answer() "
                 "call:reject(code, text) end");
    world.leg_error = 0;
    assert_int_equal(call->reject_code, 503);
    assert_said(call, "No media port is free");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(keys_are_collected_up_to_max_or_the_terminator),
        SCRIPT_TEST(who_presses_too_little_is_asked_again_and_then_no_more),
        SCRIPT_TEST(time_runs_from_the_end_of_the_prompt_on),
        SCRIPT_TEST(keys_pressed_ahead_are_taken_and_cut_prompts_short),
        SCRIPT_TEST(files_play_one_after_the_other_as_often_as_is_said),
        SCRIPT_TEST(what_is_said_is_prompts_numbers_and_files_in_one_go),
        SCRIPT_TEST(what_cannot_be_said_is_an_error),
        SCRIPT_TEST(only_the_keys_that_are_named_end_what_plays),
        SCRIPT_TEST(the_end_of_one_file_does_not_end_the_next),
        SCRIPT_TEST(a_question_may_be_heard_to_its_end_first),
        SCRIPT_TEST(answers_are_checked_and_what_was_wrong_is_said),
        SCRIPT_TEST(the_first_key_may_take_longer_than_the_next),
        SCRIPT_TEST(hanging_up_closes_what_is_open_and_frees_the_generation),
        SCRIPT_TEST(an_error_is_heard_and_tells_its_place),
        SCRIPT_TEST(an_error_after_a_key_is_heard_to_its_end),
        SCRIPT_TEST(time_that_is_over_when_the_caller_hangs_up_asks_nobody),
        SCRIPT_TEST(what_is_closed_by_a_hang_up_has_a_budget_too),
        SCRIPT_TEST(create_makes_a_conference_with_options_that_its_policy_knows),
        SCRIPT_TEST(joining_hands_over_call_and_leg),
        SCRIPT_TEST(whom_a_conference_has_answered_is_answered),
        SCRIPT_TEST(a_call_that_cannot_be_answered_is_told_as_such),
        SCRIPT_TEST(without_memory_for_media_the_script_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
