/* The language that prompts and numbers are said in: of a caller, of a conference, of the server.
 */
#include "tests/unit/lua/call_world.h"

/* What plays last, and in which language. */
static void assert_plays(const char *files, const char *language)
{
    assert_non_null(world.first_player);
    assert_string_equal(world.first_player->file, files);
    assert_string_equal(world.first_player->language, language);
}

static void a_caller_is_spoken_to_in_the_language_that_its_application_sets(void **state)
{
    struct call *call;

    (void)state;
    call = talk("local function is_refused(...) "
                "return select(2, pcall(...)):find 'language: there are no rules for \"tlh\"' end "
                "assert(is_refused(call.set_language, call, 'tlh')) "
                "assert(is_refused(parley.create, { language = 'tlh' })) "
                "assert(call.language == 'en') call:set_language 'de' "
                "assert(call.language == 'de') call:say('there-are', number(21))");
    up(call);
    assert_plays("there-are\none-before\nand\n20", "de");
    world_hang_up(script.focus, call);
    script_turn();
    call = talk("call:say(number(21))");
    up(call);
    assert_plays("20\n1", ""); /* the next one is not */
    world_hang_up(script.focus, call);
    script_turn();
}

static void it_takes_its_language_along_into_a_conference_and_may_change_it_there(void **state)
{
    struct call *call;

    (void)state;
    script_write("site",
                 "local policy = parley.policy { name = 'site' } "
                 "function policy.join(request) "
                 "parley.log.error('joins in ' .. request.params.language) return accept() end "
                 "return policy");
    call = talk("call:set_language 'de' local me = call:join(parley.conference 'demo') "
                "me:play { number(21) } call:wait_for 'digit' call:set_language 'en' "
                "me:play { number(21) }");
    log_catch();
    up(call);
    assert_contains(log_caught(), "joins in de");
    assert_plays("one-before\nand\n20", "de");
    press(call, "1");
    world_played(script.focus, world.first_player, NULL);
    assert_plays("20\n1", "en");
    world_hang_up(script.focus, call);
    script_turn();
}

static void a_policy_gives_each_who_comes_a_language_and_all_hear_the_conferences(void **state)
{
    struct call *call;

    (void)state;
    assert_int_equal(
        focus_reserve(script.focus, &(struct conference_config){.name = "halle", .language = "de"}),
        0);
    script_policy("function policy.join(request) "
                  "return request.actor.user == 'alice' and accept { language = 'en' } or accept() "
                  "end\n"
                  "function policy.joined(_, c, p) "
                  "parley.log.error(p.user, c.language, p.language) "
                  "if p.user == 'carol' then c:play { number(21) } else p:play { number(21) } end "
                  "end\n");
    log_catch();
    call = world_join(script.focus, "alice", "halle");
    script_turn();
    assert_contains(log_caught(), "alice de en");
    assert_plays("20\n1", "en");
    log_catch();
    (void)world_join(script.focus, "bob", "halle");
    script_turn();
    assert_contains(log_caught(), "bob de de");
    assert_plays("one-before\nand\n20", "de");
    (void)world_join(script.focus, "carol", "halle");
    script_turn();
    assert_plays("one-before\nand\n20", "de");
    world_hang_up(script.focus, call);
}

static void who_is_called_hears_the_language_of_the_invitation(void **state)
{
    struct call *call;

    (void)state;
    script_policy("function policy.digit(_, c) "
                  "c:invite('sip:bob@192.0.2.1', { language = 'de' }) end\n"
                  "function policy.joined(_, c, p) parley.log.error(p.user, p.language) end\n");
    call = world_join(script.focus, "alice", "demo");
    script_turn();
    press(call, "1");
    log_catch();
    world.last_outgoing->answered = true;
    up(world.last_outgoing);
    assert_contains(log_caught(), "bob de");
}

/* However the table has them ordered: with one more entry, `language` comes first or last. */
static void what_who_is_called_is_asked_is_said_in_their_language(void **state)
{
    static const struct {
        const char *accept, *question;
    } cases[] = {
        {"{ confirm = { number(21) }, language = 'de' }", "one-before\nand\n20"},
        {"{ language = 'de', confirm = { number(21) } }", "one-before\nand\n20"},
        {"{ confirm = { number(21) }, language = 'de', muted = true, role = 'x' }",
         "one-before\nand\n20"},
        {"{ confirm = { number(21) } }", "20\n1"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        char source[512];
        struct call *call;

        (void)snprintf(source, sizeof source,
                       "function policy.digit(_, c) c:invite('sip:bob@192.0.2.1') end\n"
                       "function policy.invite() return accept %s end\n",
                       cases[i].accept);
        script_policy(source);
        call = world_join(script.focus, "alice", "demo");
        script_turn();
        press(call, "1");
        focus_signalling_events()->on_established(world.last_outgoing, script.focus);
        script_turn();
        assert_string_equal(world.first_player->file, cases[i].question);
        world_hang_up(script.focus, world.last_outgoing);
        world_hang_up(script.focus, call);
        script_turn();
    }
}

static void a_language_without_rules_is_told_with_the_line_and_those_that_there_are(void **state)
{
    (void)state;
    assert_contains(script_failure("return accept { language = 'tlh' }"),
                    "policy/site.lua:2: accept: language: there are no rules for \"tlh\", "
                    "scripts/language/tlh.lua; there are de, en");
    assert_string_equal(script_result("return table.concat(parley.languages(), ' ')"), "de en");
    assert_int_equal(
        focus_reserve(script.focus, &(struct conference_config){.name = "hall", .language = "tlh"}),
        0);
    assert_int_equal(script_reload(), EINVAL);
    assert_contains(script.error,
                    "conference hall: language: there are no rules for \"tlh\"; there are de, en");
}

/* The only language there is, in place of those that are shipped. */
static void write_rules(const char *source)
{
    char path[128];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/scripts", script.directory);
    (void)unlink(path);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof path, "%s/scripts/language", script.directory);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof path, "%s/scripts/language/la.lua", script.directory);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(source, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void delete_rules(void)
{
    static const char *const names[] = {"language/la.lua", "language", ""};
    char path[128];

    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/scripts/%s", script.directory, names[i]);
        (void)remove(path);
    }
}

static void digits_and_decimals_need_no_rule_of_a_language_but_all_else_does(void **state)
{
    struct call *call;
    const char *log;

    (void)state;
    write_rules("return { whole = function(n) return { 'roman-' .. n } end }\n");
    call = talk("call:set_language 'la' call:say(number(-4.25), digits '7#') "
                "print(pcall(call.say, call, ordinal(3))) call:say(ordinal(3))");
    up(call);
    assert_plays("minus\nroman-4\npoint\n2\n5\n7\nhash", "la");
    log_catch();
    world_played(script.focus, world.first_player, NULL);
    script_turn();
    log = log_caught();
    assert_contains(log, "ordinal: the language has no rule for it");
    world_hang_up(script.focus, call);
    write_rules("return 'salve'\n");
    assert_int_equal(script_reload(), EINVAL);
    assert_contains(script.error, "scripts/language/la.lua: the file must return its rules");
    delete_rules();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(a_caller_is_spoken_to_in_the_language_that_its_application_sets),
        SCRIPT_TEST(it_takes_its_language_along_into_a_conference_and_may_change_it_there),
        SCRIPT_TEST(a_policy_gives_each_who_comes_a_language_and_all_hear_the_conferences),
        SCRIPT_TEST(who_is_called_hears_the_language_of_the_invitation),
        SCRIPT_TEST(what_who_is_called_is_asked_is_said_in_their_language),
        SCRIPT_TEST(a_language_without_rules_is_told_with_the_line_and_those_that_there_are),
        SCRIPT_TEST(digits_and_decimals_need_no_rule_of_a_language_but_all_else_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
