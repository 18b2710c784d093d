/* A phone may send any codec of its session, and change it; what is done to its voice follows. */
#include "media_world.h"

/* G722 comes first, PCMU is what the phones of this world send. */
static void offer_both(struct phone *phone)
{
    struct session session = session_of(phone);

    session.formats[1] = session.formats[0];
    session.formats[0] =
        (struct codec_format){.name = "G722", .clock_rate = 8000, .channels = 1, .payload_type = 9};
    phone->room->mixing->leg_session(phone->leg, &session);
}

static bool second_has_come(struct room *room)
{
    room->mixing->leg_stats(room->phones[0].leg, &room->stats);
    return room->stats.received >= 50;
}

static bool digit_came(struct room *room)
{
    return room->phones[0].digits[0] != '\0';
}

static void key_tones_are_found_in_the_codec_that_comes(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 0);
    struct leg_voice voice = {.keys = KEYS_TONES};

    (void)state;
    offer_both(phone);
    room->mixing->leg_voice(phone->leg, &voice);
    phone->hz = 770;
    phone->also_hz = 1336;
    run_until(room, second_has_come);
    phone->hz = 0;
    run_until(room, digit_came);
    assert_string_equal(phone->digits, "5");
    room_free(room);
}

static uint64_t clipped_of(struct room *room)
{
    room->mixing->leg_stats(room->phones[0].leg, &room->stats);
    return room->stats.clipped;
}

static bool sound_has_ended(struct room *room)
{
    room->mixing->leg_stats(room->phones[0].leg, &room->stats);
    return room->stats.level < -100;
}

/* 0.6 s, longer than figures take to be told. */
static void hear_for_a_while(struct room *room)
{
    measure_anew(room);
    run_until(room, all_have_heard);
}

static void what_was_too_loud_stays_counted_over_a_change_of_codec(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 0);
    struct session session = session_of(phone);
    uint64_t clipped;

    (void)state;
    phone->amplitude = 4;
    talk(phone);
    run_until(room, second_has_come);
    phone->hz = 0;
    run_until(room, sound_has_ended);
    hear_for_a_while(room);
    clipped = clipped_of(room);
    assert_in_range(clipped, 100, 2000); /* ms */
    session.formats[0] =
        (struct codec_format){.name = "G722", .clock_rate = 8000, .channels = 1, .payload_type = 9};
    room->mixing->leg_session(phone->leg, &session);
    hear_for_a_while(room);
    assert_int_equal(clipped_of(room), clipped);
    room_free(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_tones_are_found_in_the_codec_that_comes),
        cmocka_unit_test(what_was_too_loud_stays_counted_over_a_change_of_codec),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
