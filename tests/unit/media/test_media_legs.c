/* What legs tell and report, and how they end, alone and by the hundred. */
#include "media_world.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>

enum { STRANGERS = 6 /* pairs of the range of ports that others may have */ };

/* A key of 100 ms, told in five packets and three ends. */
static void press(struct phone *phone, uint8_t code)
{
    uint8_t event[4] = {code, 10, 0, 0};

    phone->out.payload_type = EVENT_TYPE;
    for (unsigned i = 1; i <= 8; i++) {
        unsigned duration = i < 5 ? i * 160 : 800;

        event[1] = i > 5 ? 0x8a : 0x0a;
        event[2] = (uint8_t)(duration >> 8);
        event[3] = (uint8_t)duration;
        send_rtp(phone, phone->rtp, event, sizeof(event));
        phone->out.sequence++;
    }
    phone->out.timestamp += 1600;
    phone->out.payload_type = 0;
}

static bool three_digits_came(struct room *room)
{
    return strlen(room->phones[0].digits) >= 3;
}

static void keys_are_told_once_each(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 0);

    (void)state;
    press(phone, 1);
    press(phone, 11);
    press(phone, 1);
    run_until(room, three_digits_came);
    run_until(room, all_have_heard);
    assert_string_equal(phone->digits, "1#1");
    assert_int_equal(phone->durations, 300);
    room_free(room);
}

static bool timeout_came(struct room *room)
{
    return room->phones[0].timeouts > 0;
}

static void a_silent_phone_times_out_once(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 200);

    (void)state;
    run_until(room, timeout_came);
    assert_in_range(phone->silent_ms, 200, 2000);
    measure_anew(room);
    run_until(room, all_have_heard); /* longer than the time-out */
    assert_int_equal(phone->timeouts, 1);
    room_free(room);
}

static void a_phone_that_may_not_send_has_no_timeout(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 200);

    (void)state;
    set_session(phone, STREAM_SENDONLY, 20);
    measure_anew(room);
    run_until(room, all_have_heard); /* 0.6 s */
    assert_int_equal(phone->timeouts, 0);
    room_free(room);
}

static bool report_came(struct room *room)
{
    return room->phones[0].has_sr && room->phones[0].report.has_block;
}

static bool loss_is_known(struct room *room)
{
    room->mixing->leg_stats(room->phones[0].leg, &room->stats);
    return room->stats.remote_loss > 0;
}

static bool bye_came(struct room *room)
{
    return room->phones[0].has_bye;
}

static void put32(uint8_t *at, uint32_t value)
{
    value = htonl(value);
    memcpy(at, &value, sizeof(value));
}

static void reports_go_both_ways_and_end_with_bye(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 0);
    uint8_t rr[32] = {0x81, 201, 0, 7};

    (void)state;
    talk(phone);
    (void)phone_add(room, AF_INET, 0);
    run_until(room, report_came);
    assert_int_equal(phone->report.sr_ssrc, phone->ssrc);
    assert_string_equal(phone->cname, "phone-name");

    /* a receiver report: a quarter is lost, and the last SR came 100 ms ago, it pretends */
    put32(rr + 4, phone->out.ssrc);
    put32(rr + 8, phone->ssrc);
    rr[12] = 64;
    put32(rr + 24, phone->report.sr_ntp_mid - 65536 / 10);
    put32(rr + 28, 1);
    assert_int_equal(sendto(phone->rtcp, rr, sizeof(rr), 0, (struct sockaddr *)&phone->rtcp_target,
                            sizeof(phone->rtcp_target)),
                     sizeof(rr));
    run_until(room, loss_is_known);
    assert_float_equal(room->stats.remote_loss, 0.25, 0.001);
    assert_true(room->stats.round_trip > 99 && room->stats.round_trip < 5000);
    assert_string_equal(room->stats.codec, "PCMU");
    assert_true(room->stats.sent > 0);
    assert_true(room->stats.lost == 0);
    assert_float_equal(room->stats.level, -17, 1); /* a sine of 0.2 */

    phone->hz = 0;
    room->mixing->leg_close(phone->leg);
    run_until(room, bye_came);
    room_free(room);
}

/* Between two reports of the phone's, a stranger must neither be believed nor get our reports. */
static void a_foreign_rtcp_source_is_neither_believed_nor_followed(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 0);
    struct sockaddr_storage address = {.ss_family = AF_INET};
    uint8_t rr[8] = {0x80, 201, 0, 1};
    int foreign = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    (void)state;
    assert_true(foreign >= 0);
    ((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    assert_int_equal(bind(foreign, (struct sockaddr *)&address, sizeof(address)), 0);
    talk(phone);
    run_until(room, tones_have_come);
    /* no report of the phone's own has ever come: nothing else speaks against the stranger */
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(sendto(foreign, rr, sizeof(rr), 0, (struct sockaddr *)&phone->rtcp_target,
                                sizeof(phone->rtcp_target)),
                         sizeof(rr));
    }
    run_until(room, rejected_some);
    phone->has_sr = false;
    run_until(room, report_came);
    assert_int_equal(recv(foreign, rr, sizeof(rr), 0), -1);
    (void)close(foreign);
    room_free(room);
}

static void media_destroyed_with_calls_says_bye(void **state)
{
    struct room *room = room_create(2);
    struct phone *phone = phone_add(room, AF_INET, 0);

    (void)state;
    run_until(room, all_have_heard);
    media_destroy(room->media);
    room->media = NULL;
    run_until(room, bye_came);
    assert_true(phone->has_bye);
    room_free(room);
}

/* ---- many legs ---- */

static unsigned open_files(void)
{
    DIR *directory = opendir("/proc/self/fd");
    unsigned count = 0;

    assert_non_null(directory);
    while (readdir(directory) != NULL) {
        count++;
    }
    (void)closedir(directory);
    return count;
}

static unsigned files_wanted;

static bool files_are_closed(struct room *room)
{
    (void)room;
    return open_files() == files_wanted;
}

/* Fills the range of ports; the legs have a session and a route. A program that listens on all
 * addresses may hold a few of the ports. */
static unsigned legs_fill(struct room *room, struct mix *mix, struct leg *legs[PORT_PAIRS + 1])
{
    struct leg_config config = {.family = AF_INET};
    struct leg_route route = route_of(0, 0);
    struct phone nobody = {.room = room};
    struct session session = session_of(&nobody);
    unsigned count = 0;
    int err;

    while ((err = room->mixing->leg_create(mix, &config, &legs[count])) == 0) {
        room->mixing->leg_session(legs[count], &session);
        room->mixing->leg_route(legs[count], &route);
        count++;
        assert_true(count <= PORT_PAIRS);
    }
    assert_int_equal(err, EADDRINUSE);
    assert_true(count >= PORT_PAIRS - STRANGERS);
    return count;
}

static void legs_come_and_go_by_hundreds_and_leave_nothing(void **state)
{
    struct room *room = room_create(2);
    struct leg *legs[PORT_PAIRS + 1];

    (void)state;
    files_wanted = open_files();
    for (unsigned round = 0; round < 6; round++) {
        struct mix *mix;
        unsigned count;

        assert_int_equal(room->mixing->mix_create(room->mixing->ctx, &mix), 0);
        count = legs_fill(room, mix, legs);
        for (unsigned i = 0; i < count; i += 2) {
            room->mixing->leg_close(legs[i]);
        }
        room->mixing->mix_destroy(mix); /* closes the other half */
        run_until(room, files_are_closed);
    }
    room_free(room);
}

static struct leg *parting[PORT_PAIRS];
static unsigned parting_count;

static bool parting_legs_run(struct room *room)
{
    for (unsigned i = 0; i < parting_count; i++) {
        struct leg_stats stats;

        room->mixing->leg_stats(parting[i], &stats);
        if (stats.sent == 0) {
            return false;
        }
    }
    return true;
}

static bool keys_are_read(const struct room *room)
{
    for (unsigned i = 0; i < parting_count; i++) {
        struct leg_stats stats;

        room->mixing->leg_stats(parting[i], &stats);
        if (stats.received == 0) {
            return false;
        }
    }
    return true;
}

/* The legs are closed when they have something to tell that the focus has not yet fetched, so that
 * it fetches that while they go. */
static void legs_that_go_with_something_to_tell_are_freed_once_and_tell_nothing(void **state)
{
    struct room *room = room_create(2);
    struct phone ear = {.room = room, .ptime = 20, .out = {.ssrc = 1, .sequence = 1}};

    (void)state;
    ear.rtp = open_socket(AF_INET, &ear.address);
    files_wanted = open_files();
    for (unsigned round = 0; round < 8; round++) {
        struct mix *mixes[PORT_PAIRS / 2];

        for (parting_count = 0; parting_count < PORT_PAIRS / 2; parting_count++) {
            struct leg_config config = {.family = AF_INET, .user = &ear};
            struct session session = session_of(&ear);
            struct leg_route route = route_of(0, 0);
            struct leg **leg = &parting[parting_count];

            assert_int_equal(room->mixing->mix_create(room->mixing->ctx, &mixes[parting_count]), 0);
            assert_int_equal(room->mixing->leg_create(mixes[parting_count], &config, leg), 0);
            room->mixing->leg_session(*leg, &session);
            room->mixing->leg_route(*leg, &route);
        }
        run_until(room, parting_legs_run);
        for (unsigned i = 0; i < parting_count; i++) {
            struct media_address address;

            room->mixing->leg_address(parting[i], &address);
            ear.target = address.rtp;
            press(&ear, 5);
        }
        while (!keys_are_read(room)) { /* the loop must not run here */
            (void)sched_yield();
        }
        for (unsigned i = 0; i < parting_count; i++) {
            room->mixing->mix_destroy(mixes[i]); /* closes the leg */
        }
        run_until(room, files_are_closed);
    }
    assert_string_equal(ear.digits, "");
    (void)close(ear.rtp);
    room_free(room);
}

static void what_makes_no_sense_is_refused(void **state)
{
    struct loop *loop;
    struct media *media;
    struct mix *mix;
    struct leg *leg;
    struct media_config config = {
        .address_count = 1, .port_low = 30001, .port_high = 30002, .threads = 1, .events = &events};
    struct leg_config leg_config = {.family = AF_INET6};

    (void)state;
    assert_int_equal(loop_create(&loop), 0);
    assert_int_equal(media_create(&config, &media), EINVAL); /* no loop */
    config.loop = loop;
    config.addresses[0].ss_family = AF_INET;
    ((struct sockaddr_in *)&config.addresses[0])->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(media_create(&config, &media), EINVAL); /* no even port with an odd one */
    config.port_high = 30003;
    assert_int_equal(media_create(&config, &media), 0);
    assert_int_equal(media_mixing(media)->mix_create(media, &mix), 0);
    assert_int_equal(media_mixing(media)->leg_create(mix, &leg_config, &leg), EAFNOSUPPORT);
    media_destroy(media);
    loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_told_once_each),
        cmocka_unit_test(a_silent_phone_times_out_once),
        cmocka_unit_test(a_phone_that_may_not_send_has_no_timeout),
        cmocka_unit_test(reports_go_both_ways_and_end_with_bye),
        cmocka_unit_test(a_foreign_rtcp_source_is_neither_believed_nor_followed),
        cmocka_unit_test(media_destroyed_with_calls_says_bye),
        cmocka_unit_test(legs_come_and_go_by_hundreds_and_leave_nothing),
        cmocka_unit_test(legs_that_go_with_something_to_tell_are_freed_once_and_tell_nothing),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
