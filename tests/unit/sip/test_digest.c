/* Digest as RFC 7616 computes it, nonces that age and are counted, and guessing that is slow. */
#include "sip/digest.h"
#include "sip/guesses.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { LIFETIME = 300 * 1000, NOW = 1000000 };

static const char here[] = "192.0.2.1";

static void the_examples_of_rfc_7616_come_out(void **state)
{
    /* §3.9.1 */
    static const char *const responses[DIGEST_ALGORITHMS] = {
        [DIGEST_MD5] = "8ca523f5e9506fed4657c9700eebdbec",
        [DIGEST_SHA256] = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
    };
    (void)state;
    for (unsigned i = 0; i < DIGEST_ALGORITHMS; i++) {
        char ha1[DIGEST_SIZE], response[DIGEST_SIZE];
        struct digest_terms terms = {
            .algorithm = (enum digest_algorithm)i,
            .ha1 = ha1,
            .nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            .nc = "00000001",
            .cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            .method = "GET",
            .uri = "/dir/index.html",
        };
        assert_int_equal(
            digest_ha1(terms.algorithm, "Mufasa", "http-auth@example.org", "Circle of Life", ha1),
            0);
        assert_int_equal(digest_response(&terms, response), 0);
        assert_string_equal(response, responses[i]);
    }
}

static void digests_compare_in_any_case_and_whole(void **state)
{
    (void)state;
    assert_true(digest_equal("8CA523f5", "8ca523f5"));
    assert_false(digest_equal("8ca523f6", "8ca523f5"));
    assert_false(digest_equal("8ca523f", "8ca523f5"));
    assert_false(digest_equal("8ca523f55", "8ca523f5"));
    assert_false(digest_equal("", "8ca523f5"));
}

static void algorithms_have_the_names_of_rfc_8760(void **state)
{
    enum digest_algorithm algorithm;
    (void)state;
    assert_true(digest_by_name("sha-256", &algorithm));
    assert_int_equal(algorithm, DIGEST_SHA256);
    assert_true(digest_by_name("MD5", &algorithm));
    assert_int_equal(algorithm, DIGEST_MD5);
    assert_false(digest_by_name("MD5-sess", &algorithm));
    assert_false(digest_by_name("SHA-512-256", &algorithm));
}

static void a_nonce_is_good_for_its_source_and_its_time(void **state)
{
    struct nonces *nonces = nonces_create(LIFETIME), *others = nonces_create(LIFETIME);
    char nonce[NONCE_SIZE], forged[NONCE_SIZE];
    (void)state;
    nonce_make(nonces, NOW, here, sizeof here, nonce);
    assert_true(nonce_is_fresh(nonces, NOW, here, sizeof here, nonce));
    assert_true(nonce_is_fresh(nonces, NOW + LIFETIME - 1, here, sizeof here, nonce));
    assert_false(nonce_is_fresh(nonces, NOW + LIFETIME, here, sizeof here, nonce));
    assert_false(nonce_is_fresh(nonces, NOW - 1, here, sizeof here, nonce));
    assert_false(nonce_is_fresh(nonces, NOW, "192.0.2.2", sizeof here, nonce));
    assert_false(nonce_is_fresh(others, NOW, here, sizeof here, nonce));
    assert_false(nonce_is_fresh(nonces, NOW, here, sizeof here, ""));
    for (size_t i = 0; i < sizeof forged - 1; i++) {
        memcpy(forged, nonce, sizeof forged);
        forged[i] = forged[i] == '0' ? '1' : '0';
        assert_false(nonce_is_fresh(nonces, NOW, here, sizeof here, forged));
    }
    nonces_destroy(nonces);
    nonces_destroy(others);
}

static void a_count_is_used_once_in_whatever_order(void **state)
{
    struct nonces *nonces = nonces_create(LIFETIME);
    char nonce[NONCE_SIZE], other[NONCE_SIZE];
    (void)state;
    nonce_make(nonces, NOW, here, sizeof here, nonce);
    nonce_make(nonces, NOW, here, sizeof here, other);
    assert_true(nonce_use(nonces, nonce, 1));
    assert_false(nonce_use(nonces, nonce, 1));
    assert_true(nonce_use(nonces, nonce, 5));
    assert_true(nonce_use(nonces, nonce, 3));
    assert_false(nonce_use(nonces, nonce, 3));
    assert_false(nonce_use(nonces, nonce, 5));
    assert_true(nonce_use(nonces, nonce, 1000));
    assert_false(nonce_use(nonces, nonce, 4));
    assert_true(nonce_use(nonces, nonce, 937));
    assert_false(nonce_use(nonces, nonce, 936));
    assert_true(nonce_use(nonces, nonce, UINT32_MAX));
    assert_true(nonce_use(nonces, other, 1));
    nonces_destroy(nonces);
}

static void what_had_to_be_forgotten_is_not_taken_again(void **state)
{
    enum { MORE_THAN_KEPT = 10000 };
    static char made[MORE_THAN_KEPT][NONCE_SIZE];
    struct nonces *nonces = nonces_create(LIFETIME);
    (void)state;
    for (unsigned i = 0; i < MORE_THAN_KEPT; i++) {
        nonce_make(nonces, NOW + i, here, sizeof here, made[i]);
        assert_true(nonce_use(nonces, made[i], 1));
    }
    for (unsigned i = 0; i < MORE_THAN_KEPT; i++) {
        assert_false(nonce_use(nonces, made[i], 1));
    }
    assert_true(nonce_use(nonces, made[MORE_THAN_KEPT - 1], 2));
    nonces_destroy(nonces);
}

static void ten_guesses_are_free_and_then_one_in_ten_seconds(void **state)
{
    struct guesses *guesses = guesses_create();
    uint64_t key = guesses_key(guesses, here, sizeof here);
    uint64_t other = guesses_key(guesses, "192.0.2.2", sizeof here);
    (void)state;
    assert_int_not_equal(key, other);
    for (unsigned i = 0; i < 10; i++) {
        assert_false(guesses_are_too_many(guesses, NOW, key));
        guesses_add(guesses, NOW, key);
    }
    assert_true(guesses_are_too_many(guesses, NOW, key));
    assert_false(guesses_are_too_many(guesses, NOW, other));
    assert_true(guesses_are_too_many(guesses, NOW + 9999, key));
    assert_false(guesses_are_too_many(guesses, NOW + 10000, key));
    guesses_add(guesses, NOW + 10000, key);
    assert_true(guesses_are_too_many(guesses, NOW + 10001, key));
    assert_false(guesses_are_too_many(guesses, NOW + 200000, key));
    for (unsigned i = 0; i < 100000; i++) {
        guesses_add(guesses, NOW, guesses_key(guesses, &i, sizeof i));
    }
    assert_true(guesses_are_too_many(guesses, NOW + 10001, key)); /* the least guilty went */
    guesses_destroy(guesses);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_rfc_7616_come_out),
        cmocka_unit_test(digests_compare_in_any_case_and_whole),
        cmocka_unit_test(algorithms_have_the_names_of_rfc_8760),
        cmocka_unit_test(a_nonce_is_good_for_its_source_and_its_time),
        cmocka_unit_test(a_count_is_used_once_in_whatever_order),
        cmocka_unit_test(what_had_to_be_forgotten_is_not_taken_again),
        cmocka_unit_test(ten_guesses_are_free_and_then_one_in_ten_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
