/* Packets by io_uring: as many as there are, in their places; what the kernel says about each. */
#include "media/uring.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PAIRS = URING_BATCH };

/* Sockets connected two by two: what is sent from one comes to the other. */
struct pairs {
    struct uring *ring;
    int ours[PAIRS], theirs[PAIRS];
    unsigned numbers[PAIRS];
};

static int udp_open(struct sockaddr_in *address)
{
    socklen_t size = sizeof(*address);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    *address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)address, &size), 0);
    return fd;
}

static int setup(void **state)
{
    static struct pairs pairs;
    int err;

    pairs = (struct pairs){.ring = NULL};
    err = uring_create(&pairs.ring);
    *state = &pairs;
    if (err != 0) {
        print_message("no io_uring here: %s\n", strerror(err));
        return 0;
    }
    uring_begin(pairs.ring);
    for (unsigned i = 0; i < PAIRS; i++) {
        struct sockaddr_in one, other;

        pairs.ours[i] = udp_open(&one);
        pairs.theirs[i] = udp_open(&other);
        assert_int_equal(connect(pairs.ours[i], (struct sockaddr *)&other, sizeof(other)), 0);
        assert_int_equal(connect(pairs.theirs[i], (struct sockaddr *)&one, sizeof(one)), 0);
        assert_int_equal(uring_add(pairs.ring, pairs.ours[i], &pairs.numbers[i]), 0);
    }
    return 0;
}

static int teardown(void **state)
{
    struct pairs *pairs = *state;

    for (unsigned i = 0; pairs->ring != NULL && i < PAIRS; i++) {
        uring_remove(pairs->ring, pairs->numbers[i]);
        (void)close(pairs->ours[i]);
        (void)close(pairs->theirs[i]);
    }
    uring_destroy(pairs->ring);
    return 0;
}

static struct pairs *pairs_or_skip(void **state)
{
    struct pairs *pairs = *state;

    if (pairs->ring == NULL) {
        skip();
    }
    return pairs;
}

/* Every third socket has no packet. */
static void what_waits_is_fetched_in_its_place(void **state)
{
    struct pairs *pairs = pairs_or_skip(state);
    const uint8_t *data;

    for (unsigned i = 0; i < PAIRS; i++) {
        uint8_t packet[] = {1, (uint8_t)i};

        if (i % 3 != 0) {
            assert_int_equal(send(pairs->theirs[i], packet, sizeof(packet), 0), sizeof(packet));
        }
        assert_int_equal(uring_ask(pairs->ring, pairs->numbers[i]), i);
    }
    assert_int_equal(uring_ask(pairs->ring, pairs->numbers[0]), -1); /* the batch is full */
    uring_fetch(pairs->ring);
    for (unsigned i = 0; i < PAIRS; i++) {
        int size = uring_got(pairs->ring, (int)i, &data);

        assert_int_equal(size, i % 3 == 0 ? -EAGAIN : 2);
        assert_true(size < 0 || data[1] == i);
    }
}

static void a_packet_that_is_too_long_tells_its_size(void **state)
{
    struct pairs *pairs = pairs_or_skip(state);
    static uint8_t packet[URING_DATAGRAM + 1];
    const uint8_t *data;

    assert_int_equal(send(pairs->theirs[0], packet, sizeof(packet), 0), sizeof(packet));
    assert_int_equal(uring_ask(pairs->ring, pairs->numbers[0]), 0);
    uring_fetch(pairs->ring);
    assert_true(uring_got(pairs->ring, 0, &data) > URING_DATAGRAM);
}

/* Two batches and a half. */
static void what_is_put_goes_out_in_order(void **state)
{
    struct pairs *pairs = pairs_or_skip(state);
    _Atomic uint64_t failed = 0;
    uint8_t packet[4];

    for (unsigned i = 0; i < PAIRS * 5 / 2; i++) {
        uint8_t *data = uring_packet(pairs->ring);

        data[0] = (uint8_t)i;
        uring_put(pairs->ring, pairs->numbers[i % 2], 1, &failed);
    }
    uring_flush(pairs->ring);
    assert_int_equal(failed, 0);
    for (unsigned i = 0; i < PAIRS * 5 / 2; i++) {
        assert_int_equal(recv(pairs->theirs[i % 2], packet, sizeof(packet), 0), 1);
        assert_int_equal(packet[0], (uint8_t)i);
    }
}

/* The far end is closed: the kernel tells so at the next packet, which goes out all the same. */
static void an_error_of_an_earlier_packet_costs_no_later_one(void **state)
{
    struct pairs *pairs = pairs_or_skip(state);
    _Atomic uint64_t failed = 0;
    struct sockaddr_in address;
    socklen_t size = sizeof(address);
    char packet[4];

    assert_int_equal(getsockname(pairs->theirs[0], (struct sockaddr *)&address, &size), 0);
    (void)close(pairs->theirs[0]);
    (void)uring_packet(pairs->ring);
    uring_put(pairs->ring, pairs->numbers[0], 1, &failed);
    uring_flush(pairs->ring); /* brings an ICMP error back */
    pairs->theirs[0] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(pairs->theirs[0], (struct sockaddr *)&address, size), 0);
    uring_packet(pairs->ring)[0] = 'x';
    uring_put(pairs->ring, pairs->numbers[0], 1, &failed);
    uring_flush(pairs->ring);
    assert_int_equal(failed, 0);
    assert_int_equal(recv(pairs->theirs[0], packet, sizeof(packet), 0), 1);
    assert_int_equal(packet[0], 'x');
}

static void a_number_is_free_again_when_its_socket_is_removed(void **state)
{
    struct pairs *pairs = pairs_or_skip(state);
    unsigned number;

    uring_remove(pairs->ring, pairs->numbers[3]);
    assert_int_equal(uring_add(pairs->ring, pairs->ours[3], &number), 0);
    assert_int_equal(number, pairs->numbers[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_waits_is_fetched_in_its_place, setup, teardown),
        cmocka_unit_test_setup_teardown(a_packet_that_is_too_long_tells_its_size, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_put_goes_out_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(an_error_of_an_earlier_packet_costs_no_later_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_number_is_free_again_when_its_socket_is_removed, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
