/* A conference of 1,000 requests is recorded, and played again to the same script and to others. */
#include "tests/unit/lua/script_world.h"

#include "focus/pending.h"
#include "journal/journal.h"
#include "replay/replay.h"

enum { REQUESTS = 1000, CALLERS = 12, RECORDING_SIZE = 16 << 20 /* bytes */ };

static const char policy[] =
    "local policy = parley.policy { name = 'site', options = {\n"
    "  pin = { type = 'string', default = '', secret = true } } }\n"
    "function policy.join(request, conference)\n"
    "  local state = conference.state\n"
    "  state.asked = (state.asked or 0) + 1\n"
    "  if request.actor.user == 'caller3' then return reject(403, 'Not you') end\n"
    "  if request.actor.user == 'caller4' then\n"
    "    return pending { decided_by = 'host', expires = 60 }\n"
    "  end\n"
    "  if conference.count == 0 then return accept { role = 'host' } end\n"
    "  return accept { role = 'guest', muted = state.asked % 5 == 0, speaks = -state.asked % 7 / 3 "
    "}\n"
    "end\n"
    "function policy.mute(request, conference)\n"
    "  local me = request.actor.participant\n"
    "  if me and me.role ~= 'host' and conference.count > 5 then return reject(403, 'Too many') "
    "end\n"
    "end\n"
    "function policy.digit(event, conference, participant)\n"
    "  local state = conference.state\n"
    "  state.digits = (state.digits or 0) + 1\n"
    "  if event.digit == '1' then participant:set_role(('r%d'):format(state.digits)) end\n"
    "  if event.digit == '2' then participant:mute() end\n"
    "  if event.digit == '3' then for w in conference:pending() do w:approve() end end\n"
    "end\n"
    "function policy.left(event, conference, participant)\n"
    "  conference.state.last = participant.role\n"
    "end\n"
    "function policy.volume(request, conference)\n"
    "  return accept { speaks = #(conference.state.last or '') / 3 }\n"
    "end\n"
    "return policy\n";

static struct {
    struct journal *journal;
    char file[128];
    struct call *calls[CALLERS];
    unsigned decided; /* by the script, since the recording began */
    unsigned random;
} test;

/* The same each time. */
static unsigned dice(unsigned sides)
{
    test.random = test.random * 1103515245 + 12345;
    return (test.random >> 16) % sides;
}

static struct journalling counting;

static void count_decided(void *ctx, const struct request *request, const struct decision *decision)
{
    test.decided++;
    journal_journalling(test.journal)->decided(ctx, request, decision);
}

static json_t *snapshot(void *arg, const struct conference *conference)
{
    (void)arg;
    return lua_engine_snapshot(script.engine, conference);
}

static void begin_recording(void)
{
    struct conference *demo = focus_conference_by_name(script.focus, "demo");
    const struct journal_recording recording = {
        .conference = demo, .path = test.file, .size = RECORDING_SIZE, .scripts = snapshot};

    assert_int_equal(
        journal_create(&(struct journal_config){.loop = script.loop, .focus = script.focus},
                       &test.journal),
        0);
    counting = *journal_journalling(test.journal);
    counting.decided = count_decided;
    focus_connect_journal(script.focus, &counting);
    assert_int_equal(journal_record(test.journal, &recording), 0);
    assert_int_equal(journal_record(test.journal, &recording), EALREADY);
    test.decided = 0;
}

static void end_recording(void)
{
    focus_connect_journal(script.focus, NULL);
    journal_destroy(test.journal);
}

/* ---- what happens in the conference --------------------------------------------------------- */

/* Comes, presses a key, changes something, speaks, or goes. */
static void do_something(unsigned who)
{
    struct call *call = test.calls[who];
    struct request request = {.conference = focus_conference_by_name(script.focus, "demo"),
                              .conference_name = "demo",
                              .params = {.muted = dice(2) == 0, .speaks = -3.3f}};
    const struct participant *self = NULL, *one = NULL;
    struct decision decision;
    char name[16];

    (void)snprintf(name, sizeof name, "caller%u", who);
    if (!call) {
        test.calls[who] = world_join(script.focus, name, "demo");
        if (test.calls[who]->reject_code) {
            world_hang_up(script.focus, test.calls[who]);
            test.calls[who] = NULL;
        }
        return;
    }
    if (dice(6) == 0 || call->ended) {
        world_hang_up(script.focus, call);
        test.calls[who] = NULL;
        return;
    }
    while ((one = conference_next_participant(request.conference, one))) {
        if (strcmp(participant_call(one)->caller.user, name) == 0)
            self = one;
        if (!request.target || dice(3) == 0)
            request.target = participant_id(one);
    }
    if (!self || !participant_has_joined(self))
        return;
    actor_of_participant(&request.actor, self);
    switch (dice(4)) {
    case 0:
        focus_mixing_events()->on_digit(call->user, (char)('1' + dice(4)), 100, script.focus);
        return;
    case 1:
        focus_mixing_events()->on_speaking(call->user, dice(2) == 0, script.focus);
        return;
    case 2:
        request.verb = VERB_VOLUME;
        break;
    default:
        request.verb = VERB_MUTE;
    }
    request.actor.authenticated = true;
    (void)focus_submit(script.focus, &request, &decision);
}

static void record_conference(void)
{
    script_site(policy);
    memset(&test, 0, sizeof test);
    test.random = 7;
    (void)snprintf(test.file, sizeof test.file, "%s/recording.jsonl", script.directory);
    for (unsigned who = 0; who < 3; who++)
        do_something(who);
    script_turn();
    begin_recording();
    while (test.decided < REQUESTS) {
        do_something(dice(CALLERS));
        if (dice(3) > 0)
            script_turn();
    }
    script_turn();
    end_recording();
    for (unsigned who = 0; who < CALLERS; who++) {
        if (test.calls[who])
            world_hang_up(script.focus, test.calls[who]);
    }
    script_turn();
}

/* ---- the replay ----------------------------------------------------------------------------- */

static char told[1 << 20];

static struct replay_result replay(const char *site_policy)
{
    struct replay_result result;
    char error[1024];
    struct replay_config config = {.file = test.file, .site_policy = site_policy};
    int status;

    config.out = fmemopen(told, sizeof told, "w");
    assert_non_null(config.out);
    status = replay_run(&config, &result, error, sizeof error);
    (void)fclose(config.out);
    if (status)
        fail_msg("%s", error);
    return result;
}

static void test_the_same_script_decides_as_it_did(void **state)
{
    struct replay_result result;

    (void)state;
    record_conference();
    result = replay(NULL);
    if (result.differences > 0)
        fail_msg("%u differences: %s", result.differences, told);
    assert_int_equal(result.requests, test.decided);
    assert_true(result.requests >= REQUESTS);
    assert_int_equal(unlink(test.file), 0);
}

/* Of the recording's lines. */
struct counted {
    const char *verb, *user;
    unsigned count;
};

static bool count_line(const json_t *line, const char *text, void *arg)
{
    struct counted *counted = arg;
    const json_t *actor = json_object_get(line, "actor");
    const char *uri = json_string_value(json_object_get(actor, "uri"));

    (void)text;
    counted->count += uri && strstr(uri, counted->user);
    return true;
}

static unsigned count(const char *verb, const char *user)
{
    const struct journal_filter filter = {.verb = verb};
    struct counted counted = {.verb = verb, .user = user};
    struct journal_contents contents;

    assert_int_equal(journal_read(test.file, &filter, false, count_line, &counted, &contents), 0);
    assert_int_equal(contents.strange, 0);
    return counted.count;
}

/* The policy with another text in place of one that is in it once. */
static void write_other(const char *one, const char *other)
{
    char source[sizeof policy + 200];
    const char *place = strstr(policy, one);

    assert_non_null(place);
    (void)snprintf(source, sizeof source, "%.*s%s%s", (int)(place - policy), policy, other,
                   place + strlen(one));
    script_write("other", source);
}

static void test_another_script_differs_where_it_does(void **state)
{
    struct replay_result result;
    unsigned refused;

    (void)state;
    record_conference();
    refused = count("join", "caller3@");
    assert_true(refused > 5);

    write_other("reject(403, 'Not you')", "reject(486, 'Not now')");
    result = replay("other");
    assert_int_equal(result.differences, refused);
    assert_contains(told, "sip:caller3@example.com (unproven) asks to join: was rejected 403 Not "
                          "you - by policy/site.lua:6, generation 1; is rejected 486 Not now - by "
                          "policy/other.lua:6, generation 1\n");

    /* What is given differs, and state that was kept on the way. */
    write_other("state.asked % 5", "state.asked % 4");
    result = replay("other");
    assert_in_range(result.differences, 5, test.decided / 2);

    /* What hooks ask for. */
    write_other("participant:mute()", "participant:unmute()");
    (void)replay("other");
    assert_contains(told, "with muted true: was asked; now policy/other.lua:21 asks to mute");
    write_other("event.digit == '2'", "event.digit == '5'");
    result = replay("other");
    assert_int_equal(result.differences, count("mute", "policy/site.lua"));
    assert_contains(told, "was asked; is not asked\n");
    write_other("event.digit == '2'", "event.digit == '4'");
    (void)replay("other");
    assert_contains(told, ": was not asked; is asked\n");
    assert_int_equal(unlink(test.file), 0);
}

/* Scripts that fail are refusals, and those that cannot be loaded none at all. */
static void test_what_cannot_be_replayed_is_told(void **state)
{
    struct replay_config config = {.file = test.file, .site_policy = "other", .out = stdout};
    struct replay_result result;
    char error[1024];

    (void)state;
    record_conference();
    script_write("other", "local policy = nonsense(");
    assert_int_equal(replay_run(&config, &result, error, sizeof error), EINVAL);
    assert_contains(error, "policy/other.lua:1:");
    config.file = "/nowhere/recording.jsonl";
    assert_int_equal(replay_run(&config, &result, error, sizeof error), ENOENT);
    assert_int_equal(unlink(test.file), 0);
    script_write("late", "{}\n{\"at\":\"2026-11-20T11:26:18.123Z\",\"kind\":\"event\"}\n");
    script_path("late", test.file, sizeof test.file);
    config.file = test.file;
    assert_int_equal(replay_run(&config, &result, error, sizeof error), EINVAL);
    assert_contains(error, "this is no recording");
}

/* The server was killed while it wrote the last line, and somebody has edited another. */
static void test_what_is_damaged_is_counted(void **state)
{
    struct replay_result result;
    FILE *file;

    (void)state;
    record_conference();
    file = fopen(test.file, "a");
    assert_non_null(file);
    (void)fprintf(file, "nonsense\n{\"at\":\"2026-11-20T11:2");
    (void)fclose(file);
    result = replay(NULL);
    assert_int_equal(unlink(test.file), 0);
    assert_int_equal(result.unreadable, 2);
    assert_int_equal(result.differences, 0);
    assert_true(result.requests >= REQUESTS);
}

static const char with_pin[] =
    "local policy = parley.policy { name = 'site', options = {\n"
    "  pin = { type = 'string', default = '', secret = true } } }\n"
    "function policy.join(request, conference)\n"
    "  if request.params.pin == conference.options.pin then return accept { role = 'host' } end\n"
    "  if request.params.pin ~= '' then return reject(403, 'Wrong PIN') end\n"
    "end\n"
    "return policy\n";

/* As an application does, for whom only what is asked of the policy counts here. */
static void join_with_pin(const char *pin)
{
    struct request request = {.verb = VERB_JOIN,
                              .conference = focus_conference_by_name(script.focus, "demo"),
                              .conference_name = "demo",
                              .params = {.role = "participant", .background = GAIN_OFF}};
    struct decision decision;

    (void)snprintf(request.params.pin, sizeof request.params.pin, "%s", pin);
    actor_of_server(&request.actor);
    focus_ask(&request, lua_engine_policy(script.engine), &decision);
    counting.decided(counting.ctx, &request, &decision);
}

static bool has_no_secret(const json_t *line, const char *text, void *arg)
{
    (void)line;
    (void)arg;
    assert_null(strstr(text, "4711"));
    assert_null(strstr(text, "1234"));
    return true;
}

static void test_secrets_are_names_that_are_the_same_where_they_were(void **state)
{
    const struct journal_filter all = {.verb = NULL};
    json_t *options = json_pack("{s:s}", "pin", "4711");
    struct replay_result result;
    struct journal_contents contents;

    (void)state;
    assert_int_equal(focus_reserve(script.focus,
                                   &(struct conference_config){.name = "demo", .options = options}),
                     0);
    script_site(with_pin);
    (void)snprintf(test.file, sizeof test.file, "%s/recording.jsonl", script.directory);
    begin_recording();
    join_with_pin("4711");
    join_with_pin("1234");
    join_with_pin("");
    end_recording();
    assert_int_equal(journal_read(test.file, &all, false, has_no_secret, NULL, &contents), 0);
    result = replay(NULL);
    assert_int_equal(result.requests, 3);
    assert_int_equal(result.differences, 0);
    json_decref(options);
    assert_int_equal(unlink(test.file), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_same_script_decides_as_it_did, script_setup,
                                        script_teardown),
        cmocka_unit_test_setup_teardown(test_another_script_differs_where_it_does, script_setup,
                                        script_teardown),
        cmocka_unit_test_setup_teardown(test_what_is_damaged_is_counted, script_setup,
                                        script_teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_replayed_is_told, script_setup,
                                        script_teardown),
        cmocka_unit_test_setup_teardown(test_secrets_are_names_that_are_the_same_where_they_were,
                                        script_setup, script_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
