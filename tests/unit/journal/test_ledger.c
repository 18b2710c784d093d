/* When a file of the journal is full, to the byte. */
#include "journal/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { LENGTH = 1000, FILES = 3 };

static struct {
    char directory[64];
    struct ledger ledger;
    char lines[LENGTH]; /* one */
} test;

static int set_up(void **state)
{
    (void)state;
    memset(&test, 0, sizeof test);
    (void)snprintf(test.directory, sizeof test.directory, "/tmp/parley-ledger-XXXXXX");
    assert_non_null(mkdtemp(test.directory));
    (void)snprintf(test.ledger.path, sizeof test.ledger.path, "%s/lines", test.directory);
    memset(test.lines, 'x', LENGTH - 1);
    test.lines[LENGTH - 1] = '\n';
    return ledger_open(&test.ledger, false);
}

static void name_of(unsigned number, char *name, size_t size)
{
    (void)snprintf(name, size, number ? "%s.%u" : "%s", test.ledger.path, number);
}

static int tear_down(void **state)
{
    char name[PATH_MAX + 16];

    (void)state;
    ledger_close(&test.ledger);
    for (unsigned number = 0; number < FILES; number++) {
        name_of(number, name, sizeof name);
        (void)unlink(name);
    }
    return rmdir(test.directory);
}

/* -1: there is none. */
static off_t size_of(unsigned number)
{
    char name[PATH_MAX + 16];
    struct stat found;

    name_of(number, name, sizeof name);
    return stat(name, &found) == 0 ? found.st_size : -1;
}

static void write_one(uint64_t most, uint64_t lost)
{
    const struct bounds bounds = {.most = most, .files = FILES};

    ledger_write(&test.ledger, &bounds, test.lines, LENGTH, 1, lost);
    assert_int_equal(test.ledger.lost, 0);
}

static void test_a_file_is_filled_to_its_last_byte(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        write_one(3 * LENGTH, 0);
    assert_int_equal(size_of(0), 3 * LENGTH);
    assert_int_equal(size_of(1), -1);
    write_one(4 * LENGTH - 1, 0);
    assert_int_equal(size_of(0), LENGTH);
    assert_int_equal(size_of(1), 3 * LENGTH);
}

static void test_the_line_about_a_gap_has_its_room_too(void **state)
{
    off_t both;

    (void)state;
    write_one(100 * LENGTH, 7);
    both = size_of(0);
    assert_true(both > LENGTH);
    write_one(2 * (uint64_t)both, 8);
    assert_int_equal(size_of(0), 2 * both);
    assert_int_equal(size_of(1), -1);
    write_one(3 * (uint64_t)both - 1, 9); /* without that line there were room */
    assert_int_equal(size_of(0), both);
    assert_int_equal(size_of(1), 2 * both);
}

static mode_t mode_of(const char *path)
{
    struct stat found;

    assert_int_equal(stat(path, &found), 0);
    return found.st_mode & 0777;
}

static void test_a_file_that_was_there_is_the_operators_alone_from_now_on(void **state)
{
    struct ledger nowhere = {.path = "/dev/null"};

    (void)state;
    ledger_close(&test.ledger);
    assert_int_equal(chmod(test.ledger.path, 0644), 0);
    assert_int_equal(ledger_open(&test.ledger, false), 0);
    assert_int_equal(mode_of(test.ledger.path), 0600);
    assert_int_equal(ledger_open(&nowhere, false), 0);
    assert_int_equal(mode_of(nowhere.path), 0666);
    ledger_close(&nowhere);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_file_is_filled_to_its_last_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_line_about_a_gap_has_its_room_too, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_file_that_was_there_is_the_operators_alone_from_now_on, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
