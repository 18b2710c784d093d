/* conference:play and participant:play, as scripts see them. */
#include "tests/unit/lua/script_world.h"

/* Runs `body` once alice has joined, with her conference and her; returns what was logged. */
static const char *joined(const char *body)
{
    char function[3000];
    const char *log;

    (void)snprintf(function, sizeof function,
                   "function policy.joined(_, conference, alice)\n"
                   "local function tell(...) parley.log.error(...) end\n"
                   "local function try(...) tell(select(2, pcall(alice.play, alice, ...))) end\n"
                   "%s\nend\n",
                   body);
    script_policy(function);
    (void)world_join(script.focus, "alice", "demo");
    log_catch();
    script_turn();
    log = log_caught();
    return log;
}

static void what_is_played_is_a_file_or_a_list(void **state)
{
    (void)state;
    assert_string_equal(joined("conference:play { 'a.wav', 'b', gain = -6 }"), "");
    assert_string_equal(world.first_player->file, "a.wav\nb");
    assert_true(world.first_player->gain == -6);
    assert_string_equal(joined("alice:play({ 'one', 'two' }, { loop = false })"), "");
    assert_string_equal(world.first_player->file, "one\ntwo");
}

static void what_cannot_be_played_is_told(void **state)
{
    const char *log = joined("try() try {} try '' try { 'a', 5 } try { 'a', loud = 1 }\n"
                             "try('a', { 'b' }) try { '/etc/passwd' }\n"
                             "local many = {} for i = 1, 65 do many[i] = 'a' end try(many)\n"
                             "local long = {} for i = 1, 5 do long[i] = ('n'):rep(250) end "
                             "try(long)");

    (void)state;
    assert_contains(log, "play: the file has no name; stop() ends what plays");
    assert_contains(log, "play: the file must be a text");
    assert_contains(log, "play: unknown key 'loud'");
    assert_contains(log, "must lie in the config's directory");
    assert_contains(log, "play: the file: more than 64 files");
    assert_contains(log, "play: the file: the names are longer than 1023 bytes together");
}

static void the_hook_sees_and_changes_a_list(void **state)
{
    char policy[] = "function policy.announce(request)\n"
                    "  local file = request.params.file\n"
                    "  if type(file) == 'table' then\n"
                    "    return accept { file = { 'first', table.unpack(file) } }\n"
                    "  end\n"
                    "end\n"
                    "function policy.joined(_, conference)\n"
                    "  conference:play { 'a', 'b' }\n"
                    "end\n";

    (void)state;
    script_policy(policy);
    (void)world_join(script.focus, "alice", "demo");
    script_turn();
    assert_string_equal(world.first_player->file, "first\na\nb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(what_is_played_is_a_file_or_a_list),
        SCRIPT_TEST(what_cannot_be_played_is_told),
        SCRIPT_TEST(the_hook_sees_and_changes_a_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
