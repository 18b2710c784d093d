/* Settings, fresh for each test, and the text of what is wrong with them. One a test program. */
#ifndef UNIT_SETTINGS_WORLD_H
#define UNIT_SETTINGS_WORLD_H

#include "core/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct settings settings;
static char error[1024];

static int settings_setup(void **state)
{
    (void)state;
    return settings_init(&settings);
}

static int settings_teardown(void **state)
{
    (void)state;
    settings_free(&settings);
    return 0;
}

static void assert_lines_fit(const char *text, size_t columns)
{
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
        assert_true(strcspn(line, "\n") <= columns);
    }
}

#define SETTINGS_TEST(test) cmocka_unit_test_setup_teardown(test, settings_setup, settings_teardown)

#endif
