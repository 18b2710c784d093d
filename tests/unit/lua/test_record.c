/* Recording a caller, and a conference, by scripts. */
#include "tests/unit/lua/script_world.h"

/* Dials 9000, where the application is `body`, and is answered. */
static struct call *talk(const char *body)
{
    char source[2000], path[96];
    struct call *call;

    (void)snprintf(source, sizeof source, "return function(call) call:answer() %s\nend", body);
    script_write("own", source);
    script_path("own", path, sizeof path);
    if (!script.engine) {
        script_write("site", "return parley.policy { name = 'site' }");
        script.applications = json_pack("{s:s}", "9000", path);
        assert_int_equal(script_start(), 0);
    } else {
        assert_int_equal(script_reload(), 0);
    }
    call = world_dial(script.focus, "alice", "9000");
    assert_true(call->answered);
    world_session(script.focus, call, STREAM_SENDRECV, false);
    focus_signalling_events()->on_established(call, script.focus);
    script_turn();
    return call;
}

static void press(struct call *call, char key)
{
    focus_mixing_events()->on_digit(call->user, key, 100, script.focus);
    script_turn();
}

static void assert_said(struct call *call, const char *reason)
{
    script_turn();
    assert_string_equal(call->reason, reason);
    world_hang_up(script.focus, call);
    script_turn();
    assert_int_equal(focus_call_count(script.focus), 0);
}

#define SAY "call:hangup(r and r.file .. ' ' .. r.seconds .. ' ' .. tostring(r.key) or why)"

static void a_caller_is_recorded_after_a_tone_until_a_key(void **state)
{
    struct call *call = talk("local r, why = call:record { file = 'names/a.wav', max = 5, "
                             "silence = '2s', terminator = '*#' } " SAY);

    (void)state;
    assert_null(world.first_recorder);
    assert_memory_equal(world.first_player->file, "tone:", 5);
    press(call, '#'); /* it has not begun */
    world_played(script.focus, world.first_player, NULL);
    script_turn();
    assert_non_null(world.first_recorder);
    assert_string_equal(world.first_recorder->file, "names/a.wav");
    assert_non_null(world.first_recorder->config.leg);
    assert_int_equal(world.first_recorder->config.most, 5000);
    assert_int_equal(world.first_recorder->config.silence, 2000);
    press(call, '1');
    assert_false(world.first_recorder->stopped);
    press(call, '*');
    assert_true(world.first_recorder->stopped);
    assert_false(call->ended);
    world_recorded(script.focus, 2500, NULL);
    assert_said(call, "recording:names/a.wav 2.5 *");
}

/* The file takes a moment to be whole; who knows the menu does not wait for that. */
static void what_is_pressed_after_the_last_key_answers_the_next_question(void **state)
{
    struct call *call;

    (void)state;
    call = talk("call:record { file = 'a.wav', beep = false } "
                "call:hangup(call:ask { max = 2 })");
    press(call, '1');
    press(call, '#');
    press(call, '4');
    press(call, '2');
    world_recorded(script.focus, 2500, NULL);
    assert_said(call, "42");
}

static void what_goes_wrong_is_told_to_the_script(void **state)
{
    struct call *call;

    (void)state;
    call = talk("local r, why = call:record { file = 'a.wav', beep = false } " SAY);
    log_catch();
    world_recorded(script.focus, 100, "the disk is full");
    assert_contains(log_caught(), "recording a.wav ends after 0.1 s: the disk is full");
    assert_said(call, "the disk is full");
    world.record_error = EINVAL;
    call = talk("local r, why = call:record { file = 'a.wav', beep = false } call:hangup(why)");
    world.record_error = 0;
    assert_said(call, "a recording ends in .wav, .flac, .opus or .ogg");
    call = talk("local a = call:record { beep = false } call:hangup(a.file:match '^recording:')");
    assert_contains(world.first_recorder->file, ".wav");
    world_recorded(script.focus, 100, NULL);
    assert_said(call, "recording:");
    call = talk("local a = call:record { beep = false } local b = call:record { beep = false } "
                "call:hangup(a.file ~= b.file and 'two' or 'one')");
    world_recorded(script.focus, 100, NULL);
    script_turn();
    world_recorded(script.focus, 100, NULL);
    assert_said(call, "two");
}

static void whose_audio_is_on_its_way_is_recorded_once_it_is_there(void **state)
{
    struct call *call;

    (void)state;
    world.record_error = EINPROGRESS;
    call = talk("local r, why = call:record { file = 'a.wav', beep = false } " SAY);
    assert_null(world.first_recorder);
    world.record_error = 0;
    while (!world.first_recorder)
        script_turn();
    world_recorded(script.focus, 100, NULL);
    assert_said(call, "recording:a.wav 0.1 nil");
}

static void who_hangs_up_while_recorded_leaves_nothing_behind(void **state)
{
    struct call *call = talk("call:record { file = 'a.wav', beep = false }");

    (void)state;
    world_hang_up(script.focus, call);
    script_turn();
    assert_int_equal(focus_call_count(script.focus), 0);
    world_recorded(script.focus, 100, NULL); /* the leg has ended it */
    call = talk("call:record { file = 'a.wav', beep = false } call:hangup 'again'");
    assert_non_null(world.first_recorder);
    world_recorded(script.focus, 100, NULL);
    assert_said(call, "again");
}

static void wishes_that_cannot_be_are_errors(void **state)
{
    static const char *const cases[][2] = {
        {"{ file = '/etc/a.wav' }", "record: file must lie in"},
        {"{ file = '../a.wav' }", "record: file must lie in"},
        {"{ file = 'recording:../a.wav' }", "record: file must lie in"},
        {"{ file = 'a.mp3' }", "record: file must end in .wav, .flac, .opus or .ogg"},
        {"{ file = 'a//b.wav' }", "record: file must have no part that is empty or \".\""},
        {"{ file = './b.wav' }", "record: file must have no part that is empty or \".\""},
        {"{ file = 'a/./b.wav' }", "record: file must have no part that is empty or \".\""},
        {"{ max = 0 }", "record: max must be more than 0 seconds"},
        {"{ terminator = 'x' }", "record: terminator must be keys"},
        {"{ beep = 1 }", "record: beep must be true or false"},
        {"{ fil = 'a.wav' }", "fil"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[256];
        struct call *call;

        (void)snprintf(body, sizeof body,
                       "local ok, why = pcall(call.record, call, %s) "
                       "call:hangup(why:match 'record:.*' or why)",
                       cases[i][0]);
        call = talk(body);
        assert_contains(call->reason, cases[i][1]);
        world_hang_up(script.focus, call);
        script_turn();
    }
}

static void a_conference_is_recorded_by_its_policys_leave(void **state)
{
    struct call *alice;
    const char *log;

    (void)state;
    script_policy(
        "function policy.record(request) if request.params.file == 'no.wav' then "
        "return reject(403, 'Not this') end end\n"
        "function policy.digit(event, conference)\n"
        "  local r, why, code\n"
        "  if event.digit == '1' then r, why, code = conference:record { file = 'no.wav' } end\n"
        "  if event.digit == '2' then r, why, code = conference:record { file = 'a.wav' } end\n"
        "  if event.digit == '3' then r, why, code = conference:stop_recording() end\n"
        "  if event.digit == '4' then r, why, code = conference:record() end\n"
        "  parley.log.error(tostring(r) .. tostring(why) .. tostring(conference.recording))\n"
        "end\n"
        "function policy.recorded(event) parley.log.error('told ' .. tostring(event.on) "
        ".. event.file .. event.seconds .. event.reason) end\n");
    alice = world_join(script.focus, "alice", "demo");
    log_catch();
    press(alice, '1');
    press(alice, '2');
    press(alice, '2');
    press(alice, '3');
    assert_true(world.first_recorder->stopped);
    assert_null(world.first_recorder->config.leg);
    assert_true(world.first_recorder->config.buses & 1 << MIX_RECORD);
    world_recorded(script.focus, 1500, NULL);
    script_turn();
    press(alice, '4');
    assert_memory_equal(world.first_recorder->file, "demo-20", 7);
    log = log_caught();
    assert_contains(log, "nilNot thisnil");
    assert_contains(log, "recording:a.wavnilrecording:a.wav");
    assert_contains(log, "nilit is recorded alreadyrecording:a.wav");
    assert_contains(log, "told truea.wav0.0");
    assert_contains(log, "told falsea.wav1.5");
    world_hang_up(script.focus, alice);
    script_turn();
    assert_true(world.first_recorder->stopped); /* with the conference */
    world_recorded(script.focus, 100, NULL);
}

/* Which are being written, the newest first; those that pause with a mark. */
static const char *recorders(void)
{
    static char text[200];
    const struct recorder *recorder;
    size_t length = 0;

    text[0] = '\0';
    for (recorder = world.first_recorder; recorder; recorder = recorder->next)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s%s ", recorder->file,
                                   recorder->is_paused ? "|" : "", recorder->stopped ? "." : "");
    return text;
}

static void each_is_on_a_track_of_its_own_and_all_pause_alike(void **state)
{
    struct call *alice, *bob;
    const char *log;

    (void)state;
    script_policy(
        "function policy.join(request) "
        "return accept { anonymous = request.actor.user == 'bob', role = 'guest' } end\n"
        "function policy.record(request) local p = request.params "
        "parley.log.error('asked ' .. p.file .. tostring(p.tracks) .. tostring(p.paused)) end\n"
        "local keys = {}\n"
        "keys['1'] = function(c) return c:record { file = 'b/a.flac', tracks = true } end\n"
        "keys['2'] = function(c) return c:pause_recording() end\n"
        "keys['3'] = function(c) return c:resume_recording() end\n"
        "keys['4'] = function(c) return c:stop_recording() end\n"
        "keys['5'] = function(c) return pcall(c.record, c, { tracks = 1 }) end\n"
        "function policy.digit(event, conference)\n"
        "  local r, why = keys[event.digit](conference)\n"
        "  parley.log.error(event.digit .. tostring(r) .. tostring(why) .. "
        "tostring(conference.recording_paused))\n"
        "end\n"
        "function policy.recorded(event) parley.log.error('told ' .. tostring(event.on) "
        ".. tostring(event.paused) .. event.reason) end\n");
    log_catch();
    alice = world_join(script.focus, "alice", "demo");
    press(alice, '2'); /* nothing is recorded yet */
    press(alice, '1');
    assert_string_equal(recorders(), "b/a-1-alice.flac b/a.flac ");
    assert_true(world.first_recorder->config.buses == UINT64_C(1) << MIX_RECORD);
    assert_non_null(world.first_recorder->config.leg);
    press(alice, '2');
    bob = world_join(script.focus, "bob", "demo");
    script_turn();
    assert_string_equal(recorders(), "b/a-2-anonymous.flac| b/a-1-alice.flac| b/a.flac| ");
    press(alice, '3');
    assert_string_equal(recorders(), "b/a-2-anonymous.flac b/a-1-alice.flac b/a.flac ");
    press(alice, '3');
    press(alice, '5');
    world.turn_error = EAGAIN;
    press(alice, '2');
    world.turn_error = 0;
    world_hang_up(script.focus, bob);
    script_turn();
    assert_string_equal(recorders(), "b/a-2-anonymous.flac. b/a-1-alice.flac b/a.flac ");
    press(alice, '4');
    assert_string_equal(recorders(), "b/a-2-anonymous.flac. b/a-1-alice.flac. b/a.flac. ");
    world_recorded(script.focus, 500, NULL);
    world_recorded(script.focus, 1000, "the disk is full");
    script_turn();
    log = log_caught();
    assert_contains(log, "2nilit is not recordedfalse");
    assert_contains(log, "asked b/a.flactruefalse");
    assert_contains(log, "asked b/a.flacfalsetrue");
    assert_contains(log, "told falsetrue");
    assert_contains(log, "3nilit is recorded alreadyfalse");
    assert_contains(log, "2nilit pauses and goes on too often at oncefalse");
    assert_contains(log, "record: tracks must be true or false");
    assert_null(strstr(log, "told falsefalse")); /* one is not whole yet */
    log_catch();
    world_recorded(script.focus, 1500, NULL);
    script_turn();
    assert_contains(log_caught(), "told falsefalse");
    assert_string_equal(world.note_file, "b/a.json");
    assert_contains(world.note, "sip:alice@");
    assert_null(strstr(world.note, "sip:bob@"));
    assert_contains(world.note, "\"problem\": \"the disk is full\"");
    assert_contains(world.note, "\"sample\": 24000");
    world_hang_up(script.focus, alice);
}

static void who_was_out_of_the_mix_has_another_track(void **state)
{
    struct call *call = talk("local room = parley.conference 'demo' "
                             "call:join(room) call:wait_for 'digit' "
                             "room:record { file = 'a.wav', tracks = true } "
                             "call:leave() call:wait_for 'digit' "
                             "call:rejoin() call:wait_for 'digit' call:hangup 'bye'");

    (void)state;
    press(call, '1');
    assert_string_equal(recorders(), "a-1-alice.wav. a.wav ");
    press(call, '2');
    assert_string_equal(recorders(), "a-2-alice.wav a-1-alice.wav. a.wav ");
    press(call, '3');
    assert_said(call, "bye");
    while (world.first_recorder)
        world_recorded(script.focus, 100, NULL);
}

/* Of the note's tracks: how many there are, of how many files, of how many people. */
static void assert_tracks(size_t count, size_t people)
{
    json_t *note = json_loads(world.note, 0, NULL), *tracks = json_object_get(note, "tracks");
    json_t *files = json_object(), *ids = json_object(), *track;
    char id[32];
    size_t i;

    assert_int_equal(json_array_size(tracks), count);
    json_array_foreach(tracks, i, track)
    {
        json_t *who = json_object_get(track, "participant");

        (void)snprintf(id, sizeof id, "%lld",
                       (long long)json_integer_value(json_object_get(who, "id")));
        assert_memory_equal(json_string_value(json_object_get(who, "uri")), "sip:alice@", 10);
        json_object_set(files, json_string_value(json_object_get(track, "file")), json_true());
        json_object_set(ids, id, json_true());
    }
    assert_int_equal(json_object_size(files), count);
    assert_int_equal(json_object_size(ids), people);
    json_decref(files);
    json_decref(ids);
    json_decref(note);
}

static void each_track_says_whose_it_is_however_often_they_go_and_with_how_many_phones(void **state)
{
    struct call *call = talk("local room = parley.conference 'demo' call:join(room) "
                             "room:record { file = 'a.wav', tracks = true } "
                             "for i = 1, 20 do call:leave() call:rejoin() end "
                             "call:wait_for 'digit' call:hangup 'bye'");
    struct call *second = world_join(script.focus, "alice", "demo");
    struct call *third = world_join(script.focus, "alice", "demo");

    (void)state;
    script_turn();
    world_hang_up(script.focus, third);
    world_hang_up(script.focus, second);
    press(call, '1');
    assert_said(call, "bye");
    while (world.first_recorder)
        world_recorded(script.focus, 100, NULL);
    assert_tracks(21 + 2, 3);
}

static void a_track_that_fails_ends_alone_and_is_told_of(void **state)
{
    struct call *alice;
    const char *log;

    (void)state;
    script_policy("function policy.joined(_, conference) "
                  "conference:record { file = 'a.wav', tracks = true } end\n"
                  "function policy.recorded(event, conference) parley.log.error('told', event.on, "
                  "event.paused, event.file, event.reason, conference.recording) end\n");
    alice = world_join(script.focus, "alice", "demo");
    script_turn();
    log_catch();
    world_recorded(script.focus, 700, "the disk is full"); /* her track, the newest */
    script_turn();
    assert_string_equal(recorders(), "a.wav ");
    log = log_caught();
    assert_contains(log, "told true false a-1-alice.wav the disk is full recording:a.wav");
    world_hang_up(script.focus, alice);
    script_turn();
    log_catch();
    world_recorded(script.focus, 900, NULL);
    script_turn();
    log = log_caught();
    assert_contains(world.note, "\"problem\": \"the disk is full\"");
    assert_null(strstr(log, "disk"));
}

static void what_is_to_pause_at_once_and_cannot_is_not_recorded(void **state)
{
    struct call *alice;

    (void)state;
    script_policy("function policy.record() return accept { paused = true } end\n"
                  "function policy.digit(event, conference) parley.log.error('told', "
                  "conference:record { file = 'a.wav', tracks = true }) end\n");
    alice = world_join(script.focus, "alice", "demo");
    log_catch();
    world.turn_error = EAGAIN;
    press(alice, '1');
    world.turn_error = 0;
    assert_contains(log_caught(), "told nil it pauses and goes on too often at once");
    assert_string_equal(recorders(), "a-1-alice.wav. a.wav. ");
    world_recorded(script.focus, 0, NULL);
    world_recorded(script.focus, 0, NULL);
    press(alice, '1');
    assert_string_equal(recorders(), "a-1-alice.wav| a.wav| ");
    world_hang_up(script.focus, alice);
    script_turn();
    world_recorded(script.focus, 0, NULL);
    world_recorded(script.focus, 0, NULL);
}

static void a_policy_cannot_name_a_file_in_another_way_either(void **state)
{
    struct call *alice;

    (void)state;
    script_policy("function policy.record() return accept { file = 'a/./b.wav' } end\n"
                  "function policy.digit(event, conference) parley.log.error('told', "
                  "conference:record { file = 'a/b.wav' }) end\n");
    alice = world_join(script.focus, "alice", "demo");
    log_catch();
    press(alice, '1');
    assert_contains(log_caught(), "told nil no part of a recording's name may be empty or \".\"");
    assert_null(world.first_recorder);
    world_hang_up(script.focus, alice);
}

static void a_server_that_does_not_wait_for_the_disk_says_so_in_the_note(void **state)
{
    (void)state;
    script_policy("function policy.joined(_, conference) "
                  "conference:record { file = 'a.wav', tracks = true } end\n");
    (void)world_join(script.focus, "alice", "demo");
    script_turn();
    focus_destroy(script.focus);
    script.focus = NULL;
    assert_contains(world.note, "\"problem\": \"the server has not waited for the disk\"");
    assert_null(strstr(world.note, "\"ended\": null"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(a_caller_is_recorded_after_a_tone_until_a_key),
        SCRIPT_TEST(what_is_pressed_after_the_last_key_answers_the_next_question),
        SCRIPT_TEST(what_goes_wrong_is_told_to_the_script),
        SCRIPT_TEST(whose_audio_is_on_its_way_is_recorded_once_it_is_there),
        SCRIPT_TEST(who_hangs_up_while_recorded_leaves_nothing_behind),
        SCRIPT_TEST(wishes_that_cannot_be_are_errors),
        SCRIPT_TEST(a_conference_is_recorded_by_its_policys_leave),
        SCRIPT_TEST(each_is_on_a_track_of_its_own_and_all_pause_alike),
        SCRIPT_TEST(who_was_out_of_the_mix_has_another_track),
        SCRIPT_TEST(each_track_says_whose_it_is_however_often_they_go_and_with_how_many_phones),
        SCRIPT_TEST(a_track_that_fails_ends_alone_and_is_told_of),
        SCRIPT_TEST(what_is_to_pause_at_once_and_cannot_is_not_recorded),
        SCRIPT_TEST(a_policy_cannot_name_a_file_in_another_way_either),
        SCRIPT_TEST(a_server_that_does_not_wait_for_the_disk_says_so_in_the_note),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
