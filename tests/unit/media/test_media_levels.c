/* Levels as phones get and send them, and legs that nobody hears. */
#include "media_world.h"

/* The level that phone 2 is told of this phone; -1: it is not among those heard. */
static int level_told(const struct room *room, unsigned talker)
{
    const struct phone *ear = &room->phones[2];
    size_t count = 0;
    const uint8_t *levels = rtp_extension(&ear->in, 5, &count);

    for (unsigned i = 0; levels != NULL && i < count && i < ear->sources; i++) {
        uint32_t source;

        memcpy(&source, ear->header + RTP_HEADER + 4 * (size_t)i, sizeof(source));
        if (ntohl(source) == 0x1000 + talker) {
            return levels[i];
        }
    }
    return -1;
}

static int level_of_all(const struct room *room)
{
    size_t size = 0;
    const uint8_t *level = rtp_extension(&room->phones[2].in, 3, &size);

    return level != NULL && size == 1 ? level[0] & 0x7f : -1;
}

static bool is_near(int level, int expected)
{
    return level >= expected - 1 && level <= expected + 1;
}

static bool both_are_told(struct room *room)
{
    return room->phones[2].sources == 2 && is_near(level_told(room, 0), 17) &&
           is_near(level_told(room, 1), 17) && is_near(level_of_all(room), 14);
}

static bool nobody_is_told(struct room *room)
{
    return room->phones[2].sources == 0 && room->phones[2].packets > 0 &&
           level_of_all(room) == 127 && room->phones[0].packets > 0 &&
           room->phones[0].sources == 0 && room->phones[0].in.profile == 0;
}

static void listen_with_levels(unsigned threads, unsigned section_legs)
{
    struct room *room = room_create_split(threads, section_legs);
    struct phone *ear;

    (void)phone_add(room, AF_INET, 0);
    (void)phone_add(room, AF_INET, 0);
    ear = phone_add(room, AF_INET, 0);
    ear->levels = (struct session_levels){.in = 3, .out = 3, .each = 5};
    set_session(ear, STREAM_SENDRECV, 20);
    run_until(room, nobody_is_told);
    talk(&room->phones[0]);
    talk(&room->phones[1]);
    run_until(room, both_are_told);
    assert_int_equal(ear->size, FRAME);
    room->phones[0].hz = room->phones[1].hz = 0;
    run_until(room, nobody_is_told);
    room_free(room);
}

static void who_asks_is_told_who_is_heard_and_how_loud(void **state)
{
    (void)state;
    listen_with_levels(1, 0);
}

static void so_he_is_when_they_are_on_other_threads(void **state)
{
    (void)state;
    listen_with_levels(3, 1);
}

/* What its payload shows is believed. */
static void a_phone_that_says_it_is_silent_is_heard_when_it_is_not(void **state)
{
    struct room *room = room_create(1);
    struct phone *talker = phone_add(room, AF_INET, 0);

    (void)state;
    (void)phone_add(room, AF_INET, 0);
    talker->levels = (struct session_levels){.in = 4, .has_vad = true};
    set_session(talker, STREAM_SENDRECV, 20);
    talk(talker);
    hear_all(room);
    assert_float_equal(heard_at(&room->phones[1], 0), 0, 0.5);
    room_free(room);
}

static bool is_seen_speaking(struct room *room)
{
    room->mixing->leg_stats(room->phones[0].leg, &room->stats);
    return room->phones[0].speaking && fabsf(room->stats.level + 17) < 1;
}

static bool all_have_heard_and_it_was_seen(struct room *room)
{
    return all_have_heard(room) && is_seen_speaking(room);
}

/* "You are muted", a script may say then. */
static void a_muted_phone_is_seen_to_speak_but_not_heard_until_it_is_no_longer_muted(void **state)
{
    struct room *room = room_create(1);
    struct phone *talker = phone_add(room, AF_INET, 0);

    (void)state;
    (void)phone_add(room, AF_INET, 0);
    set_route(talker, GAIN_OFF, 0);
    talk(talker);
    run_until(room, tones_have_come);
    measure_anew(room);
    run_until(room, all_have_heard_and_it_was_seen);
    assert_true(heard_at(&room->phones[1], 0) < -60);
    set_route(talker, 0, 0);
    hear_all(room);
    hear_all(room);
    assert_float_equal(heard_at(&room->phones[1], 0), 0, 0.5);
    room_free(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_asks_is_told_who_is_heard_and_how_loud),
        cmocka_unit_test(so_he_is_when_they_are_on_other_threads),
        cmocka_unit_test(a_phone_that_says_it_is_silent_is_heard_when_it_is_not),
        cmocka_unit_test(a_muted_phone_is_seen_to_speak_but_not_heard_until_it_is_no_longer_muted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
