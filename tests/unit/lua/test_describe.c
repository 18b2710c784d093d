/* What policies tell of themselves: names, verbs, public options, nothing else. */
#include "tests/unit/lua/script_world.h"

static json_t *describe(void)
{
    return focus_describe_policies(script.focus, focus_conference_by_name(script.focus, "demo"));
}

static void names_verbs_and_public_options_are_told(void **state)
{
    json_t *told, *expected;

    (void)state;
    script_site("local policy = parley.policy { name = 'mine', options = {\n"
                "  hosts = { type = 'list', default = { 'alice', 'bob' }, public = true },\n"
                "  most  = { type = 'integer', default = 3, public = true },\n"
                "  note  = { type = 'string', public = true },\n"
                "  pin   = { type = 'string', default = '4711' },\n"
                "} }\n"
                "function policy.join() end\n"
                "function policy.close() end\n"
                "function policy.joined() end\n"
                "return policy\n");
    told = describe();
    expected = json_pack("[{s:s, s:[s, s], s:{s:s, s:s, s:s}}]", "name", "mine", "verbs", "join",
                         "close", "options", "hosts", "alice, bob", "most", "3", "note", "");
    assert_non_null(expected);
    assert_true(json_equal(told, expected));
    json_decref(told);
    json_decref(expected);
}

static void an_option_that_is_wrong_is_left_out(void **state)
{
    struct conference_config config = {.name = "demo"};
    json_t *told;

    (void)state;
    script_site("local policy = parley.policy { name = 'mine', options = {\n"
                "  most = { type = 'integer', default = 3, public = true },\n"
                "} }\n"
                "return policy\n");
    config.options = json_pack("{s:s}", "most", "many");
    assert_int_equal(focus_reserve(script.focus, &config), 0);
    told = describe();
    assert_int_equal(json_array_size(told), 1);
    assert_int_equal(json_object_size(json_object_get(json_array_get(told, 0), "options")), 0);
    json_decref(told);
    json_decref((json_t *)config.options);
}

static void a_slip_in_public_is_told_with_its_option(void **state)
{
    (void)state;
    assert_contains(script_load_error("return parley.policy { name = 'x', options = {\n"
                                      "  pin = { type = 'string', public = 1 } } }\n"),
                    "option 'pin': public must be true or false, not this number");
    assert_contains(
        script_load_error("return parley.policy { name = 'x', options = {\n"
                          "  pin = { type = 'string', public = true, secret = true } } }\n"),
        "option 'pin': what is secret cannot be public");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(names_verbs_and_public_options_are_told),
        SCRIPT_TEST(an_option_that_is_wrong_is_left_out),
        SCRIPT_TEST(a_slip_in_public_is_told_with_its_option),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
