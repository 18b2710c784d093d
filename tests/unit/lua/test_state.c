/* conference.state: kept between hooks and generations, a transaction per hook. */
#include "tests/unit/lua/script_world.h"

static void dial(const char *user)
{
    world_hang_up(script.focus, world_dial(script.focus, user, "demo"));
    script_turn();
}

static void state_is_kept_between_hooks(void **state)
{
    struct call *call;

    (void)state;
    script_hook("join", "request, conference",
                "local s = conference.state\n"
                "s.n = (s.n or 0) + 1\n"
                "s.names = s.names or {}\n"
                "s.names[s.n] = request.actor.user\n"
                "return reject(499, s.n .. ' ' .. table.concat(s.names, ','))");
    dial("alice");
    dial("bob");
    call = world_dial(script.focus, "carol", "demo");
    assert_string_equal(call->reason, "3 alice,bob,carol");
    world_hang_up(script.focus, call);
}

static void state_survives_a_reload(void **state)
{
    (void)state;
    script_hook("join", "request, conference",
                "conference.state = { topic = 'budget', deep = { list = { 1, 2.5, true } } }\n"
                "return reject(499)");
    dial("alice");
    assert_string_equal(script_result("local s = conference.state\n"
                                      "return s.topic .. s.deep.list[1] .. s.deep.list[2] .. "
                                      "tostring(s.deep.list[3]) .. math.type(s.deep.list[1])"),
                        "budget12.5trueinteger");
    assert_int_equal(lua_engine_generation(script.engine), 2);
}

static void a_failing_hook_leaves_state_as_it_was(void **state)
{
    (void)state;
    script_hook("join", "request, conference",
                "if request.actor.user == 'alice' then conference.state.n = 1 return end\n"
                "conference.state.n = 2 error('no')");
    dial("alice");
    log_catch();
    dial("bob");
    (void)log_caught();
    assert_string_equal(script_result("return conference.state.n"), "1");
}

static void what_is_not_plain_is_an_error_that_names_the_key(void **state)
{
    static const struct {
        const char *body, *error;
    } cases[] = {
        {"conference.state.f = print", "conference.state.f: a function cannot be kept"},
        {"conference.state.a = { b = { 1, 2, conference } }",
         "conference.state.a.b[3]: a userdata cannot be kept"},
        {"conference.state[true] = 1", "a boolean cannot be kept as a key"},
        {"conference.state.t = setmetatable({}, {})", "a table with a metatable cannot be kept"},
        {"local t = {} t.t = t conference.state.t = t",
         "conference.state.t.t: a table that holds itself cannot be kept"},
        {"local t = conference.state for _ = 1, 40 do t.x = {} t = t.x end",
         "more than 32 tables in each other"},
        {"conference.state.s = ('x'):rep(70000)", "it would hold more than 64 KiB"},
        {"conference.state = 5", "conference.state must be a table, not a number"},
        {"conference.state.n = 1 conference.state = { f = print }",
         "conference.state.f: a function"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_contains(script_failure(cases[i].body), cases[i].error);
        assert_string_equal(script_result("return next(conference.state)"), "nil");
    }
}

static void state_is_only_there_within_a_hook(void **state)
{
    (void)state;
    assert_contains(script_load_error("local c = parley.conference('demo')"),
                    "parley.conference is not possible while its file is loaded");
}

static void state_is_dropped_with_its_conference(void **state)
{
    struct call *call;
    json_t *status;

    (void)state;
    script_policy("function policy.create() return accept() end\n"
                  "function policy.joined(_, conference) conference.state.n = 1 end\n");
    call = world_join(script.focus, "alice", "brief");
    script_turn();
    status = lua_engine_status(script.engine);
    assert_int_equal(json_integer_value(json_object_get(status, "states")), 1);
    json_decref(status);
    world_hang_up(script.focus, call);
    script_turn();
    status = lua_engine_status(script.engine);
    assert_int_equal(json_integer_value(json_object_get(status, "states")), 0);
    json_decref(status);
}

static const char nested[] =
    "local policy = parley.policy { name = 'site' }\n"
    "function policy.joined(_, conference, participant)\n"
    "  local state = conference.state\n"
    "  state.outer = 1\n"
    "  state.list = { 'kept' }\n"
    "  state.result = tostring(participant:mute())\n"
    "  state.seen = state.inner\n"
    "end\n"
    "function policy.mute(_, conference)\n"
    "  local state = conference.state\n"
    "  state.inner = state.outer + 1\n"
    "  state.list[1] = 'changed'\n"
    "  %s\n"
    "end\n"
    "function policy.join(_, conference)\n"
    "  local s = conference.state\n"
    "  if s.list then return reject(499, table.concat({ tostring(s.outer), tostring(s.inner),"
    "    tostring(s.seen), s.list[1], s.result }, ' ')) end\n"
    "end\n"
    "return policy\n";

/* A joined hook's command asks the mute hook: both work on one state. */
static const char *nested_result(const char *ending)
{
    static char reason[96];
    char source[1200];
    struct call *alice, *bob;

    (void)snprintf(source, sizeof source, nested, ending);
    script_site(source);
    log_catch();
    alice = world_join(script.focus, "alice", "demo");
    script_turn();
    (void)log_caught();
    bob = world_dial(script.focus, "bob", "demo");
    (void)snprintf(reason, sizeof reason, "%s", bob->reason);
    world_hang_up(script.focus, bob);
    world_hang_up(script.focus, alice);
    return reason;
}

static void a_hook_within_a_hook_sees_and_changes_the_same_state(void **state)
{
    (void)state;
    assert_string_equal(nested_result(""), "1 2 2 changed true");
}

static void a_hook_that_fails_within_a_hook_takes_back_only_its_own(void **state)
{
    (void)state;
    assert_string_equal(nested_result("error('no')"), "1 nil nil kept true");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(state_is_kept_between_hooks),
        SCRIPT_TEST(state_survives_a_reload),
        SCRIPT_TEST(a_failing_hook_leaves_state_as_it_was),
        SCRIPT_TEST(what_is_not_plain_is_an_error_that_names_the_key),
        SCRIPT_TEST(state_is_only_there_within_a_hook),
        SCRIPT_TEST(state_is_dropped_with_its_conference),
        SCRIPT_TEST(a_hook_within_a_hook_sees_and_changes_the_same_state),
        SCRIPT_TEST(a_hook_that_fails_within_a_hook_takes_back_only_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
