/* Socket addresses, compared and taken apart. */
#include "core/address.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct sockaddr_storage address(const char *host, uint16_t port)
{
    struct sockaddr_storage storage;
    assert_true(ip_parse(host, &storage));
    address_set_port(&storage, port);
    return storage;
}

static void addresses_are_equal_in_family_host_and_port(void **state)
{
    (void)state;
    struct sockaddr_storage a = address("127.0.0.1", 10), b = address("127.0.0.1", 10);
    assert_true(address_equal(&a, &b));
    b = address("127.0.0.1", 11);
    assert_false(address_equal(&a, &b));
    assert_true(address_same_host(&a, &b));
    b = address("127.0.0.2", 10);
    assert_false(address_equal(&a, &b));
    assert_false(address_same_host(&a, &b));
    a = address("::1", 10);
    assert_false(address_equal(&a, &b));
    b = address("::1", 10);
    assert_true(address_equal(&a, &b));
    b = address("::2", 10);
    assert_false(address_equal(&a, &b));
}

static void no_address_equals_none_and_has_no_port(void **state)
{
    (void)state;
    struct sockaddr_storage none = {0}, other = {0};
    assert_false(address_equal(&none, &other));
    assert_false(address_same_host(&none, &other));
    assert_true(address_is_unspecified(&none));
    assert_int_equal(address_port(&none), 0);
    address_set_port(&none, 10);
    assert_int_equal(address_port(&none), 0);
}

static void the_wildcards_are_unspecified(void **state)
{
    (void)state;
    struct sockaddr_storage a = address("0.0.0.0", 10);
    assert_true(address_is_unspecified(&a));
    assert_int_equal(address_size(&a), sizeof(struct sockaddr_in));
    a = address("::", 65535);
    assert_true(address_is_unspecified(&a));
    assert_int_equal(address_size(&a), sizeof(struct sockaddr_in6));
    assert_int_equal(address_port(&a), 65535);
    a = address("::1", 1);
    assert_false(address_is_unspecified(&a));
    a = address("127.0.0.1", 1);
    assert_false(address_is_unspecified(&a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_equal_in_family_host_and_port),
        cmocka_unit_test(no_address_equals_none_and_has_no_port),
        cmocka_unit_test(the_wildcards_are_unspecified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
