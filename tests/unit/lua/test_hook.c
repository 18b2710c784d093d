/* From a request or an event to a hook, and from what the hook says to what is done. */
#include "tests/unit/lua/script_world.h"

static void a_hook_that_says_nothing_leaves_the_default(void **state)
{
    struct call *call;

    (void)state;
    script_hook("join", "", "return nil");
    call = world_dial(script.focus, "alice", "demo");
    assert_true(call->answered);
    world_hang_up(script.focus, call);
}

static void accept_sets_role_and_muted(void **state)
{
    struct call *call;

    (void)state;
    script_hook("join", "", "return accept { role = 'listener', muted = true }");
    call = world_join(script.focus, "alice", "demo");
    assert_string_equal(participant_role(participant_of(call)), "listener");
    assert_true(participant_is_muted(participant_of(call)));
    world_hang_up(script.focus, call);
}

static void reject_says_code_and_reason(void **state)
{
    struct call *call;

    (void)state;
    script_hook("join", "", "return reject(603, 'Not tonight')");
    call = world_dial(script.focus, "alice", "demo");
    assert_int_equal(call->reject_code, 603);
    assert_string_equal(call->reason, "Not tonight");
    world_hang_up(script.focus, call);
}

static void an_accepted_create_gives_title_and_policy(void **state)
{
    struct conference *conference;
    struct call *call;

    (void)state;
    script_write("own", "local policy = parley.policy { name = 'own' }\n"
                        "function policy.join() return accept { role = 'owner' } end\n"
                        "return policy\n");
    script_hook("create", "request",
                "assert(request.verb == 'create' and request.conference == nil)\n"
                "return accept { title = 'A ' .. request.conference_name, policy = 'own' }");
    call = world_join(script.focus, "alice", "new");
    conference = focus_conference_by_name(script.focus, "new");
    assert_non_null(conference);
    assert_string_equal(conference_title(conference), "A new");
    assert_string_equal(conference_policy(conference), "own");
    assert_string_equal(participant_role(participant_of(call)), "owner");
    world_hang_up(script.focus, call);
}

static void a_create_with_a_policy_that_does_not_exist_is_500(void **state)
{
    struct call *call;
    const char *log;

    (void)state;
    script_hook("create", "", "return accept { policy = 'nowhere' }");
    log_catch();
    call = world_dial(script.focus, "alice", "new");
    log = log_caught();
    assert_int_equal(call->reject_code, 500);
    assert_contains(log, "policy 'nowhere': no such file; looked for ");
    assert_null(focus_conference_by_name(script.focus, "new"));
    world_hang_up(script.focus, call);
}

static void a_request_says_who_asks_for_what(void **state)
{
    (void)state;
    assert_string_equal(script_result("local a = request.actor\n"
                                      "return table.concat({ request.verb, a.kind, a.uri, a.user,"
                                      "a.host, a.user_agent, a.peer, request.params.role }, ' ')"),
                        "join caller sip:alice@example.com alice example.com fake "
                        "127.0.0.1:5060;udp participant");
    assert_string_equal(script_result("return request.conference == conference and "
                                      "conference.name == request.conference_name and "
                                      "not request.actor.authenticated and "
                                      "not request.actor.anonymous"),
                        "true");
}

/* The site's policy speaks first; what it leaves open, the conference's own decides. */
static void policies_stack_and_the_first_verdict_wins(void **state)
{
    struct conference_config config = {.name = "demo", .policy = "own"};
    struct call *alice, *bob;

    (void)state;
    assert_int_equal(focus_reserve(script.focus, &config), 0);
    script_write("own", "local policy = parley.policy { name = 'own' }\n"
                        "function policy.join() return reject(486, 'own') end\n"
                        "return policy\n");
    script_hook("join", "request",
                "if request.actor.user == 'alice' then return reject(403, 'site') end");
    alice = world_dial(script.focus, "alice", "demo");
    bob = world_dial(script.focus, "bob", "demo");
    assert_string_equal(alice->reason, "site");
    assert_string_equal(bob->reason, "own");
    world_hang_up(script.focus, alice);
    world_hang_up(script.focus, bob);
}

static void policies_do_not_see_each_other(void **state)
{
    struct conference_config config = {.name = "demo", .policy = "own"};

    (void)state;
    assert_int_equal(focus_reserve(script.focus, &config), 0);
    script_write("own", "local policy = parley.policy { name = 'own' }\n"
                        "local secret = 1\n"
                        "function policy.joined() return secret end\n"
                        "return policy\n");
    assert_string_equal(script_result("return (select(2, pcall(function() return secret end)))"),
                        "policy/site.lua:3: unknown global 'secret'");
}

/* Who decided is told by the focus in its log. */
static void a_decision_names_the_line_that_made_it(void **state)
{
    struct call *call;
    const char *log;

    (void)state;
    script_hook("join", "", "\n\n  return reject(403)");
    log_set_level(LOG_LEVEL_INFO);
    log_catch();
    call = world_dial(script.focus, "alice", "demo");
    log = log_caught();
    assert_contains(log, "(by policy/site.lua:4)");
    world_hang_up(script.focus, call);
}

static void an_error_names_line_hook_conference_and_call(void **state)
{
    const char *log;

    (void)state;
    log = script_failure("\n\n  return request.oops.user");
    assert_contains(log, "policy/site.lua:4: attempt to index a nil value (field 'oops') - hook "
                         "join, conference demo, call call1; decided by safe default: reject 500. "
                         "1 error in 60 s.");
}

static void errors_are_counted(void **state)
{
    struct call *call;

    (void)state;
    script_hook("join", "", "error('no')");
    log_catch();
    for (unsigned i = 0; i < 3; i++) {
        call = world_dial(script.focus, "alice", "demo");
        world_hang_up(script.focus, call);
    }
    assert_contains(log_caught(), "3 errors in 60 s.");
}

static void a_traceback_is_in_the_debug_log(void **state)
{
    struct call *call;

    (void)state;
    script_hook("join", "", "local function deep() error('here') end\n deep() return nil");
    log_set_level(LOG_LEVEL_DEBUG);
    log_catch();
    call = world_dial(script.focus, "alice", "demo");
    assert_contains(log_caught(), "policy/site.lua:2: in local 'deep'");
    world_hang_up(script.focus, call);
}

static void an_error_that_is_no_text_is_told_too(void **state)
{
    (void)state;
    assert_contains(script_failure("error({})"),
                    "policy/site.lua:2: the error is a table instead of a text");
    assert_contains(script_failure("error()"), "policy/site.lua:2: the error is a nil");
}

static void what_is_no_verdict_is_an_error(void **state)
{
    (void)state;
    assert_contains(script_failure("return true"),
                    "policy/site.lua:2: hook join must return accept { … }, reject(code, reason), "
                    "pending { … }, "
                    "challenge() or nothing, not a boolean - hook join");
}

static void wrong_verdicts_say_what_is_wrong(void **state)
{
    static const struct {
        const char *body, *error;
    } cases[] = {
        {"return accept { roll = 'host' }", "unknown key 'roll' (did you mean 'role'?)"},
        {"return accept { role = 5 }", "accept: role must be a text, not a number"},
        {"return accept { role = ('x'):rep(40) }", "role must have at most 31 bytes, not 40"},
        {"return accept { role = 'a\\r\\nb' }", "role must be UTF-8 without control characters"},
        {"return accept { role = 'a\\0b' }", "role must be UTF-8 without control characters"},
        {"return accept { role = '\\xff' }", "role must be UTF-8 without control characters"},
        {"return accept { muted = 1 }", "accept: muted must be true or false, not a number"},
        {"return accept { title = 'x' }", "accept: 'title' means nothing to join"},
        {"return accept 'host'", "table expected, got string"},
        {"return reject(200)", "the code must be a SIP status from 400 to 699"},
        {"return reject(302)", "the code must be a SIP status from 400 to 699"},
        {"return reject(401)", "401 asks for a password: write challenge(); to refuse, use 403"},
        {"return reject('no')", "number expected, got string"},
        {"return reject(403, 'a\\nb')", "the reason must be UTF-8 without control characters"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_contains(script_failure(cases[i].body), cases[i].error);
}

static void a_challenge_is_a_401(void **state)
{
    struct call *call;

    (void)state;
    script_hook("join", "request",
                "if not request.actor.authenticated then return challenge() end");
    call = world_dial(script.focus, "alice", "demo");
    assert_int_equal(call->reject_code, 401);
    world_hang_up(script.focus, call);
}

static void an_account_hook_answers_like_the_config(void **state)
{
    struct account account;

    (void)state;
    script_hook("account", "", "return { password = 'a', groups = { 'staff', '1' }, name = 'Al' }");
    assert_int_equal(lua_engine_account(script.engine, "alice", "parley", NULL, &account), 0);
    assert_string_equal(account.password, "a");
    assert_string_equal(account.groups, "staff 1");
    assert_string_equal(account.name, "Al");
}

static void an_account_hook_knows_nobody_by_default_and_fails_closed(void **state)
{
    static const struct {
        const char *body, *error;
    } cases[] = {
        {"return 'secret'", "must return { password"},
        {"return { pasword = 'secret' }", "unknown key 'pasword' (did you mean 'password'?)"},
        {"return { password = '' }", "password must be 1 to 255 bytes"},
        {"return { password = 5 }", "password must be a text, not a number"},
        {"return { name = 'Al' }", "needs a password or an ha1"},
        {"return { ha1 = { 'secret' } }", "ha1 must be H(user:realm:password)"},
        {"parley.conference('demo'):lock()", "conference:lock is not possible in a decision hook"},
        {"while true do end", "hook account"},
    };
    struct account account;

    (void)state;
    script_site("local policy = parley.policy { name = 'site' }\nreturn policy\n");
    assert_int_equal(lua_engine_account(script.engine, "alice", "parley", NULL, &account), ENOENT);
    script_hook("account", "user, realm",
                "if user == 'alice' and realm == 'parley' then\n"
                "return { ha1 = '0123456789abcdef0123456789ABCDEF' } end");
    assert_int_equal(lua_engine_account(script.engine, "bob", "parley", NULL, &account), ENOENT);
    assert_int_equal(lua_engine_account(script.engine, "alice", "parley", NULL, &account), 0);
    assert_string_equal(account.ha1_md5, "0123456789abcdef0123456789abcdef");
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        script_hook("account", "", cases[i].body);
        log_catch();
        assert_int_equal(lua_engine_account(script.engine, "alice", "parley", NULL, &account), EIO);
        assert_contains(log_caught(), cases[i].error);
        assert_null(strstr(script.log, "secret"));
    }
}

/* What a script's failure decides is the verb's business: admission fails closed, the rest as if
 * there were no script. */
static void other_verbs_fail_to_their_default(void **state)
{
    struct call *call = NULL;
    struct request request = {.verb = VERB_MUTE, .params.muted = true, .conference_name = "demo"};
    struct decision decision;

    (void)state;
    script_hook("mute", "", "error('no')");
    call = world_join(script.focus, "alice", "demo");
    request.conference = focus_conference_by_name(script.focus, "demo");
    request.target = participant_id(participant_of(call));
    request.actor = (struct actor){.kind = ACTOR_SERVER, .uri = "", .user = "", .host = ""};
    log_catch();
    assert_int_equal(focus_submit(script.focus, &request, &decision), 0);
    assert_contains(log_caught(), "decided by safe default: accept");
    assert_true(decision.failed);
    assert_string_equal(decision.by, "policy/site.lua:2");
    assert_true(participant_is_muted(participant_of(call)));
    world_hang_up(script.focus, call);
}

static void event_hooks_get_event_conference_and_participant(void **state)
{
    struct call *call;
    const char *log;

    (void)state;
    script_policy(
        "local function tell(event, conference, participant)\n"
        "  parley.log.info(event.name, conference.name, participant and participant.user,\n"
        "    event.on, event.digit, event.duration, event.reason)\n"
        "end\n"
        "for _, name in ipairs { 'created', 'joined', 'digit', 'muted', 'held', 'speaking',"
        "  'left', 'ended', 'locked' } do policy[name] = tell end\n");
    log_set_level(LOG_LEVEL_INFO);
    log_catch();
    call = world_join(script.focus, "alice", "demo");
    script_turn();
    focus_mixing_events()->on_digit(call->user, '#', 120, script.focus);
    focus_mixing_events()->on_speaking(call->user, true, script.focus);
    script_turn();
    world_hang_up(script.focus, call);
    script_turn();
    log = log_caught();
    assert_contains(log, "[demo] created demo nil nil nil nil nil (policy/site.lua:3)");
    assert_contains(log, "[demo call1] joined demo alice nil nil nil nil (policy/site.lua:3)");
    assert_contains(log, "[demo call1] digit demo alice nil # 0.12 nil");
    assert_contains(log, "[demo call1] speaking demo alice true nil nil nil");
    assert_contains(log, "[demo call1] left demo alice nil nil nil hung up");
    assert_contains(log, "[demo] ended demo nil nil nil nil the last participant has left");
}

static void a_failing_event_hook_harms_nobody(void **state)
{
    struct call *call;
    const char *log;

    (void)state;
    script_hook("joined", "event, conference", "conference.state.n = 1 error('no')");
    log_catch();
    call = world_join(script.focus, "alice", "demo");
    script_turn();
    log = log_caught();
    assert_contains(log, "policy/site.lua:2: no - hook joined, conference demo, call call1; "
                         "conference.state is as it was before. 1 error in 60 s.");
    assert_true(participant_has_joined(participant_of(call)));
    world_hang_up(script.focus, call);
}

static void hooks_are_in_the_status(void **state)
{
    const char *name, *file;
    json_t *status, *hooks;
    int calls, errors;
    double p50, p99;

    (void)state;
    (void)script_failure("error('no')");
    status = lua_engine_status(script.engine);
    assert_non_null(status);
    assert_int_equal(json_integer_value(json_object_get(status, "generation")), 1);
    assert_true(json_integer_value(json_object_get(status, "memory")) > 1000);
    assert_int_equal(json_unpack(json_array_get(json_object_get(status, "policies"), 0),
                                 "{s:s, s:s, s:o}", "name", &name, "file", &file, "hooks", &hooks),
                     0);
    assert_string_equal(name, "site");
    assert_string_equal(file, "policy/site.lua");
    assert_int_equal(json_unpack(json_object_get(hooks, "join"), "{s:i, s:i, s:F, s:F}", "calls",
                                 &calls, "errors", &errors, "p50_us", &p50, "p99_us", &p99),
                     0);
    assert_int_equal(calls, 1);
    assert_int_equal(errors, 1);
    assert_true(p50 > 0 && p99 >= p50);
    json_decref(status);
}

/* Both ways to say what is played have one rule. */
static void a_file_to_be_played_lies_beside_the_config(void **state)
{
    static const struct {
        const char *file;
        bool is_good;
    } cases[] = {
        {"a..b.wav", true},     {"..wav", true},         {"sounds/./a.wav", true},
        {"/etc/passwd", false}, {"../a.wav", false},     {"sounds/../../a.wav", false},
        {"sounds/..", false},   {"sounds//../a", false},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        char policy[512];
        struct call *alice;
        const char *log;

        (void)snprintf(policy, sizeof policy,
                       "function policy.announce() return accept { file = '%s' } end\n"
                       "function policy.joined(_, conference)\n"
                       "  conference:play 'a.wav'\n"
                       "  conference:play '%s'\n"
                       "end\n",
                       cases[i].file, cases[i].file);
        script_policy(policy);
        log_catch();
        alice = world_join(script.focus, "alice", "demo");
        script_turn();
        log = log_caught();
        if (cases[i].is_good) {
            assert_string_equal(log, "");
            assert_string_equal(world.first_player->file, cases[i].file);
        } else {
            assert_contains(log, "accept: file must lie in the config's directory");
            assert_contains(log, "play: the file must lie in the config's directory");
        }
        world_hang_up(script.focus, alice);
        script_turn();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(a_hook_that_says_nothing_leaves_the_default),
        SCRIPT_TEST(accept_sets_role_and_muted),
        SCRIPT_TEST(reject_says_code_and_reason),
        SCRIPT_TEST(an_accepted_create_gives_title_and_policy),
        SCRIPT_TEST(a_create_with_a_policy_that_does_not_exist_is_500),
        SCRIPT_TEST(a_request_says_who_asks_for_what),
        SCRIPT_TEST(policies_stack_and_the_first_verdict_wins),
        SCRIPT_TEST(policies_do_not_see_each_other),
        SCRIPT_TEST(a_decision_names_the_line_that_made_it),
        SCRIPT_TEST(an_error_names_line_hook_conference_and_call),
        SCRIPT_TEST(errors_are_counted),
        SCRIPT_TEST(a_traceback_is_in_the_debug_log),
        SCRIPT_TEST(an_error_that_is_no_text_is_told_too),
        SCRIPT_TEST(what_is_no_verdict_is_an_error),
        SCRIPT_TEST(wrong_verdicts_say_what_is_wrong),
        SCRIPT_TEST(a_challenge_is_a_401),
        SCRIPT_TEST(an_account_hook_answers_like_the_config),
        SCRIPT_TEST(an_account_hook_knows_nobody_by_default_and_fails_closed),
        SCRIPT_TEST(other_verbs_fail_to_their_default),
        SCRIPT_TEST(event_hooks_get_event_conference_and_participant),
        SCRIPT_TEST(a_failing_event_hook_harms_nobody),
        SCRIPT_TEST(hooks_are_in_the_status),
        SCRIPT_TEST(a_file_to_be_played_lies_beside_the_config),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
