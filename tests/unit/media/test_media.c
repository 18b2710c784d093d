/* What the phones of a conference hear of each other, and what must not disturb it. */
#include "media_world.h"

static void three_phones_hear_the_others_and_not_themselves(void **state)
{
    struct room *room = room_create(1);
    struct mixing_thread_stats stats;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        talk(phone_add(room, AF_INET, 0));
    }
    hear_all(room);
    for (unsigned ear = 0; ear < 3; ear++) {
        for (unsigned k = 0; k < 3; k++) {
            if (ear == k) {
                assert_true(heard_at(&room->phones[ear], k) < -35);
            } else {
                assert_float_equal(heard_at(&room->phones[ear], k), 0, 0.2);
            }
        }
        assert_int_equal(room->phones[ear].breaks, 0);
        assert_true(room->phones[ear].speaking);
        assert_int_equal(room->phones[ear].speaking_changes, 1);
    }
    room->mixing->thread_stats(room->mixing->ctx, 0, &stats);
    assert_int_equal(stats.sections, 1);
    assert_int_equal(stats.legs, 3);
    assert_true(stats.ticks > HEARD);
    assert_true(stats.lateness_p99 >= stats.lateness_p50);
    room_free(room);
}

static void an_ipv6_leg_talks_with_an_ipv4_leg(void **state)
{
    struct room *room = room_create(2);

    (void)state;
    talk(phone_add(room, AF_INET6, 0));
    talk(phone_add(room, AF_INET, 0));
    hear_all(room);
    assert_float_equal(heard_at(&room->phones[0], 1), 0, 0.2);
    assert_float_equal(heard_at(&room->phones[1], 0), 0, 0.2);
    room_free(room);
}

static void gains_are_heard_and_a_muted_phone_is_not(void **state)
{
    struct room *room = room_create(1);

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        talk(phone_add(room, AF_INET, 0));
    }
    set_route(&room->phones[0], GAIN_OFF, -6);
    set_route(&room->phones[1], 3, 0);
    hear_all(room);
    assert_float_equal(heard_at(&room->phones[0], 1), -3, 0.2);
    assert_float_equal(heard_at(&room->phones[0], 2), -6, 0.2);
    assert_float_equal(heard_at(&room->phones[2], 1), 3, 0.2);
    assert_true(heard_at(&room->phones[2], 0) < -35);
    assert_true(room->phones[0].speaking); /* muted, but it is seen that it speaks */
    room_free(room);
}

static void silence_comes_steadily(void **state)
{
    struct room *room = room_create(1);
    uint8_t silence[FRAME];

    (void)state;
    memset(silence, 0xff, sizeof(silence));
    (void)phone_add(room, AF_INET, 0);
    (void)phone_add(room, AF_INET, 0);
    run_until(room, all_have_heard);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(room->phones[i].breaks, 0);
        assert_int_equal(room->phones[i].size, FRAME);
        assert_memory_equal(room->phones[i].last, silence, FRAME);
    }
    room_free(room);
}

static void a_foreign_source_is_neither_heard_nor_followed(void **state)
{
    struct room *room = room_create(1);
    struct sockaddr_storage address;
    uint8_t loud[FRAME];
    int foreign = open_socket(AF_INET, &address);

    (void)state;
    memset(loud, 0x80, sizeof(loud));
    talk(phone_add(room, AF_INET, 0));
    (void)phone_add(room, AF_INET, 0);
    run_until(room, tones_have_come);
    for (unsigned i = 0; i < 20; i++) {
        send_rtp(&room->phones[0], foreign, loud, sizeof(loud));
    }
    measure_anew(room);
    run_until(room, rejected_some);
    run_until(room, all_have_heard);
    assert_float_equal(heard_at(&room->phones[1], 0), 0, 0.2);
    assert_int_equal(recv(foreign, loud, sizeof(loud), MSG_DONTWAIT), -1);
    (void)close(foreign);
    room_free(room);
}

static void unknown_payload_types_and_rubbish_are_counted_and_harmless(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 0);
    uint8_t loud[FRAME];

    (void)state;
    memset(loud, 0x80, sizeof(loud));
    talk(phone);
    (void)phone_add(room, AF_INET, 0);
    run_until(room, tones_have_come);
    for (unsigned i = 0; i < 10; i++) {
        phone->out.payload_type = 77;
        send_rtp(phone, phone->rtp, loud, sizeof(loud));
        phone->out.payload_type = 0;
        assert_int_equal(sendto(phone->rtp, loud, i, 0, (struct sockaddr *)&phone->target,
                                sizeof(phone->target)),
                         i);
    }
    measure_anew(room);
    run_until(room, rejected_some);
    run_until(room, all_have_heard);
    assert_float_equal(heard_at(&room->phones[1], 0), 0, 0.2);
    room_free(room);
}

static void a_phone_on_hold_gets_nothing_and_is_not_heard(void **state)
{
    struct room *room = room_create(1);
    unsigned before;

    (void)state;
    talk(phone_add(room, AF_INET, 0));
    (void)phone_add(room, AF_INET, 0);
    hear_all(room);
    set_session(&room->phones[0], STREAM_INACTIVE, 20);
    measure_anew(room);
    room->phones[0].heard = HEARD; /* nothing is expected there */
    run_until(room, all_have_heard);
    before = room->phones[0].packets;
    measure_anew(room);
    room->phones[0].heard = HEARD;
    run_until(room, all_have_heard);
    assert_true(heard_at(&room->phones[1], 0) < -60);
    assert_int_equal(room->phones[0].packets, before);
    set_session(&room->phones[0], STREAM_SENDRECV, 20);
    hear_all(room);
    assert_float_equal(heard_at(&room->phones[1], 0), 0, 0.2);
    room_free(room);
}

static void packets_of_any_length_are_taken_and_sent(void **state)
{
    static const unsigned LENGTHS[] = {10, 30, 40, 60};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct room *room = room_create(1);
        struct phone *odd = phone_add(room, AF_INET, 0);

        (void)phone_add(room, AF_INET, 0);
        odd->ptime = LENGTHS[i];
        set_session(odd, STREAM_SENDRECV, LENGTHS[i]);
        talk(odd);
        run_until(room, tones_have_come);
        measure_anew(room);
        odd->heard = HEARD; /* its packets are of another length */
        odd->packets = odd->breaks = 0;
        run_until(room, all_have_heard);
        assert_float_equal(heard_at(&room->phones[1], 0), 0, 0.2);
        assert_int_equal(odd->size, LENGTHS[i] * 8);
        assert_int_equal(odd->breaks, 0);
        /* 0.6 s or so of them */
        assert_in_range(odd->packets, HEARD / 2 * 20 / LENGTHS[i], 8 * HEARD * 20 / LENGTHS[i]);
        room_free(room);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_phones_hear_the_others_and_not_themselves),
        cmocka_unit_test(an_ipv6_leg_talks_with_an_ipv4_leg),
        cmocka_unit_test(gains_are_heard_and_a_muted_phone_is_not),
        cmocka_unit_test(silence_comes_steadily),
        cmocka_unit_test(a_foreign_source_is_neither_heard_nor_followed),
        cmocka_unit_test(unknown_payload_types_and_rubbish_are_counted_and_harmless),
        cmocka_unit_test(a_phone_on_hold_gets_nothing_and_is_not_heard),
        cmocka_unit_test(packets_of_any_length_are_taken_and_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
