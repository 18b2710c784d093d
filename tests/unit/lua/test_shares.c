/* Whose the memory is: who is greedy goes without, and nobody else. */
#include "tests/unit/lua/call_world.h"

/* Each call keeps what it can get, for ever. */
static const char hoard[] =
    "local kept = {}\n"
    "return function(call)\n"
    "  while true do kept[#kept + 1] = ('x'):rep(1000):rep(200) .. #kept end\n"
    "end\n";

static json_int_t memory_held(void)
{
    json_t *status = lua_engine_status(script.engine);
    json_int_t held = json_integer_value(json_object_get(status, "memory"));

    json_decref(status);
    return held;
}

/* What the log says of the next call to the application. */
static const char *failure_of_a_call(void)
{
    struct call *call;
    const char *log;

    log_catch();
    call = world_dial(script.focus, "alice", "9000");
    log = log_caught();
    world_hang_up(script.focus, call);
    script_turn();
    return log;
}

static void a_conversation_has_its_share_and_no_more(void **state)
{
    (void)state;
    log_catch();
    world_hang_up(script.focus, begin(hoard));
    script_turn();
    assert_contains(log_caught(), "own.lua:3: not enough memory: a conversation has 4 MiB");
    assert_in_range(memory_held(), 3 << 20, 5 << 20);
    assert_contains(failure_of_a_call(), "a conversation has 4 MiB");
}

static void what_conversations_leave_behind_is_their_files_and_nobody_elses(void **state)
{
    struct call *call;

    (void)state;
    script_write("site", "local policy = parley.policy { name = 'site' }\n"
                         "local mine = {}\n"
                         "function policy.join()\n"
                         "  for i = 1, 4 do mine[i] = ('x'):rep(1000):rep(200) .. i end\n"
                         "  return reject(499, 'well')\n"
                         "end\n"
                         "return policy\n");
    log_catch();
    world_hang_up(script.focus, begin(hoard));
    script_turn();
    (void)log_caught();
    for (unsigned i = 0; i < 20; i++)
        (void)failure_of_a_call();
    assert_in_range(memory_held(), 30 << 20, 33 << 20);
    call = world_dial(script.focus, "alice", "demo");
    assert_string_equal(call->reason, "well");
    world_hang_up(script.focus, call);
    script_turn();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(a_conversation_has_its_share_and_no_more),
        SCRIPT_TEST(what_conversations_leave_behind_is_their_files_and_nobody_elses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
