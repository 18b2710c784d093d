/* Socket addresses, compared and taken apart. */
#include "core/address.h"

#include <errno.h>
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

static void a_group_is_no_host(void **state)
{
    static const char *const groups[] = {"224.0.0.1", "239.255.255.255", "255.255.255.255",
                                         "ff02::1"};
    static const char *const hosts[] = {"223.255.255.255", "127.0.0.1", "0.0.0.0", "fe80::1"};

    (void)state;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        struct sockaddr_storage a = address(groups[i], 10), b = address(hosts[i], 10);
        assert_true(address_is_group(&a));
        assert_false(address_is_group(&b));
    }
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

static void a_network_is_an_address_with_or_without_a_length(void **state)
{
    static const char *const bad[] = {"",        "10.0.0.0/", "10.0.0.0/33", "10.0.0/8",
                                      "::1/129", "a",         "10.0.0.0/8x", "10.0.0.0/-1"};
    static const struct {
        const char *network, *address;
        bool has;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"10.0.0.0/8", "10.255.3.4", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.1.2.0/23", "10.1.3.255", true},
        {"10.1.2.0/23", "10.1.4.0", false},
        {"0.0.0.0/0", "8.8.8.8", true},
        {"0.0.0.0/0", "::1", false},
        {"2001:db8::/32", "2001:db8:1::1", true},
        {"2001:db8::/32", "2001:db9::1", false},
        {"192.0.2.0/24", "::ffff:192.0.2.9", true},
    };
    char error[160];
    struct network network;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(network_parse(bad[i], &network, error, sizeof error), EINVAL);
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sockaddr_storage a = address(cases[i].address, 5060);
        assert_int_equal(network_parse(cases[i].network, &network, error, sizeof error), 0);
        assert_int_equal(network_has(&network, &a), cases[i].has);
    }
}

static void a_web_host_is_a_name_or_an_address_with_or_without_a_port(void **state)
{
    static const char *const bad[] = {"",        "a b", "http://a", "a:",     "a:0",
                                      "a:65536", "a/b", "[::1",     "[a]:80", "::1",
                                      "a:80:80", "*.a", "user@a"};
    char error[160];
    struct web_host host;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(web_host_parse(bad[i], &host, error, sizeof error), EINVAL);
    }
    assert_int_equal(web_host_parse("api.example.com", &host, error, sizeof error), 0);
    assert_string_equal(host.name, "api.example.com");
    assert_int_equal(host.port, 0);
    assert_int_equal(web_host_parse("[2001:db8::1]:8080", &host, error, sizeof error), 0);
    assert_string_equal(host.name, "[2001:db8::1]");
    assert_int_equal(host.port, 8080);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_equal_in_family_host_and_port),
        cmocka_unit_test(no_address_equals_none_and_has_no_port),
        cmocka_unit_test(a_group_is_no_host),
        cmocka_unit_test(the_wildcards_are_unspecified),
        cmocka_unit_test(a_network_is_an_address_with_or_without_a_length),
        cmocka_unit_test(a_web_host_is_a_name_or_an_address_with_or_without_a_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
