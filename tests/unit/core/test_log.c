/* The log's lines, as they arrive at the other end of stderr; and random names. */
#include "core/id.h"
#include "core/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int reader, saved_stderr;
static char line[4096];

static int set_up(void **state)
{
    int ends[2];
    (void)state;
    saved_stderr = dup(STDERR_FILENO);
    if (pipe(ends) || dup2(ends[1], STDERR_FILENO) < 0) {
        return -1;
    }
    close(ends[1]);
    reader = ends[0];
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(reader);
    log_set_level(LOG_LEVEL_INFO);
    return 0;
}

/* What one log call has written; the end mark keeps this from waiting for what was not. */
static const char *written(void)
{
    assert_int_equal(write(STDERR_FILENO, "\x01", 1), 1);
    size_t filled = 0;
    while (filled == 0 || line[filled - 1] != '\x01') {
        ssize_t length = read(reader, line + filled, sizeof line - 1 - filled);
        assert_true(length > 0);
        filled += (size_t)length;
    }
    line[filled - 1] = '\0';
    return line;
}

static void a_line_names_time_level_conference_and_call(void **state)
{
    (void)state;
    log_write(LOG_LEVEL_INFO, "demo", "3f9c", "%s joined", "alice");
    const char *text = written();
    assert_int_equal(strspn(text, "0123456789-T:.Z"), strlen("2026-11-20T11:26:18.123Z"));
    assert_string_equal(text + 24, " info  [demo 3f9c] alice joined\n");
    log_write(LOG_LEVEL_WARN, NULL, "3f9c", "x");
    assert_string_equal(written() + 24, " warn  [3f9c] x\n");
    log_write(LOG_LEVEL_ERROR, "demo", "", "x");
    assert_string_equal(written() + 24, " error [demo] x\n");
    log_info("plain");
    assert_string_equal(written() + 24, " info  plain\n");
}

static void nobody_can_forge_a_line(void **state)
{
    (void)state;
    log_info("a\r\nb\x1b[2Jc\x7f\xc2\x9b"
             "d \xc3\xa4");
    assert_string_equal(written() + 24, " info  a??b?[2Jc?\xc2\xbf"
                                        "d \xc3\xa4\n");
}

static void a_dialled_name_cannot_look_like_a_conference_and_a_call(void **state)
{
    (void)state;
    log_write(LOG_LEVEL_INFO, "demo deadbeef] joined", NULL, "x");
    assert_string_equal(written() + 24, " info  [demo_deadbeef__joined] x\n");
}

/* Reads until `wanted` has been seen. */
static bool arrives(const char *wanted)
{
    char chunk[8193];
    ssize_t length;
    while ((length = read(reader, chunk, sizeof chunk - 1)) > 0) {
        chunk[length] = '\0';
        if (strstr(chunk, wanted)) {
            return true;
        }
    }
    return false;
}

static void a_reader_that_has_stopped_costs_lines_and_no_time(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        log_info("%0500d", 7); /* far more than a pipe holds */
    }
    log_info("the last one");
    fcntl(reader, F_SETFL, O_NONBLOCK);
    assert_false(arrives("the last one"));
    log_info("the next one");
    assert_true(arrives("lines are lost: nobody read the log)\n"));
}

static void a_long_line_is_cut_and_says_so(void **state)
{
    char text[3000];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_info("%s", text);
    size_t length = strlen(written());
    assert_true(length > 500 && length <= 1024);
    assert_string_equal(line + length - 5, "x...\n");
}

static void the_level_holds_back_what_is_less_important(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_WARN);
    assert_false(log_enabled(LOG_LEVEL_INFO));
    log_info("no");
    log_warn("yes");
    assert_string_equal(written() + 24, " warn  yes\n");
}

static void levels_have_names(void **state)
{
    enum log_level level = LOG_LEVEL_INFO;
    (void)state;
    assert_true(log_level_parse("debug", &level));
    assert_int_equal(level, LOG_LEVEL_DEBUG);
    assert_false(log_level_parse("verbose", &level));
    assert_int_equal(level, LOG_LEVEL_DEBUG);
}

static void random_names_fill_their_buffer_and_differ(void **state)
{
    char first[34], second[34];
    (void)state;
    memset(first, 'x', sizeof first);
    id_random(first, 33);
    id_random(second, 33);
    assert_int_equal(strlen(first), 32);
    assert_int_equal(first[33], 'x');
    assert_int_equal(strspn(first, "0123456789abcdef"), 32);
    assert_string_not_equal(first, second);
    id_random(first, 2);
    assert_int_equal(strlen(first), 1);
    id_random(first, 1);
    assert_string_equal(first, "");
}

static void ids_rise_and_are_never_0(void **state)
{
    (void)state;
    uint64_t first = id_next();
    assert_true(first > 0);
    assert_true(id_next() > first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_line_names_time_level_conference_and_call),
        TEST(nobody_can_forge_a_line),
        TEST(a_dialled_name_cannot_look_like_a_conference_and_a_call),
        TEST(a_reader_that_has_stopped_costs_lines_and_no_time),
        TEST(a_long_line_is_cut_and_says_so),
        TEST(the_level_holds_back_what_is_less_important),
        cmocka_unit_test(levels_have_names),
        cmocka_unit_test(random_names_fill_their_buffer_and_differ),
        cmocka_unit_test(ids_rise_and_are_never_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
