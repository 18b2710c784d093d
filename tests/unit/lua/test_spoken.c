/* What is said by prompts: numbers, digits, money, dates, times, as the rules of English have it.
 */
#include "tests/unit/lua/script_world.h"

#include "lua/generation.h"
#include "lua/libraries.h"
#include "lua/private.h"

static const char *language; /* that is spoken; NULL: that of the settings, English */

/* The prompts of the value that the script calls `said`, which no script can look at, joined. */
static const char *prompts_of(const char *value)
{
    static char text[512];
    char body[600];
    lua_State *L;

    (void)snprintf(body, sizeof body,
                   "local policy = parley.policy { name = 'site' }\n"
                   "local said = %s\n"
                   "function policy.create() return said and accept() end\nreturn policy\n",
                   value);
    script_site(body);
    L = script.engine->generation->L;
    *text = '\0';
    (void)lua_rawgeti(L, LUA_REGISTRYINDEX,
                      script.engine->generation->policies->hooks[VERB_CREATE]->function);
    for (int i = 1; lua_getupvalue(L, -1, i) != NULL; i++) {
        if (spoken_push(L, -1, language)) {
            for (int k = 1; lua_rawgeti(L, -1, k) != LUA_TNIL; k++, lua_pop(L, 1))
                (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s",
                               *text ? " " : "", lua_tostring(L, -1));
        }
    }
    lua_settop(L, 0);
    return text;
}

static void numbers_are_said_as_in_english(void **state)
{
    static const struct {
        const char *value, *prompts;
    } cases[] = {
        {"number(0)", "0"},
        {"number(7)", "7"},
        {"number(20)", "20"},
        {"number(21)", "20 1"},
        {"number(100)", "1 hundred"},
        {"number(342)", "3 hundred and 40 2"},
        {"number(1000)", "1 thousand"},
        {"number(1005)", "1 thousand and 5"},
        {"number(1234)", "1 thousand 2 hundred and 30 4"},
        {"number(60000)", "60 thousand"},
        {"number(2000019)", "2 million and 19"},
        {"number(999999999999)", "9 hundred and 90 9 billion 9 hundred and 90 9 million "
                                 "9 hundred and 90 9 thousand 9 hundred and 90 9"},
        {"number(-12)", "minus 12"},
        {"number(-0.00001)", "0"},
        {"number(12.5)", "12 point 5"},
        {"number(0.05)", "0 point 0 5"},
        {"number(3.0)", "3"},
        {"number(2.99999)", "3"},
        {"digits('4711')", "4 7 1 1"},
        {"digits(1200)", "1 2 0 0"},
        {"digits('+1*#B')", "plus 1 star hash letter-b"},
        {"ordinal(3)", "ordinal-3"},
        {"counted(1, 'participant')", "1 participant"},
        {"counted(0, 'participant')", "0 participants"},
        {"counted(21, 'participant')", "20 1 participants"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(prompts_of(cases[i].value), cases[i].prompts);
}

static void money_is_said_with_its_hundredths(void **state)
{
    static const struct {
        const char *value, *prompts;
    } cases[] = {
        {"money(0, 'EUR')", "0 euros"},
        {"money(1, 'USD')", "1 dollar"},
        {"money(12.5, 'EUR')", "12 euros and 50 cents"},
        {"money(0.01, 'GBP')", "1 penny"},
        {"money(0.29, 'GBP')", "20 9 pence"},
        {"money(2.999, 'CHF')", "3 francs"},
        {"money(-1.01, 'CAD')", "minus 1 dollar and 1 cent"},
        {"money(1999.99, 'EUR')", "1 thousand 9 hundred and 90 9 euros and 90 9 cents"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(prompts_of(cases[i].value), cases[i].prompts);
}

static void days_times_and_spans_are_said(void **state)
{
    static const struct {
        const char *value, *prompts;
    } cases[] = {
        {"date(os.time { year = 2019, month = 11, day = 3, hour = 12 })",
         "sunday november ordinal-3 20 19"},
        {"date(os.time { year = 2005, month = 1, day = 31, hour = 12 })",
         "monday january ordinal-31 2 thousand and 5"},
        {"date(os.time { year = 2106, month = 2, day = 1, hour = 12 })",
         "monday february ordinal-1 20 1 oh 6"},
        {"time(os.time { year = 2019, month = 11, day = 3, hour = 0, min = 0 })", "midnight"},
        {"time(os.time { year = 2019, month = 11, day = 3, hour = 12, min = 0 })", "noon"},
        {"time(os.time { year = 2019, month = 11, day = 3, hour = 9, min = 5 })", "9 oh 5 am"},
        {"time(os.time { year = 2019, month = 11, day = 3, hour = 12, min = 30 })", "12 30 pm"},
        {"time(os.time { year = 2019, month = 11, day = 3, hour = 21, min = 0 })", "9 pm"},
        {"duration(0)", "0 seconds"},
        {"duration(1)", "1 second"},
        {"duration(90)", "1 minute and 30 seconds"},
        {"duration(3600)", "1 hour"},
        {"duration(93784.9)", "1 day 2 hours 3 minutes and 4 seconds"},
    };

    (void)state;
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(prompts_of(cases[i].value), cases[i].prompts);
    assert_string_equal(strchr(prompts_of("date()"), ' ') ? "some" : "none", "some");
}

static char table[65536] = "\n"; /* of prompts */

static void assert_in_table(const char *value)
{
    char prompts[512], line[64], *rest = prompts;

    (void)snprintf(prompts, sizeof prompts, "%s", prompts_of(value));
    assert_true(*prompts);
    for (char *prompt; (prompt = strsep(&rest, " ")) != NULL;) {
        (void)snprintf(line, sizeof line, "\n%s\t", prompt);
        if (!strstr(table, line))
            fail_msg("%s: there is no prompt \"%s\"", value, prompt);
    }
}

static void check_table(const char *path)
{
    static const char *const values[] = {
        "number(-123456789101.5)", "digits('0123456789*#+ABCD')",
        "money(1.01, 'USD')",      "money(2.02, 'USD')",
        "money(1.01, 'EUR')",      "money(2.02, 'EUR')",
        "money(1.01, 'GBP')",      "money(2.02, 'GBP')",
        "money(1.01, 'CHF')",      "money(2.02, 'CHF')",
        "duration(90061)",         "duration(180122)",
        "counted(1, 'minute')",    "counted(2, 'minute')",
    };
    FILE *file = fopen(path, "r");
    char value[64];

    assert_non_null(file);
    memset(table + 1, 0, sizeof table - 1);
    assert_true(fread(table + 1, 1, sizeof table - 2, file) > 1000);
    assert_int_equal(fclose(file), 0);
    for (unsigned i = 0; i < sizeof values / sizeof *values; i++)
        assert_in_table(values[i]);
    for (unsigned i = 0; i <= 31; i++) {
        (void)snprintf(value, sizeof value, "number(%u)", i * 10 % 100 + i);
        assert_in_table(value);
        (void)snprintf(value, sizeof value, "ordinal(%u)", i > 0 ? i : 1);
        assert_in_table(value);
        (void)snprintf(value, sizeof value, "date(%u)", i * 15 * 24 * 3600);
        assert_in_table(value);
        (void)snprintf(value, sizeof value, "time(%u)", i * 3600);
        assert_in_table(value);
    }
}

static void each_prompt_that_is_needed_is_in_the_table(void **state)
{
    (void)state;
    check_table("scripts/prompts/en.txt");
    language = "de";
    check_table("scripts/prompts/de.txt");
    language = NULL;
}

static void german_has_rules_of_its_own(void **state)
{
    static const struct {
        const char *value, *prompts;
    } cases[] = {
        {"number(0)", "0"},
        {"number(1)", "1"},
        {"number(17)", "17"},
        {"number(21)", "one-before and 20"},
        {"number(342)", "3 hundred 2 and 40"},
        {"number(101)", "one-before hundred 1"},
        {"number(1001)", "one-before thousand 1"},
        {"number(1000000)", "one-of-them million"},
        {"number(2000019)", "2 millions 19"},
        {"number(-12.5)", "minus 12 point 5"},
        {"counted(1, 'participant')", "one-before participant"},
        {"counted(31, 'participant')", "one-before and 30 participants"},
        {"money(1.05, 'EUR')", "one-before euro 5"},
        {"money(0.5, 'EUR')", "50 cent"},
        {"duration(90061)", "one-before day one-of-them hour one-of-them minute and one-of-them "
                            "second"},
    };

    (void)state;
    language = "de";
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(prompts_of(cases[i].value), cases[i].prompts);
    language = NULL;
}

static void what_cannot_be_said_is_told_where_it_is_made(void **state)
{
    static const struct {
        const char *value, *error;
    } cases[] = {
        {"digits('12 34')", "policy/site.lua:2: digits: the argument must be a text of 1 to 64"},
        {"digits('')", "digits: the argument must be"},
        {"number('many')", "policy/site.lua:2: number: the argument must be a number below"},
        {"number(0/0)", "number: the argument must be a number below"},
        {"number(1e12)", "number: the argument must be a number below"},
        {"counted(-1, 'day')",
         "counted: the first argument must be a whole number from 0 on, not -1"},
        {"counted(1)", "counted: the second argument must name a prompt"},
        {"ordinal(0)", "ordinal: the argument must be a whole number from 1 on, not 0"},
        {"money(1, 'euros')", "money: the currency must be its three letters"},
        {"money('1.5 EUR')", "money: the amount must be a number"},
        {"time('noon')", "time: the argument must be a time as of os.time(), not noon"},
        {"duration(-1)", "duration: the argument must be a number of seconds from 0 on"},
    };
    char source[256];

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)snprintf(source, sizeof source,
                       "local policy = parley.policy { name = 'site' }\nlocal said = %s\n"
                       "return policy\n",
                       cases[i].value);
        assert_contains(script_load_error(source), cases[i].error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(numbers_are_said_as_in_english),
        SCRIPT_TEST(money_is_said_with_its_hundredths),
        SCRIPT_TEST(days_times_and_spans_are_said),
        SCRIPT_TEST(german_has_rules_of_its_own),
        SCRIPT_TEST(each_prompt_that_is_needed_is_in_the_table),
        SCRIPT_TEST(what_cannot_be_said_is_told_where_it_is_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
