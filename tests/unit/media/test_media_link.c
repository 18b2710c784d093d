/* A leg's socket is connected while the phone's stream is steady; nobody may notice. */
#include "media_world.h"

#include <stdatomic.h>
#include <sys/syscall.h>

enum { STEADY = 80 /* packets after which the socket is connected */ };

static bool is_steady(struct room *room)
{
    for (unsigned i = 0; i < room->count; i++) {
        struct leg_stats stats;

        room->mixing->leg_stats(room->phones[i].leg, &stats);
        if (stats.received < STEADY) {
            return false;
        }
    }
    return true;
}

static struct room *steady_room(void)
{
    struct room *room = room_create(1);

    talk(phone_add(room, AF_INET, 0));
    talk(phone_add(room, AF_INET6, 0));
    run_until(room, is_steady);
    return room;
}

static void assert_all_hear(struct room *room)
{
    hear_all(room);
    assert_float_equal(heard_at(&room->phones[0], 1), 0, 0.2);
    assert_float_equal(heard_at(&room->phones[1], 0), 0, 0.2);
}

static void rebind(struct phone *phone, int fd)
{
    loop_unwatch(&phone->rtp_watch);
    (void)close(phone->rtp);
    phone->rtp = fd;
    assert_int_equal(loop_watch(phone->room->loop, fd, on_rtp, phone, &phone->rtp_watch), 0);
}

/* Packets have come to phone 0 after it moved. */
static bool moved_is_answered(struct room *room)
{
    return room->phones[0].packets >= 10;
}

/* A NAT gives it another port, without a word in the signalling. */
static void a_phone_that_moves_is_followed(void **state)
{
    struct room *room = steady_room();
    struct phone *phone = &room->phones[0];
    struct sockaddr_storage other;

    (void)state;
    rebind(phone, open_socket(AF_INET, &other));
    phone->packets = 0;
    run_until(room, moved_is_answered);
    assert_all_hear(room);
    room_free(room);
}

/* Its port is closed for a moment, and ICMP errors come back to us meanwhile. */
static void a_phone_that_begins_anew_on_its_port_is_heard(void **state)
{
    struct room *room = steady_room();
    struct phone *phone = &room->phones[0];
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    (void)state;
    loop_unwatch(&phone->rtp_watch);
    (void)close(phone->rtp);
    phone->hz = 0;
    measure_anew(room);
    phone->heard = HEARD; /* it hears nothing now */
    run_until(room, all_have_heard);
    assert_int_equal(bind(fd, (struct sockaddr *)&phone->address, sizeof(struct sockaddr_in)), 0);
    phone->rtp = fd;
    assert_int_equal(loop_watch(room->loop, fd, on_rtp, phone, &phone->rtp_watch), 0);
    talk(phone);
    phone->packets = 0;
    run_until(room, moved_is_answered);
    assert_all_hear(room);
    room_free(room);
}

/* An offer with another address, while the old one still sends. */
static void a_new_session_is_followed_at_once(void **state)
{
    struct room *room = steady_room();
    struct phone *phone = &room->phones[0];
    struct sockaddr_storage address;
    int fd = open_socket(AF_INET, &address);

    (void)state;
    phone->address = address;
    rebind(phone, fd);
    set_session(phone, STREAM_SENDRECV, 20);
    phone->packets = 0;
    run_until(room, moved_is_answered);
    assert_all_hear(room);
    room_free(room);
}

static struct loop_timer *presses;
static unsigned pressed;

/* Key 5, for 400 ms: a packet every 20 ms, the last one three times (RFC 4733 §2.5). */
static void on_press(void *arg)
{
    struct phone *phone = arg;
    unsigned length = pressed < 20 ? ++pressed : (pressed++, 20);
    uint8_t payload[4] = {5, (uint8_t)(length == 20 ? 0x8a : 0x0a), (uint8_t)(length * FRAME >> 8),
                          (uint8_t)(length * FRAME)};

    phone->out.payload_type = EVENT_TYPE;
    send_rtp(phone, phone->rtp, payload, sizeof(payload));
    phone->out.sequence++;
    if (pressed < 22) {
        assert_int_equal(loop_timer_start(phone->room->loop, &presses, 20, on_press, phone), 0);
    }
}

static bool key_is_told(struct room *room)
{
    return room->phones[0].digits[0] != '\0';
}

static void a_key_is_told_when_it_is_let_go(void **state)
{
    struct room *room = steady_room();
    struct phone *phone = &room->phones[0];

    (void)state;
    phone->hz = 0;
    pressed = 0;
    on_press(phone);
    run_until(room, key_is_told);
    assert_string_equal(phone->digits, "5");
    assert_true(pressed >= 20);
    assert_int_equal(phone->durations, 400);
    loop_timer_stop(&presses);
    room_free(room);
}

/* Two thousand packets of a stranger on the phone's own host, while the stream goes on. */
static void a_stranger_is_not_heard(void **state)
{
    struct room *room = steady_room();
    struct phone *phone = &room->phones[0];
    struct sockaddr_storage address;
    uint8_t data[RTP_HEADER + FRAME];
    int fd = open_socket(AF_INET, &address);
    char got[64];

    (void)state;
    memset(data, 0x80, sizeof(data)); /* as loud as can be */
    for (unsigned i = 0; i < 2000; i++) {
        rtp_write_header(data, 0, false, (uint16_t)i, i * FRAME, 99);
        (void)sendto(fd, data, sizeof(data), 0, (const struct sockaddr *)&phone->target,
                     sizeof(phone->target));
    }
    assert_all_hear(room);
    assert_int_equal(phone->breaks, 0);
    assert_true(recv(fd, got, sizeof(got), 0) < 0);
    (void)close(fd);
    room_free(room);
}

static bool digit_came(struct room *room)
{
    return room->phones[0].digits[0] != '\0';
}

/* A key, as it is held: a packet every 20 ms, of which most come when nobody asks for their time.
 */
static void a_key_is_told_when_it_is_up(void **state)
{
    struct room *room = steady_room();
    struct phone *phone = &room->phones[0];
    uint8_t event[4] = {5, 10, 0, 0};

    (void)state;
    phone->hz = 0;
    phone->out.payload_type = EVENT_TYPE;
    for (unsigned i = 1; i <= 5; i++) {
        unsigned duration = i * 160;

        event[1] = i < 5 ? 0x0a : 0x8a;
        event[2] = (uint8_t)(duration >> 8);
        event[3] = (uint8_t)duration;
        send_rtp(phone, phone->rtp, event, sizeof(event));
        phone->out.sequence++;
        (void)usleep(20 * 1000);
    }
    run_until(room, digit_came);
    assert_string_equal(phone->digits, "5");
    assert_int_equal(phone->durations, 100);
    room_free(room);
}

static atomic_uint reads; /* of sockets that are not connected */

int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
    reads++;
    return (int)syscall(SYS_recvmmsg, fd, messages, count, flags, timeout);
}

static bool is_sent_to(struct room *room)
{
    return room->phones[0].packets >= 75;
}

/* More than a second after its last packet nothing is read from it, and it is still sent silence.
 */
static void a_phone_that_falls_silent_costs_no_reading_and_is_heard_again(void **state)
{
    struct room *room = steady_room();
    struct leg_stats stats;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        room->phones[i].hz = 0;
        room->phones[i].packets = 0;
    }
    run_until(room, is_sent_to);
    reads = 0;
    room->phones[0].packets = 45;
    run_until(room, is_sent_to);
    assert_int_equal(reads, 0);
    talk(&room->phones[0]);
    talk(&room->phones[1]);
    room->phones[0].packets = 0;
    run_until(room, is_sent_to);
    assert_all_hear(room);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(room->phones[i].breaks, 0);
        room->mixing->leg_stats(room->phones[i].leg, &stats);
        assert_int_equal(stats.rejected, 0);
    }
    room_free(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_phone_that_moves_is_followed),
        cmocka_unit_test(a_phone_that_begins_anew_on_its_port_is_heard),
        cmocka_unit_test(a_new_session_is_followed_at_once),
        cmocka_unit_test(a_key_is_told_when_it_is_let_go),
        cmocka_unit_test(a_stranger_is_not_heard),
        cmocka_unit_test(a_key_is_told_when_it_is_up),
        cmocka_unit_test(a_phone_that_falls_silent_costs_no_reading_and_is_heard_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
