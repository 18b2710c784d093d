/* Loading, checking and reloading policies. */
#include "tests/unit/lua/script_world.h"

#include <malloc.h>

#define GOOD                                                                                       \
    "local policy = parley.policy { name = 'site' }\n"                                             \
    "function policy.join() return reject(499, 'old') end\n"                                       \
    "return policy\n"

static void assert_answer(const char *reason)
{
    struct call *call = world_dial(script.focus, "alice", "demo");

    assert_string_equal(call->reason, reason);
    world_hang_up(script.focus, call);
}

/* With this conference as it is to be. */
static int reload_for(const struct conference_config *config)
{
    struct lua_engine_demand demand = {.conferences = config, .conference_count = 1};

    return lua_engine_reload(script.engine, &demand, script.error, sizeof script.error);
}

static void a_reload_changes_the_next_decision(void **state)
{
    (void)state;
    script_site(GOOD);
    assert_answer("old");
    script_policy("function policy.join() return reject(499, 'new') end\n");
    assert_answer("new");
    assert_int_equal(lua_engine_generation(script.engine), 2);
}

/* What is wrong is said with its line, and the old one goes on. */
static void a_broken_policy_is_not_taken(void **state)
{
    static const struct {
        const char *source, *error;
    } cases[] = {
        {"local x = = 1", "policy/site.lua:1: unexpected symbol near '='"},
        {"\n\nfunction policy.join() end", "policy/site.lua:3: unknown global 'policy'"},
        {"error('not today')", "policy/site.lua:1: not today"},
        {"return 1", "policy/site.lua: the file must return its policy"},
        {"local p = parley.policy { name = 'x' }", "policy/site.lua: the file must return"},
        {"return parley.policy {}", "policy/site.lua:1: parley.policy: name must be a text"},
        {"return parley.policy { name = 'x', optoins = {} }",
         "policy/site.lua:1: unknown hook 'optoins'"},
        {"local p = parley.policy { name = 'x' }\nfunction p.jion() end\nreturn p",
         "policy/site.lua:2: unknown hook 'jion' (did you mean 'join'?)"},
        {"local p = parley.policy { name = 'x' }\np['end'] = print\nreturn p",
         "policy/site.lua:2: unknown hook 'end': it is called 'close'"},
        {"local p = parley.policy { name = 'x' }\np.join = true\nreturn p",
         "policy/site.lua:2: hook 'join' must be a function, not a boolean"},
        {"parley.policy { name = 'x' }\nreturn parley.policy { name = 'y' }",
         "policy/site.lua:2: a file makes one policy"},
        {"parley.conferences()", "parley.conferences is not possible while its file is loaded"},
    };

    (void)state;
    script_site(GOOD);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_contains(script_load_error(cases[i].source), cases[i].error);
        assert_answer("old");
    }
    assert_int_equal(lua_engine_generation(script.engine), 1);
    script_delete("site");
    assert_int_equal(script_reload(), EINVAL);
    assert_contains(script.error, "policy 'site': no such file; looked for ");
    assert_answer("old");
}

static void a_policy_does_not_change_after_loading(void **state)
{
    (void)state;
    script_policy("function policy.join()\n"
                  "  local ok, why = pcall(function() policy.join = print end)\n"
                  "  return reject(499, why)\n"
                  "end\n");
    assert_answer("policy/site.lua:3: hooks can only be set while their file is loaded");
}

static void a_fifo_or_a_directory_is_no_policy(void **state)
{
    char path[128];

    (void)state;
    script_site(GOOD);
    script_delete("site");
    script_path("site", path, sizeof path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(script_reload(), EINVAL);
    assert_contains(script.error, "not a regular file");
}

static void the_policies_of_conferences_are_loaded_or_missed_at_once(void **state)
{
    struct conference_config config = {.name = "demo", .policy = "late"};

    (void)state;
    script_site(GOOD);
    assert_int_equal(reload_for(&config), EINVAL);
    assert_contains(script.error, "policy 'late': no such file");
    script_write("late", "return parley.policy { name = 'late' }");
    assert_int_equal(reload_for(&config), 0);
}

static void a_reload_can_change_the_sites_policy_and_failing_keeps_it(void **state)
{
    struct lua_engine_demand demand = {.site_policy = "other"};
    struct call *call;

    (void)state;
    script_site(GOOD);
    assert_int_equal(lua_engine_reload(script.engine, &demand, script.error, sizeof script.error),
                     EINVAL);
    assert_contains(script.error, "policy 'other': no such file");
    call = world_dial(script.focus, "alice", "anywhere");
    assert_int_not_equal(call->reject_code, 699);
    world_hang_up(script.focus, call);
    script_write("other", "local policy = parley.policy { name = 'other' }\n"
                          "function policy.create() return reject(699, 'other') end\n"
                          "return policy\n");
    assert_int_equal(lua_engine_reload(script.engine, &demand, script.error, sizeof script.error),
                     0);
    call = world_dial(script.focus, "alice", "anywhere");
    assert_int_equal(call->reject_code, 699);
    world_hang_up(script.focus, call);
    assert_int_equal(script_reload(), 0); /* and it stays */
    call = world_dial(script.focus, "alice", "anywhere");
    assert_int_equal(call->reject_code, 699);
    world_hang_up(script.focus, call);
}

static void a_policy_named_later_is_loaded_when_it_is_asked(void **state)
{
    struct conference_config config = {.name = "demo", .policy = "late"};

    (void)state;
    script_site("return parley.policy { name = 'site' }\n");
    script_write("late", "local policy = parley.policy { name = 'late' }\n"
                         "function policy.join() return reject(499, 'late') end\n"
                         "return policy\n");
    assert_int_equal(focus_reserve(script.focus, &config), 0);
    assert_answer("late");
}

/* A file is read once a generation, whether it is good or not. */
static void a_broken_policy_named_later_fails_closed(void **state)
{
    struct conference_config config = {.name = "demo", .policy = "late"};

    (void)state;
    script_site("return parley.policy { name = 'site' }\n");
    script_write("late", "oops");
    assert_int_equal(focus_reserve(script.focus, &config), 0);
    log_catch();
    assert_answer("Policy error");
    script_write("late", "return parley.policy { name = 'late' }");
    assert_answer("Policy error");
    assert_contains(log_caught(), "policy/late.lua:1: syntax error near <eof>");
    assert_int_equal(script_reload(), 0);
    assert_answer("");
}

/* A leg's route is changed by a command of a hook: so this reload comes while that hook runs. */
static bool reload_on_route;

static int route_and_reload(struct leg *leg, const struct leg_route *route)
{
    leg->route = *route;
    if (reload_on_route) {
        reload_on_route = false;
        assert_int_equal(script_reload(), 0);
    }
    return 0;
}

static void a_generation_lives_until_its_last_hook_is_done(void **state)
{
    struct mixing mixing = world_mixing;
    struct call *call;

    (void)state;
    script_policy("function policy.joined(_, conference, participant)\n"
                  "  participant:mute()\n"
                  "  conference.state.text = ('still '):rep(2) .. participant.user\n"
                  "end\n"
                  "function policy.join(_, conference)\n"
                  "  if conference.state.text then return reject(499, conference.state.text ..\n"
                  "    parley.generation) end\n"
                  "end\n");
    mixing.leg_route = route_and_reload;
    focus_connect(script.focus, &world_signalling, &mixing, lua_engine_policy(script.engine));
    call = world_join(script.focus, "alice", "demo");
    reload_on_route = true;
    script_turn();
    assert_false(reload_on_route);
    assert_answer("still still alice2");
    world_hang_up(script.focus, call);
    script_turn();
    focus_connect(script.focus, &world_signalling, &world_mixing, lua_engine_policy(script.engine));
}

static json_int_t memory_of_scripts(void)
{
    json_t *status = lua_engine_status(script.engine);
    json_int_t memory = json_integer_value(json_object_get(status, "memory"));

    json_decref(status);
    return memory;
}

static void a_thousand_reloads_leave_memory_where_it_was(void **state)
{
    json_int_t memory = 0;
    size_t allocated = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        if (i % 3 == 2)
            (void)script_load_error("local t = {} for i = 1, 100 do t[i] = {} end oops()");
        else
            script_site(GOOD);
        if (i == 10) {
            memory = memory_of_scripts();
            allocated = mallinfo2().uordblks;
        }
    }
    assert_in_range(memory_of_scripts(), memory - 512, memory + 512);
    /* glibc counts what it keeps for threads as in use, and that settles slowly. A reload takes
     * dozens of allocations: if it lost 130 bytes, this would see it. */
    assert_in_range(mallinfo2().uordblks, 0, allocated + 131072);
    assert_answer("old");
}

static void one_file_can_be_checked_without_a_server(void **state)
{
    char path[128];

    (void)state;
    script_write("own", "return parley.policy { name = 'own' }");
    script_path("own", path, sizeof path);
    assert_int_equal(lua_check_script(path, script.error, sizeof script.error), 0);
    script_write("own", "\nlocal p = parley.policy { name = 'own' }\nfunction p.muet() end\n");
    assert_int_equal(lua_check_script(path, script.error, sizeof script.error), EINVAL);
    assert_contains(script.error, "own.lua:3: unknown hook 'muet' (did you mean 'mute'?)");
    assert_int_equal(lua_check_script("/nowhere.lua", script.error, sizeof script.error), EINVAL);
    assert_contains(script.error, "/nowhere.lua: cannot read the script: No such file");
}

static void a_policy_is_found_beside_the_config(void **state)
{
    char path[256], expected[128];

    (void)state;
    script_write("own", GOOD);
    script_path("own", expected, sizeof expected);
    assert_true(lua_script_path("policy", "own", script.config_file, path, sizeof path));
    assert_string_equal(path, expected);
    assert_false(lua_script_path("policy", "none", script.config_file, path, sizeof path));
    assert_contains(path, "/policy/none.lua, ");
    assert_contains(path, "../share/parley/policy/none.lua");
    assert_true(lua_script_path("policy", "policy/open.lua", "", path, sizeof path));
    assert_string_equal(path, "policy/open.lua");
    assert_false(lua_script_path("policy", "./none.lua", "", path, sizeof path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(a_reload_changes_the_next_decision),
        SCRIPT_TEST(a_broken_policy_is_not_taken),
        SCRIPT_TEST(a_policy_does_not_change_after_loading),
        SCRIPT_TEST(a_fifo_or_a_directory_is_no_policy),
        SCRIPT_TEST(the_policies_of_conferences_are_loaded_or_missed_at_once),
        SCRIPT_TEST(a_reload_can_change_the_sites_policy_and_failing_keeps_it),
        SCRIPT_TEST(a_policy_named_later_is_loaded_when_it_is_asked),
        SCRIPT_TEST(a_broken_policy_named_later_fails_closed),
        SCRIPT_TEST(a_generation_lives_until_its_last_hook_is_done),
        SCRIPT_TEST(a_thousand_reloads_leave_memory_where_it_was),
        SCRIPT_TEST(one_file_can_be_checked_without_a_server),
        SCRIPT_TEST(a_policy_is_found_beside_the_config),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
