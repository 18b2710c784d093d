/* Bodies of several parts (RFC 2046 §5.1), good ones and hostile ones. */
#include "sip/multipart.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct body_part parts[BODY_PARTS_MAX];
static unsigned count;

static int read_text(const char *text)
{
    count = 0;
    return multipart_read(text, strlen(text), "boundary1", parts, &count);
}

static void assert_part(unsigned index, const char *data)
{
    assert_int_equal(parts[index].size, strlen(data));
    assert_memory_equal(parts[index].data, data, parts[index].size);
}

static void the_body_of_rfc_5366_figure_3(void **state)
{
    (void)state;
    assert_int_equal(read_text("--boundary1\r\n"
                               "Content-Type: application/sdp\r\n"
                               "\r\n"
                               "v=0\r\n"
                               "s=-\r\n"
                               "\r\n"
                               "--boundary1\r\n"
                               "Content-Type: application/resource-lists+xml\r\n"
                               "Content-Disposition: recipient-list\r\n"
                               "\r\n"
                               "<resource-lists/>\r\n"
                               "--boundary1--"),
                     0);
    assert_int_equal(count, 2);
    assert_string_equal(parts[0].type, "application/sdp");
    assert_string_equal(parts[0].disposition, "");
    assert_part(0, "v=0\r\ns=-\r\n");
    assert_string_equal(parts[1].type, "application/resource-lists+xml");
    assert_string_equal(parts[1].disposition, "recipient-list");
    assert_false(parts[1].is_optional);
    assert_part(1, "<resource-lists/>");
}

static void the_header_of_a_part(void **state)
{
    (void)state;
    assert_int_equal(
        read_text("to be ignored\r\n--boundary\r\n"
                  "--boundary1 \t\r\n"
                  "c: Application/X;\r\n"
                  " charset=utf-8\r\n"
                  "content-disposition : Recipient-List-History ; Handling=Optional\r\n"
                  "Content-ID: <cn35t8jf02@example.com>\r\n"
                  "X-Other: 1\r\n"
                  "\r\n"
                  "--boundary1\n"
                  "Content-Transfer-Encoding: base64\n"
                  "\n"
                  "YQ==\n"
                  "--boundary12\n"
                  "\n--boundary1--\r\n"
                  "--boundary1\r\nto be ignored"),
        0);
    assert_int_equal(count, 2);
    assert_string_equal(parts[0].type, "application/x");
    assert_string_equal(parts[0].disposition, "recipient-list-history");
    assert_true(parts[0].is_optional);
    assert_false(parts[0].is_encoded);
    assert_string_equal(parts[0].id, "cn35t8jf02@example.com");
    assert_part(0, "");
    assert_true(parts[1].is_encoded);
    assert_part(1, "YQ==\n--boundary12\n");
}

static void what_is_no_multipart_body_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "v=0\r\n",
        "--boundary1",
        "--boundary1--",
        "--boundary1\r\nContent-Type: a/b\r\n",
        "--boundary1\r\nContent-Type: a/b\r\n\r\ndata",
        "--boundary1\r\nno header\r\n\r\ndata\r\n--boundary1--",
        "--boundary1\r\n--boundary1--",
        "--boundary1x\r\n\r\ndata\r\n--boundary1x--",
        " --boundary1\r\n\r\ndata\r\n --boundary1--",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(read_text(bad[i]), EBADMSG);
    }
}

static void more_parts_than_anybody_needs_are_refused(void **state)
{
    static const char part[] = "--boundary1\r\n\r\ndata\r\n";
    char text[4096] = "";
    (void)state;
    for (unsigned i = 0; i <= BODY_PARTS_MAX; i++) {
        memcpy(text + i * (sizeof part - 1), part, sizeof part);
    }
    assert_int_equal(read_text(text), E2BIG);
}

static void boundaries(void **state)
{
    char boundary[80];
    (void)state;
    assert_true(multipart_boundary("\"a b'()+_,-./:=?\"", boundary, sizeof boundary));
    assert_string_equal(boundary, "a b'()+_,-./:=?");
    assert_true(multipart_boundary("boundary1", boundary, sizeof boundary));
    assert_false(multipart_boundary(NULL, boundary, sizeof boundary));
    assert_false(multipart_boundary("", boundary, sizeof boundary));
    assert_false(multipart_boundary("\"\"", boundary, sizeof boundary));
    assert_false(multipart_boundary("a;b", boundary, sizeof boundary));
    assert_false(multipart_boundary("\"a \"", boundary, sizeof boundary));
    assert_false(multipart_boundary("12345678901234567890123456789012345678901234567890"
                                    "123456789012345678901",
                                    boundary, sizeof boundary));
}

/* Every beginning of a body, in memory that ends right behind it. */
static void broken_bodies_do_no_harm(void **state)
{
    static const char good[] = "--b\r\nContent-Type: a/b; c\r\n d\r\nContent-Disposition: e;f=g\r\n"
                               "Content-ID: <h>\r\n\r\ndata\r\n--b\r\n\r\n\r\n--b--\r\n";
    (void)state;
    for (size_t size = 0; size < sizeof good; size++) {
        for (size_t spoilt = 0; spoilt < size; spoilt++) {
            char *text = malloc(size);
            assert_non_null(text);
            memcpy(text, good, size);
            text[spoilt] = (char)(spoilt % 3 ? '\n' : '\0');
            (void)multipart_read(text, size, "b", parts, &count);
            free(text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_body_of_rfc_5366_figure_3),
        cmocka_unit_test(the_header_of_a_part),
        cmocka_unit_test(what_is_no_multipart_body_is_refused),
        cmocka_unit_test(more_parts_than_anybody_needs_are_refused),
        cmocka_unit_test(boundaries),
        cmocka_unit_test(broken_bodies_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
