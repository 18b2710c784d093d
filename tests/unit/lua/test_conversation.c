/* Applications that go on with their callers in conferences: what they wait for, timers, state. */
#include "tests/unit/lua/call_world.h"

#include "focus/pending.h"

/* Logs what the application said by `print`. */
static void assert_told(const char *part)
{
    assert_contains(log_caught(), part);
}

static void begin_to_log(void)
{
    log_set_level(LOG_LEVEL_INFO);
    log_catch();
}

/* Runs the loop for a while. */
static void pass(unsigned ms)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    for (unsigned i = 0; i < ms; i++) {
        (void)nanosleep(&pause, NULL);
        script_turn();
    }
}

static void out_of_the_mix_and_back_all_is_as_it_was(void **state)
{
    struct call *call = talk("local me = call:join(parley.conference 'demo', { role = 'host' }) "
                             "me:volume { speaks = -6, hears = 3 } "
                             "call:leave() call:play 'menu.wav' "
                             "call:rejoin() call:wait_for 'digit' call:wait_for 'digit' "
                             "call:hangup 'bye'");
    const struct participant *participant;
    const struct leg *leg;

    (void)state;
    up(call);
    participant = participant_of(call);
    leg = world_leg_of(participant);
    assert_string_equal(participant_status(participant), "on-hold");
    assert_int_equal(world.mixes, 2);
    assert_string_equal(world.first_player->file, "menu.wav");
    assert_true(leg->route.hears[MIX_MAIN] == 0 && leg->route.speaks[MIX_MAIN] == GAIN_OFF);
    press(call, "1"); /* ends what plays */
    assert_string_equal(participant_status(participant), "connected");
    assert_int_equal(world.mixes, 1);
    assert_true(leg->route.hears[MIX_MAIN] == 3 && leg->route.speaks[MIX_MAIN] == -6);
    assert_string_equal(participant_role(participant), "host");
    press(call, "2");
    assert_said(call, "bye");
}

static void keys_of_who_is_out_are_for_the_application_alone(void **state)
{
    struct call *call;

    (void)state;
    script_write("site", "local policy = parley.policy { name = 'site' } "
                         "function policy.digit(event) parley.log.error('policy ' .. event.digit) "
                         "end return policy");
    call = talk("call:join(parley.conference 'demo') "
                "while true do local event = call:wait_for { 'digit' } "
                "parley.log.error('application ' .. event.digit) "
                "if event.digit == '*' then call:leave() end end");
    up(call);
    log_catch();
    press(call, "1*");
    press(call, "2");
    assert_told("application 2");
    assert_non_null(strstr(script.log, "policy 1"));
    assert_null(strstr(script.log, "policy 2"));
    world_hang_up(script.focus, call);
    script_turn();
    assert_int_equal(focus_call_count(script.focus), 0);
    assert_int_equal(world.mixes, 0);
}

static void who_is_asked_aside_answers_from_out_of_the_mix_too(void **state)
{
    struct call *call =
        talk("local demo = parley.conference 'demo' local me = call:join(demo) "
             "demo:sidebar():ask(me, { prompt = '' }) call:leave() "
             "local event = call:wait_for 'digit' "
             "call:hangup(event.digit .. ' ' .. me.sidebar:participants()().status)");

    (void)state;
    up(call);
    press(call, "1");
    assert_false(call->ended);
    press(call, "7");
    assert_said(call, "7 on-hold");
}

static void who_is_out_when_the_application_is_over_goes_back_in(void **state)
{
    struct call *call = talk("call:join(parley.conference 'demo') call:leave() "
                             "if call:wait_for { 'digit', timeout = 60 }.digit == '1' then "
                             "error 'a menu fails' end");
    const struct participant *participant;
    const char *log;

    (void)state;
    up(call);
    participant = participant_of(call);
    assert_true(participant_is_held(participant));
    log_catch();
    press(call, "1");
    log = log_caught();
    assert_contains(log, "a menu fails");
    assert_contains(log, "the caller stays in the conference");
    assert_false(participant_is_held(participant));
    assert_int_equal(world.mixes, 1);
    world_hang_up(script.focus, call);
    script_turn();
    assert_int_equal(world.mixes, 0);
}

static void hanging_up_in_a_conference_asks_the_policy(void **state)
{
    struct call *call;

    (void)state;
    script_write("site", "local policy = parley.policy { name = 'site' } "
                         "function policy.remove() return reject(403, 'Nobody goes') end "
                         "return policy");
    call = talk("call:join(parley.conference 'demo') local ok, text, code = call:hangup() "
                "parley.log.error(code, text)");
    log_catch();
    up(call);
    assert_told("403 Nobody goes");
    assert_false(call->ended);
    world_hang_up(script.focus, call);
    script_turn();
}

static void what_happens_in_a_conference_can_be_waited_for(void **state)
{
    struct call *bob, *call = talk("local demo = parley.conference 'demo' "
                                   "local event, who = demo:wait_for { 'joined', timeout = 60 } "
                                   "print(event.name, who.user) "
                                   "event, who = demo:wait_for { 'muted', 'left' } "
                                   "print(event.name, who.user) "
                                   "print(demo:wait_for { 'locked', timeout = 0.01 }) "
                                   "print(call:wait_for { 'digit', timeout = 0.01 }) "
                                   "print(call:wait_for { 'digit', timeout = 0 }) "
                                   "call:hangup 'bye'");
    const char *log;

    (void)state;
    begin_to_log();
    up(call);
    bob = world_join(script.focus, "bob", "demo");
    script_turn();
    world_hang_up(script.focus, bob);
    script_turn();
    wait_for_end(call);
    log = log_caught();
    log_set_level(LOG_LEVEL_ERROR);
    assert_contains(log, "joined bob");
    assert_contains(log, "left bob");
    assert_contains(strstr(log, "left bob"), "nil timeout");
    assert_contains(strstr(log, "nil timeout") + 1, "nil timeout");
    assert_said(call, "bye");
}

/* One of the config only rests, which is told; one with a name of its own is gone for good. */
static void waiting_ends_with_the_conference(void **state)
{
    struct call *bob, *call = talk("local x = parley.create { title = 'x' } "
                                   "local event, why = x:wait_for 'joined' assert(not event) "
                                   "event = parley.conference 'demo':wait_for { 'muted', 'ended' } "
                                   "call:hangup(why .. ' ' .. event.name)");

    (void)state;
    focus_set_life(script.focus, &(struct conference_life){0}, 10, 0);
    bob = world_join(script.focus, "bob", "demo");
    up(call);
    pass(30);
    assert_false(call->ended);
    world_hang_up(script.focus, bob);
    assert_said(call, "gone ended");
}

static void a_wait_names_what_it_waits_for(void **state)
{
    struct call *call =
        talk("local demo = parley.conference 'demo' "
             "for _, bad in ipairs { { 'jioned' }, { timeout = 3 }, { 'joined', tiemout = 3 }, 5 } "
             "do parley.log.error(select(2, pcall(demo.wait_for, demo, bad))) end "
             "parley.log.error(select(2, pcall(call.wait_for, call, { 'muted' }))) "
             "parley.log.error(select(2, pcall(call.leave, call))) "
             "parley.log.error(select(2, pcall(call.rejoin, call)))");
    const char *log;

    (void)state;
    log_catch();
    up(call);
    log = log_caught();
    assert_contains(log, "wait_for: unknown key 'jioned' (did you mean 'joined'?)");
    assert_contains(log, "wait_for: no event is named");
    assert_contains(log, "(did you mean 'timeout'?)");
    assert_contains(log, "the caller is in no conference, where nothing comes but \"digit\"");
    assert_contains(log, "leave: the caller is in no conference");
    assert_contains(log, "rejoin: the caller is in no conference");
    assert_said(call, "The application has ended");
}

/* A decision may take its time: who could not wait for it does not ask. */
static void who_cannot_wait_does_not_join(void **state)
{
    struct call *call =
        talk("local demo = parley.conference 'demo' "
             "local join = coroutine.wrap(function() return pcall(call.join, call, demo) end) "
             "local ok, why = join() assert(not ok and demo.count == 0) parley.log.error(why)");

    (void)state;
    log_catch();
    up(call);
    assert_contains(log_caught(), "join: a coroutine of the script's own cannot wait");
    assert_said(call, "The application has ended");
}

static void approve_all(void)
{
    const struct conference *demo = focus_conference_by_name(script.focus, "demo");
    const struct pending *pending = conference_next_pending(demo, NULL);
    const struct actor actor = {.kind = ACTOR_SERVER, .uri = "", .user = "", .host = ""};
    const struct request wish = {.params.approved = true};
    struct decision decision;

    assert_non_null(pending);
    assert_int_equal(pending_submit(script.focus, &actor, pending_id(pending), &wish, &decision),
                     0);
    script_turn();
}

static void who_waits_is_told_why_and_then_hears_music(void **state)
{
    struct call *call;

    (void)state;
    script_write("site", "local policy = parley.policy { name = 'site' } "
                         "function policy.join() "
                         "return pending { decided_by = 'host', role = 'guest' } end "
                         "return policy");
    call = talk("local demo = parley.conference 'demo' "
                "print(pcall(call.join, call, demo, { wating = 'x.wav' })) "
                "print(pcall(call.join, call, demo, { waiting = true })) "
                "local me = call:join(demo, { waiting = function(request) "
                "return request.deciders[1] .. '.wav' end }) call:hangup(me.role)");
    assert_int_equal(
        focus_set_sound(script.focus, &(struct sound_config){.hold_music = "music.wav"}), 0);
    begin_to_log();
    up(call);
    log_set_level(LOG_LEVEL_ERROR);
    assert_contains(log_caught(), "join: unknown key 'wating' (did you mean 'waiting'?)");
    assert_non_null(strstr(script.log, "join: waiting must be"));
    assert_string_equal(world.first_player->file, "host.wav");
    world_played(script.focus, world.first_player, NULL);
    script_turn();
    assert_string_equal(world.first_player->file, "music.wav");
    assert_true(world.first_player->loop);
    approve_all();
    assert_said(call, "guest");
}

/* Calls bob, who answers, or does not. */
static struct call *invite(bool answers)
{
    struct call *bob, *call = talk("local bob, text, code = parley.conference 'demo':invite("
                                   "'sip:bob@192.0.2.1', { wait = true, role = 'guest' }) "
                                   "call:hangup(bob and bob.role or code .. ' ' .. text)");

    up(call);
    assert_false(call->ended);
    bob = world.last_outgoing;
    assert_true(bob->invited);
    if (answers)
        focus_signalling_events()->on_established(bob, script.focus);
    else
        focus_signalling_events()->on_ended(bob, 486, "Busy Here", script.focus);
    script_turn();
    return call;
}

static void who_is_called_can_be_waited_for(void **state)
{
    struct call *call = invite(true);

    (void)state;
    wait_for_end(call);
    assert_string_equal(call->reason, "guest");
    world_hang_up(script.focus, world.last_outgoing);
    assert_said(call, "guest");
    assert_said(invite(false), "486 Busy Here");
}

static void transferred(struct call *call, int code, const char *reason)
{
    focus_signalling_events()->on_transferred(call, code, reason, script.focus);
    script_turn();
}

static void a_call_is_transferred(void **state)
{
    struct call *call =
        talk("print(pcall(call.transfer, call, 'bob')) "
             "print(pcall(call.transfer, call, 'sip:bob@192.0.2.1', { timout = 3 })) "
             "print('first', call:transfer 'sip:bob@192.0.2.1') "
             "print('second', call:transfer('sip:bob@192.0.2.1', { timeout = '5s' })) "
             "call:join(parley.conference 'demo') "
             "print(pcall(call.transfer, call, 'sip:bob@192.0.2.1')) call:hangup 'bye'");
    const char *log;

    (void)state;
    begin_to_log();
    up(call);
    assert_string_equal(call->redirected, "sip:bob@192.0.2.1");
    transferred(call, 486, "Busy Here");
    transferred(call, 200, "OK");
    log = log_caught();
    log_set_level(LOG_LEVEL_ERROR);
    assert_contains(log, "transfer: 'bob' is no SIP URI");
    assert_contains(log, "transfer: unknown key 'timout' (did you mean 'timeout'?)");
    assert_contains(log, "first nil Busy Here 486");
    assert_contains(log, "second true");
    assert_contains(log, "transfer: the caller is in a conference");
    assert_said(call, "bye");
}

static void a_policy_does_not_wait(void **state)
{
    (void)state;
    script_hook("joined", "event, conference",
                "conference:invite('sip:bob@192.0.2.1', { wait = true })");
    log_catch();
    (void)world_join(script.focus, "alice", "demo");
    script_turn();
    assert_told("invite: wait is for applications: a policy decides at once, and cannot wait");
}

static void timers_run_while_the_application_waits(void **state)
{
    struct call *call =
        talk("local ticks = 0 "
             "local every = parley.every(0.05, function() ticks = ticks + 1 end) "
             "local never = parley.after(0.01, function() ticks = -100 end) "
             "assert(never:cancel() and not never:cancel()) "
             "parley.after('0s', function() ticks = ticks + 10 end) "
             "call:sleep(0.13) every:cancel() local so_far = ticks call:sleep(0.06) "
             "call:hangup(ticks == so_far and ticks >= 11 and 'good' or tostring(ticks))");

    (void)state;
    up(call);
    assert_said(call, "good");
}

static void timers_end_with_the_call_and_errors_of_theirs_end_only_them(void **state)
{
    struct call *call = talk("parley.every(0.05, function() error 'a tick' end) "
                             "parley.every(0.05, function() parley.log.error 'tick' end) "
                             "parley.every(0.05, function() call:sleep(1) end) "
                             "call:sleep(60)");
    const char *log;

    (void)state;
    log_catch();
    up(call);
    pass(120);
    world_hang_up(script.focus, call);
    script_turn();
    pass(60);
    log = log_caught();
    assert_contains(log, "a tick - application 9000, call ");
    assert_contains(log, "the timer is stopped");
    assert_null(strstr(strstr(log, "a tick - ") + 1, "a tick - "));
    assert_contains(log, "sleep: the application waits already");
    assert_contains(log, "tick (");
    assert_int_equal(focus_call_count(script.focus), 0);
}

/* Whoever has begun it may go; what it is given is no call. */
static void an_application_may_run_without_a_caller(void **state)
{
    static const char source[] =
        "return function(call)\n"
        "  if call then\n"
        "    parley.log.error('none', parley.run 'nothing')\n"
        "    parley.log.error('run', parley.run(call.to)) return\n"
        "  end\n"
        "  if parley.fact 'begun' then parley.sleep(60) end\n"
        "  parley.set_fact('begun', true)\n"
        "  parley.log.error('alone', pcall(function() return call.from end))\n"
        "  local never = parley.after(60, print)\n"
        "  parley.log.error('slept', parley.sleep(0.05), never:cancel())\n"
        "  for i = 1, 64 do parley.run '9000' end\n"
        "  parley.log.error('more', parley.run '9000')\n"
        "  error 'broken'\n"
        "end";
    struct loop *loop;
    uint64_t later;
    const char *log;

    (void)state;
    log_catch();
    wait_for_end(begin(source));
    loop = script.loop;
    later = loop_now(loop) + 200;
    while (loop_now(loop) < later)
        (void)event_base_loop(loop_base(loop), EVLOOP_ONCE | EVLOOP_NONBLOCK);
    log = log_caught();
    assert_contains(log, "none nil there is no application of that name 404");
    assert_contains(log, "run true");
    assert_contains(log, "alone false");
    assert_contains(log, "slept true true");
    assert_contains(log, "more nil too many run already 503");
    assert_contains(log, "broken - application 9000, call -; it is over");
}

static void a_timer_may_hang_up(void **state)
{
    struct call *call = talk("call:on_hangup(function() parley.log.error 'unwound' end) "
                             "parley.after(0.01, function() call:hangup 'time is up' end) "
                             "call:sleep(60)");

    (void)state;
    up(call);
    log_catch();
    wait_for_end(call);
    assert_told("unwound");
    assert_said(call, "time is up");
}

static void there_is_a_limit_to_timers(void **state)
{
    struct call *call = talk("local ok, why "
                             "for i = 1, 65 do ok, why = pcall(parley.after, 60, print) end "
                             "parley.log.error(why) "
                             "parley.log.error(select(2, pcall(parley.every, 0.01, print))) "
                             "parley.log.error(select(2, pcall(parley.every, 1)))");
    const char *log;

    (void)state;
    log_catch();
    up(call);
    log = log_caught();
    assert_contains(log, "parley.after: more than 64 timers at once");
    assert_contains(log, "parley.every: the time is too short: 50 ms is the least");
    assert_contains(log, "function expected");
    assert_said(call, "The application has ended");
}

static void timers_that_begin_each_other_are_stopped(void **state)
{
    struct call *call = talk("local function again() parley.after(0, again) end again() "
                             "call:sleep(0.5) call:hangup 'still there'");

    (void)state;
    log_catch();
    up(call);
    wait_for_end(call);
    assert_told("timers: more than 500 waits in 10 s");
    assert_said(call, "still there");
}

static void the_state_of_a_conference_is_kept_from_step_to_step(void **state)
{
    struct call *call = talk("local demo = parley.conference 'demo' "
                             "demo.state.count = 1 local before = demo.state call:sleep(0.01) "
                             "demo.state.count = demo.state.count + 1 "
                             "local ok, why = pcall(function() return before.count end) "
                             "parley.log.error(why) "
                             "call:sleep(0.01) call:hangup(tostring(demo.state.count))");

    (void)state;
    log_catch();
    up(call);
    wait_for_end(call);
    assert_told("this conference.state is from before a wait: take it anew");
    assert_said(call, "2");
}

static void a_step_that_fails_keeps_nothing(void **state)
{
    struct call *call = talk("local demo = parley.conference 'demo' demo.state.x = 1 "
                             "call:sleep(0) demo.state.x = print call:sleep(0)");
    const char *log;

    (void)state;
    log_catch();
    up(call);
    pass(5);
    log = log_caught();
    assert_contains(log, "own.lua:1: conference.state.x: ");
    world_played(script.focus, world.first_player, NULL);
    assert_said(call, "Application error");
    assert_string_equal(script_result("return conference.state.x"), "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(out_of_the_mix_and_back_all_is_as_it_was),
        SCRIPT_TEST(keys_of_who_is_out_are_for_the_application_alone),
        SCRIPT_TEST(who_is_asked_aside_answers_from_out_of_the_mix_too),
        SCRIPT_TEST(who_is_out_when_the_application_is_over_goes_back_in),
        SCRIPT_TEST(hanging_up_in_a_conference_asks_the_policy),
        SCRIPT_TEST(what_happens_in_a_conference_can_be_waited_for),
        SCRIPT_TEST(waiting_ends_with_the_conference),
        SCRIPT_TEST(a_wait_names_what_it_waits_for),
        SCRIPT_TEST(who_cannot_wait_does_not_join),
        SCRIPT_TEST(who_waits_is_told_why_and_then_hears_music),
        SCRIPT_TEST(who_is_called_can_be_waited_for),
        SCRIPT_TEST(a_call_is_transferred),
        SCRIPT_TEST(a_policy_does_not_wait),
        SCRIPT_TEST(timers_run_while_the_application_waits),
        SCRIPT_TEST(timers_end_with_the_call_and_errors_of_theirs_end_only_them),
        SCRIPT_TEST(an_application_may_run_without_a_caller),
        SCRIPT_TEST(a_timer_may_hang_up),
        SCRIPT_TEST(there_is_a_limit_to_timers),
        SCRIPT_TEST(timers_that_begin_each_other_are_stopped),
        SCRIPT_TEST(the_state_of_a_conference_is_kept_from_step_to_step),
        SCRIPT_TEST(a_step_that_fails_keeps_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
