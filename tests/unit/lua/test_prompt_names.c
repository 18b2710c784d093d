/* Which prompts a script is seen to name, and what is no such name. */
#include "tests/unit/lua/script_world.h"

static char names[512]; /* "2:welcome 3:menu " */

static void note(void *arg, const char *name, unsigned line)
{
    size_t length = strlen(names);

    (void)arg;
    (void)snprintf(names + length, sizeof names - length, "%u:%s ", line, name);
}

static const char *names_in(const char *source)
{
    char path[256];

    script_write("own", source);
    (void)snprintf(path, sizeof path, "%s/policy/own.lua", script.directory);
    *names = '\0';
    assert_int_equal(lua_prompt_names(path, note, NULL), 0);
    return names;
}

static void what_is_played_said_or_asked_by_a_literal_is_a_prompt(void **state)
{
    (void)state;
    assert_string_equal(
        names_in("call:say 'welcome'\n"
                 "call:say('there-are', number(3), \"participants\")\n"
                 "conference:play { 'one', gain = -6, number(2), 'two' }\n"
                 "parley.conference 'hall':play('three', { bus = 'stage' })\n"
                 "call:ask { prompt = { 'menu', 'or' }, invalid = 'no',\n"
                 "  silence = 'hello', valid = 'pattern', max = 1 }\n"
                 "call:join(parley.conference 'hall', { waiting = 'please-wait' })\n"
                 "return accept { role = 'host', confirm = { 'called', 'press' },\n"
                 "  after = 'bye', hold_music = 'jazz' }\n"),
        "1:welcome 2:there-are 2:participants 3:one 3:two 4:three 5:menu 5:or "
        "5:no 6:hello 7:please-wait 8:called 8:press 9:bye 9:jazz ");
}

static void paths_and_what_is_put_together_or_meant_for_others_are_none(void **state)
{
    static const char *const sources[] = {
        "call:say 'sounds/a.wav' call:say 'tone:440' call:play('a.wav') call:play 'music/'",
        "call:say('part-' .. name) call:say(name .. '-part') call:say('a-%d':format(3))",
        "call:say(words['welcome'], choose('welcome'), names.welcome, x == 'welcome')",
        "call:say(counted(3, 'participant'), money(3, 'EUR'), digits '4711')",
        "local say = 'welcome' function play(welcome) return 'welcome' end",
        "call:invite('bob', { role = 'host', name = 'Bob' }) call:join('hall', { role = 'x' })",
        "call:ask { valid = function(keys) return keys == 'a' and ({ prompt = 'b' }).prompt end }",
        "-- call:say 'welcome'\n--[[ call:say 'welcome' ]] local text = [[call:say 'welcome']]",
        "return accept { hold_music = 'none', attendant = 'none', role = 'host' }",
        "my.accept { confirm = 'a' } my:accept { confirm = 'a' }",
        "call:say",
        "call:say(",
    };

    (void)state;
    for (unsigned i = 0; i < sizeof sources / sizeof *sources; i++)
        assert_string_equal(names_in(sources[i]), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(what_is_played_said_or_asked_by_a_literal_is_a_prompt),
        SCRIPT_TEST(paths_and_what_is_put_together_or_meant_for_others_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
