/* What goes wrong is said in plain words. */
#include "core/failure.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void what_disks_refuse_is_said_as_people_would_say_it(void **state)
{
    static const int errors[] = {ENOSPC, EDQUOT,  EFBIG,   EROFS, EIO,          ENOENT, EACCES,
                                 EPERM,  ENOTDIR, EISDIR,  ELOOP, ENAMETOOLONG, EMFILE, ENFILE,
                                 ENOMEM, EAGAIN,  ETXTBSY, E2BIG, EHOSTUNREACH};

    (void)state;
    for (unsigned i = 0; i < sizeof errors / sizeof *errors; i++) {
        const char *text = failure_text(errors[i]);

        assert_string_not_equal(text, strerror(errors[i]));
        assert_in_range(text[0], 'a', 'z'); /* it stands behind "PATH: " */
        assert_true(text[strlen(text) - 1] != '.');
    }
    assert_string_equal(failure_text(ENOSPC), "the disk is full");
    assert_string_equal(failure_text(ENOENT), "no such file");
}

static void the_rest_is_said_by_the_system(void **state)
{
    (void)state;
    assert_string_equal(failure_text(EDOM), strerror(EDOM));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_disks_refuse_is_said_as_people_would_say_it),
        cmocka_unit_test(the_rest_is_said_by_the_system),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
