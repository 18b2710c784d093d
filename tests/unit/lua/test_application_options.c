/* What applications declare and the config says; and conferences with a number. */
#include "tests/unit/lua/script_world.h"

#include <errno.h>

/* Loads the application 9000 with these options. */
static int load(const char *source, const char *options)
{
    char path[128];

    script_write("own", source);
    script_path("own", path, sizeof path);
    script_write("site", "return parley.policy { name = 'site' }");
    json_decref(script.applications);
    script.applications = json_pack("{s:{s:s, s:o}}", "9000", "script", path, "options",
                                    json_loads(options, 0, NULL));
    assert_non_null(script.applications);
    lua_engine_destroy(script.engine);
    script.engine = NULL;
    return script_start();
}

/* Loads it, and what the options are is why a call to it is refused. */
static void assert_says(const char *declarations, const char *options, const char *expected)
{
    char source[1000];
    struct call *call;

    (void)snprintf(source, sizeof source,
                   "local options = parley.options { %s }\n"
                   "return function(call) call:reject(480, tostring(options.x)) end",
                   declarations);
    if (load(source, options))
        fail_msg("%s", script.error);
    call = world_dial(script.focus, "alice", "9000");
    assert_string_equal(call->reason, expected);
    world_hang_up(script.focus, call);
    script_turn();
}

static void assert_refuses(const char *source, const char *options, const char *error)
{
    assert_int_equal(load(source, options), EINVAL);
    assert_contains(script.error, error);
}

static void options_have_types_and_defaults(void **state)
{
    (void)state;
    assert_says("x = { type = 'duration', default = '5m' }", "{}", "300.0");
    assert_says("x = { type = 'duration', default = '5m' }", "{\"x\": \"2m\"}", "120.0");
    assert_says("x = { type = 'boolean' }", "{\"x\": false}", "false");
    assert_says("x = { type = 'string' }, y = { type = 'list' }", "{\"y\": [\"a\"]}", "nil");
}

static void what_does_not_suit_is_refused(void **state)
{
    static const char one[] = "local o = parley.options { pin = { type = 'string', min = 4 } }\n"
                              "return function() return o end";

    (void)state;
    assert_refuses(one, "{\"pin\": 4711}", "applications.9000: option 'pin' must be a text");
    assert_refuses(one, "{\"pinn\": \"4711\"}", "declares no option 'pinn' (did you mean 'pin'?)");
    assert_refuses("return function() end", "{\"pin\": 1}", "takes no options");
    assert_refuses("parley.options {} parley.options {} return function() end", "{}",
                   "policy/own.lua:1: parley.options was called before");
    assert_refuses("parley.options { x = 1 } return function() end", "{}",
                   "option 'x' must be declared as");
    script_write("site", "parley.options {} return parley.policy { name = 'site' }");
    json_decref(script.applications);
    script.applications = NULL;
    assert_int_equal(script_start(), EINVAL);
    assert_contains(script.error, "parley.options is for an application's file");
}

static void a_policy_that_is_named_must_be_there(void **state)
{
    static const char one[] = "local o = parley.options { under = { type = 'policy' } }\n"
                              "return function() return o end";
    char path[128], options[200];

    (void)state;
    script_path("site", path, sizeof path);
    (void)snprintf(options, sizeof options, "{\"under\": \"%s\"}", path);
    assert_int_equal(load(one, options), 0);
    assert_refuses(one, "{\"under\": \"opem\"}",
                   "applications.9000: option 'under': policy 'opem': no such file; looked for ");
    assert_refuses(one, "{\"under\": 5}", "option 'under' must be the name of a policy, not 5");
    script_write("other", "return parley.policy { name = }");
    script_path("other", path, sizeof path);
    (void)snprintf(options, sizeof options, "{\"under\": \"%s\"}", path);
    assert_refuses(one, options, "other.lua:1: unexpected symbol near '}'");
}

static void an_option_that_is_not_declared_is_no_nil(void **state)
{
    struct call *call;

    (void)state;
    assert_int_equal(load("local o = parley.options { lock = { type = 'number' } }\n"
                          "return function() return o.lok end",
                          "{}"),
                     0);
    log_catch();
    call = world_dial(script.focus, "alice", "9000");
    assert_contains(log_caught(), "policy/own.lua:2: option 'lok' is not declared (did you mean "
                                  "'lock'?)");
    world_hang_up(script.focus, call);
    script_turn();
}

static void a_conference_may_have_a_number(void **state)
{
    char names[2][100];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct call *call;

        assert_int_equal(load("return function(call)\n"
                              "  local ok, why = pcall(parley.create, { digits = 3 })\n"
                              "  assert(not ok and why:find 'from 4 to 16', why)\n"
                              "  call:reject(480, parley.create { digits = 6 }.name)\n"
                              "end",
                              "{}"),
                         0);
        call = world_dial(script.focus, "alice", "9000");
        (void)snprintf(names[i], sizeof names[i], "%s", call->reason);
        assert_int_equal(strlen(names[i]), 6);
        assert_int_equal(strspn(names[i], "0123456789"), 6);
        assert_int_not_equal(names[i][0], '0');
        assert_non_null(focus_conference_by_name(script.focus, names[i]));
        world_hang_up(script.focus, call);
        script_turn();
    }
    assert_string_not_equal(names[0], names[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(options_have_types_and_defaults),
        SCRIPT_TEST(what_does_not_suit_is_refused),
        SCRIPT_TEST(a_policy_that_is_named_must_be_there),
        SCRIPT_TEST(an_option_that_is_not_declared_is_no_nil),
        SCRIPT_TEST(a_conference_may_have_a_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
