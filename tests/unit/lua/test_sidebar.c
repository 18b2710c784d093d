/* conference:sidebar, :ask, :bring and participant:back, as scripts see them. */
#include "tests/unit/lua/script_world.h"

/* Runs `body` once alice has joined, with her conference and her; returns what was logged. */
static const char *joined(const char *body)
{
    char function[3000];
    struct call *alice;
    const char *log;

    (void)snprintf(function, sizeof function,
                   "function policy.joined(_, conference, alice)\n"
                   "if conference.parent then return end\n"
                   "local tell = parley.log.error\n%s\nend\n",
                   body);
    script_policy(function);
    alice = world_join(script.focus, "alice", "demo");
    log_catch();
    script_turn();
    log = log_caught();
    world_hang_up(script.focus, alice);
    script_turn();
    return log;
}

static void a_sidebar_is_a_conference_with_a_parent(void **state)
{
    const char *log = joined(
        "local side = conference:sidebar { title = 'Aside' }\n"
        "tell('made', side.title, side.parent == conference, conference.parent, #side)\n"
        "for one in conference:sidebars() do tell('one', one == side) end\n"
        "tell('before', alice.sidebar)\n"
        "local aside = side:bring(alice, { role = 'guest' })\n"
        "tell('brought', aside.role, aside.main == alice, alice.main, alice.sidebar == side)\n"
        "tell('uri', aside.uri == alice.uri, aside.conference == side)\n"
        "tell('back', alice:back('enough'), alice.sidebar, alice:back())");

    (void)state;
    assert_contains(log, "made Aside true nil 0");
    assert_contains(log, "one true");
    assert_contains(log, "before nil");
    assert_contains(log, "brought guest true nil true");
    assert_contains(log, "uri true true");
    assert_contains(log, "back true nil nil gone");
}

static void who_is_asked_is_in_no_sidebar_yet(void **state)
{
    const char *log =
        joined("local side = conference:sidebar()\n"
               "local aside = side:ask(alice, { prompt = '', timeout = 20, accept = '*' })\n"
               "tell('asked', aside.status, alice.sidebar)\n"
               "tell('now', side:bring(alice) == aside, aside.status, alice.sidebar == side)");

    (void)state;
    assert_contains(log, "asked dialing-out nil");
    assert_contains(log, "now true connected true");
}

static void the_hook_decides_and_changes(void **state)
{
    const char *log;
    struct call *alice;

    (void)state;
    script_policy(
        "function policy.sidebar(request, conference)\n"
        "  parley.log.error('hook', request.verb, request.asks, request.target ~= nil,"
        "                   conference.parent ~= nil, request.params.background)\n"
        "  if not request.target then return accept { title = 'Decided', background = -6 } end\n"
        "  if request.asks then return reject(403, 'Nobody is asked') end\n"
        "  return accept { muted = true, background = false }\n"
        "end\n"
        "function policy.joined(_, conference, alice)\n"
        "  if conference.parent then return end\n"
        "  local side = conference:sidebar { background = -10 }\n"
        "  parley.log.error('ask', side.title, side:ask(alice))\n"
        "  parley.log.error('muted', side:bring(alice).muted)\n"
        "end\n");
    alice = world_join(script.focus, "alice", "demo");
    log_catch();
    script_turn();
    log = log_caught();
    assert_contains(log, "hook sidebar false false false -10");
    assert_contains(log, "hook sidebar true true true -6");
    assert_contains(log, "ask Decided nil Nobody is asked 403");
    assert_contains(log, "muted true");
    assert_true(world_leg_of(alice->user)->route.hears[MIX_MAIN] <= GAIN_OFF);
    world_hang_up(script.focus, alice);
}

static void a_policy_that_is_not_there_makes_no_sidebar(void **state)
{
    struct call *alice;
    const char *log;

    (void)state;
    script_policy("function policy.sidebar() return accept { policy = 'missing' } end\n"
                  "function policy.joined(_, conference)\n"
                  "  parley.log.error('made', conference:sidebar())\n"
                  "end\n");
    alice = world_join(script.focus, "alice", "demo");
    log_catch();
    script_turn();
    log = log_caught();
    assert_contains(log, "missing");
    assert_contains(log, "made nil Policy error 500");
    world_hang_up(script.focus, alice);
}

static void it_begins_with_the_policy_and_the_options_of_its_parent(void **state)
{
    json_t *options = json_pack("{s:s}", "pin", "1234");
    const struct conference_config config = {.name = "demo", .policy = "own", .options = options};
    const char *log;

    (void)state;
    script_write("own", "local policy = parley.policy { name = 'own',\n"
                        "  options = { pin = { type = 'string', default = '' } } }\n"
                        "function policy.created(_, conference)\n"
                        "  parley.log.error('created', conference.parent ~= nil,"
                        "                   conference.options.pin)\n"
                        "end\nreturn policy\n");
    assert_int_equal(focus_reserve(script.focus, &config), 0);
    json_decref(options);
    log = joined("conference:sidebar { policy = 'own', options = { pin = '4711' } }");
    assert_contains(log, "created true 4711");
    log = joined("conference:sidebar()");
    assert_contains(log, "created true 1234");
    log = joined("tell(pcall(conference.sidebar, conference, { options = { pni = '4711' } }))");
    assert_contains(log, "pni");
    assert_null(strstr(log, "created true"));
}

static void misuse_says_what_to_do(void **state)
{
    static const struct {
        const char *call, *error;
    } slips[] = {
        {"conference:sidebar { backgrund = 1 }", "did you mean 'background'?"},
        {"conference:sidebar { background = 3 }",
         "sidebar: background must be a number from -60 to 0 dB, or false, not 3"},
        {"conference:sidebar { shown = 'all' }",
         "sidebar: shown must be \"none\", \"ref\" or \"val\""},
        {"conference:sidebar { policy = 'missing' }", "sidebar: "},
        {"conference:bring(alice)",
         "bring: this is no sidebar; conference:sidebar { … } makes one"},
        {"conference:sidebar():ask('alice')", "participant expected, got string"},
        {"conference:sidebar():ask(alice, { timeout = 0 })",
         "ask: timeout must be a duration such as \"5m\", or a number of seconds, from 1 to 600 s"},
        {"conference:sidebar():ask(alice, { accept = 'yes' })", "ask: accept"},
        {"conference:sidebar():ask(alice, { accept = '2' })",
         "ask: one key cannot both accept and decline"},
        {"conference:sidebar():ask(alice, { prompt = '../secret.wav' })",
         "ask: prompt must lie in the config's directory or below it"},
        {"conference:sidebar():bring(alice, { prompt = '' })", "bring"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof slips / sizeof *slips; i++)
        assert_contains(joined(slips[i].call), slips[i].error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(a_sidebar_is_a_conference_with_a_parent),
        SCRIPT_TEST(who_is_asked_is_in_no_sidebar_yet),
        SCRIPT_TEST(the_hook_decides_and_changes),
        SCRIPT_TEST(a_policy_that_is_not_there_makes_no_sidebar),
        SCRIPT_TEST(it_begins_with_the_policy_and_the_options_of_its_parent),
        SCRIPT_TEST(misuse_says_what_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
