/* A mix that several threads work together is one mix to those in it. */
#include "media_world.h"

/* Four legs in sections of one: four threads, each with a leg of its own. */
static void legs_on_different_threads_hear_each_other_and_not_themselves(void **state)
{
    struct room *room = room_create_split(PHONES, 1);

    (void)state;
    for (unsigned i = 0; i < PHONES; i++) {
        talk(phone_add(room, AF_INET, 0));
    }
    hear_all(room);
    for (unsigned i = 0; i < PHONES; i++) {
        for (unsigned k = 0; k < PHONES; k++) {
            if (i == k) {
                assert_true(heard_at(&room->phones[i], k) < -35);
            } else {
                assert_float_equal(heard_at(&room->phones[i], k), 0, 0.2);
            }
        }
    }
    room_free(room);
}

static void each_thread_has_its_share(void **state)
{
    struct room *room = room_create_split(2, 1);
    struct mixing_thread_stats stats;

    (void)state;
    for (unsigned i = 0; i < PHONES; i++) {
        talk(phone_add(room, AF_INET, 0));
    }
    for (unsigned thread = 0; thread < 2; thread++) {
        room->mixing->thread_stats(room->mixing->ctx, thread, &stats);
        assert_int_equal(stats.mixes, 1);
        assert_int_equal(stats.legs, PHONES / 2);
    }
    room_free(room);
}

static void gains_hold_across_threads(void **state)
{
    struct room *room = room_create_split(3, 1);

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        talk(phone_add(room, AF_INET, 0));
    }
    set_route(&room->phones[0], GAIN_OFF, -6);
    set_route(&room->phones[1], 3, 0);
    hear_all(room);
    assert_true(heard_at(&room->phones[2], 0) < -35);
    assert_float_equal(heard_at(&room->phones[2], 1), 3, 0.2);
    assert_float_equal(heard_at(&room->phones[0], 1), -3, 0.2);
    assert_float_equal(heard_at(&room->phones[0], 2), -6, 0.2);
    room_free(room);
}

/* The others go on, and the mix can be taken apart while threads exchange what is said. */
static void a_leg_and_its_thread_may_leave(void **state)
{
    struct room *room = room_create_split(3, 1);

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        talk(phone_add(room, AF_INET, 0));
    }
    hear_all(room);
    phone_remove(room);
    hear_all(room);
    assert_float_equal(heard_at(&room->phones[0], 1), 0, 0.2);
    assert_true(heard_at(&room->phones[0], 2) < -35);
    room->mixing->mix_destroy(room->mix);
    room_free(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(legs_on_different_threads_hear_each_other_and_not_themselves),
        cmocka_unit_test(each_thread_has_its_share),
        cmocka_unit_test(gains_hold_across_threads),
        cmocka_unit_test(a_leg_and_its_thread_may_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
