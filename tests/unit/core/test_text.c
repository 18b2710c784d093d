/* Text from the network, looked at byte by byte. */
#include "core/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void a_printable_character_has_its_length_in_utf_8(void **state)
{
    (void)state;
    assert_int_equal(text_printable("a"), 1);
    assert_int_equal(text_printable("\xc3\xa4"), 2);         /* ä */
    assert_int_equal(text_printable("\xe2\x82\xac"), 3);     /* € */
    assert_int_equal(text_printable("\xf0\x9f\x98\x80"), 4); /* a smile */
    assert_int_equal(text_printable("\xf4\x8f\xbf\xbf"), 4); /* the last there is */
}

static void what_is_no_printable_utf_8_has_none(void **state)
{
    static const char *const bad[] = {
        "",
        "\n",
        "\x7f",
        "\x80",
        "\xc0\xaf",
        "\xc3", /* stray, overlong, cut short */
        "\xc2\x85",
        "\xe0\x80\xaf",
        "\xe2\x82", /* C1, overlong, cut short */
        "\xed\xa0\x80",
        "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", /* surrogate, overlong, beyond */
        "\xf5\x80\x80\x80",
        "\xff",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(text_printable(bad[i]), 0);
    }
}

static void what_a_terminal_would_obey_is_a_question_mark(void **state)
{
    static const char hostile[] = "a\x1b[2J\x07\x7f\xc2\x9b\xc2\xa0\xc3\x9b\n";
    char harmless[sizeof hostile] = "";
    (void)state;
    for (size_t i = 0; hostile[i]; i++) {
        harmless[i] = (char)text_harmless(i > 0 ? (unsigned char)hostile[i - 1] : 0,
                                          (unsigned char)hostile[i]);
    }
    assert_string_equal(harmless, "a?[2J??\xc2\xbf\xc2\xa0\xc3\x9b?");
}

static void a_user_part_is_escaped_where_the_grammar_wants_it(void **state)
{
    char escaped[64], small[6];
    (void)state;
    text_escape_user(escaped, sizeof escaped, "a.B-1;x=y&z/?~(!*')+$,_");
    assert_string_equal(escaped, "a.B-1;x=y&z/?~(!*')+$,_");
    text_escape_user(escaped, sizeof escaped, "a b@c:\"<\xc3\xa4%");
    assert_string_equal(escaped, "a%20b%40c%3A%22%3C%C3%A4%25");
    text_escape_user(small, sizeof small, "@@@");
    assert_string_equal(small, "%40"); /* never half an escape */
}

static void a_conferences_name_is_what_it_looks_like(void **state)
{
    static const char *const good[] = {"demo", "9000", "+49(0)30", "caf\xc3\xa9", "\xe4\xbc\x9a"};
    static const char *const bad[] = {
        "",
        "a b",
        "a\xc2\xa0"
        "b", /* no-break space */
        "a\xc2\xad"
        "b", /* soft hyphen */
        "a\xe2\x80\x8b"
        "b",                 /* zero width */
        "a\xe2\xa0\x80",     /* blank Braille pattern */
        "a\xe3\x85\xa4",     /* Hangul filler */
        "a\xf3\xa0\x81\x81", /* tag */
        "a\xff",
        "a?b",
        "a\nb",
        "a/b",
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(text_is_conference_name(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(text_is_conference_name(bad[i]));
    }
}

static void a_score_has_one_decimal_and_an_unknown_one_is_a_dash(void **state)
{
    char text[8];
    (void)state;
    text_mos(text, sizeof text, 4.26F);
    assert_string_equal(text, "4.3");
    text_mos(text, sizeof text, 0);
    assert_string_equal(text, "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_score_has_one_decimal_and_an_unknown_one_is_a_dash),
        cmocka_unit_test(a_conferences_name_is_what_it_looks_like),
        cmocka_unit_test(a_printable_character_has_its_length_in_utf_8),
        cmocka_unit_test(what_is_no_printable_utf_8_has_none),
        cmocka_unit_test(what_a_terminal_would_obey_is_a_question_mark),
        cmocka_unit_test(a_user_part_is_escaped_where_the_grammar_wants_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
