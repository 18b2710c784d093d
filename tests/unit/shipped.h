/* The shipped scripts, for tests of programs beside which there are none. */
#ifndef UNIT_SHIPPED_H
#define UNIT_SHIPPED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

/* The folder "policy" or "scripts" is found in the directory, beside the config. */
static void shipped_link(const char *directory, const char *folder)
{
    char path[128], here[512], source[sizeof here + 16];

    assert_non_null(getcwd(here, sizeof here));
    (void)snprintf(source, sizeof source, "%s/%s", here, folder);
    (void)snprintf(path, sizeof path, "%s/%s", directory, folder);
    assert_int_equal(symlink(source, path), 0);
}

#endif
