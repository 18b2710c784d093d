/* A mix that several threads work together is one mix to those in it. */
#include "media/engine.h"
#include "media/leg.h"
#include "media/mix.h"
#include "media/thread.h"
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
        assert_int_equal(stats.sections, 1);
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

static struct loop_timer *changes;
static unsigned changed, echoes;

/* Each packet that phone 0 has got since the last change is looked through for its own voice. */
static void on_change(void *arg)
{
    struct phone *phone = arg;

    for (unsigned i = 0; i < phone->heard; i++) {
        echoes += phone->amplitudes[0][i] > 0.02F;
    }
    phone->heard = 0;
    changed++;
    set_route(phone, changed % 2 ? -3 : 0, 0);
    assert_int_equal(
        loop_timer_start(phone->room->loop, &changes, 33 + changed % 5, on_change, phone), 0);
}

static bool has_changed_often(struct room *room)
{
    (void)room;
    return changed >= 150;
}

/* A change that comes between the halves of a tick must not part what is said from what is taken
 * off again. */
static void a_talker_does_not_hear_itself_while_its_gain_changes(void **state)
{
    struct room *room = room_create_split(2, 1);

    (void)state;
    talk(phone_add(room, AF_INET, 0));
    talk(phone_add(room, AF_INET, 0));
    hear_all(room);
    changed = echoes = 0;
    room->phones[0].heard = 0;
    on_change(&room->phones[0]);
    run_until(room, has_changed_often);
    assert_int_equal(echoes, 0);
    loop_timer_stop(&changes);
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

static void assert_legs(struct room *room, unsigned thread, unsigned legs)
{
    struct mixing_thread_stats stats;

    room->mixing->thread_stats(room->mixing->ctx, thread, &stats);
    assert_int_equal(stats.legs, legs);
}

static unsigned thread_of(const struct room *room, const struct section *section)
{
    return (unsigned)(section->thread - room->media->threads);
}

static void who_comes_is_placed_on_a_thread_that_is_in_time(void **state)
{
    struct room *room = room_create(2);
    struct media_thread *threads = room->media->threads;
    unsigned first = thread_of(room, room->mix->sections[0]), other = 1 - first;

    (void)state;
    phone_add(room, AF_INET, 0);
    atomic_store(&threads[first].overloaded, true);
    assert_false(room->mixing->is_overloaded(room->mixing->ctx, room->mix));
    phone_add(room, AF_INET, 0);
    assert_legs(room, other, 1);
    phone_add(room, AF_INET, 0);
    assert_legs(room, other, 2);
    assert_legs(room, first, 1);
    atomic_store(&threads[other].overloaded, true);
    assert_true(room->mixing->is_overloaded(room->mixing->ctx, room->mix));
    atomic_store(&threads[first].overloaded, false);
    assert_false(room->mixing->is_overloaded(room->mixing->ctx, room->mix));
    phone_add(room, AF_INET, 0);
    assert_legs(room, first, 2);
    room_free(room);
}

/* Ports for all pairs but one are taken: the leg that finds none leaves nothing behind. */
static void a_leg_without_a_port_opens_no_section(void **state)
{
    struct room *room = room_create_split(2, 1);
    struct leg_config config = {.family = AF_INET, .name = "leg"};
    struct mix *crowd;
    struct leg *leg;

    (void)state;
    phone_add(room, AF_INET, 0);
    assert_int_equal(room->mixing->mix_create(room->mixing->ctx, &crowd), 0);
    while (room->mixing->leg_create(crowd, &config, &leg) == 0) {
    }
    assert_int_equal(room->mixing->leg_create(room->mix, &config, &leg), EADDRINUSE);
    assert_int_equal(room->mix->section_count, 1);
    room->mixing->mix_destroy(crowd);
    room_free(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(legs_on_different_threads_hear_each_other_and_not_themselves),
        cmocka_unit_test(each_thread_has_its_share),
        cmocka_unit_test(gains_hold_across_threads),
        cmocka_unit_test(a_talker_does_not_hear_itself_while_its_gain_changes),
        cmocka_unit_test(a_leg_and_its_thread_may_leave),
        cmocka_unit_test(who_comes_is_placed_on_a_thread_that_is_in_time),
        cmocka_unit_test(a_leg_without_a_port_opens_no_section),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
