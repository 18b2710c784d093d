/* Legs that go from one mix to another. */
#include "media_world.h"

#include <errno.h>

static struct phone *phone_add_to(struct room *room, struct mix *mix)
{
    struct mix *before = room->mix;
    struct phone *phone;

    room->mix = mix;
    phone = phone_add(room, AF_INET, 0);
    room->mix = before;
    return phone;
}

static void move(struct phone *phone, struct mix *mix)
{
    assert_int_equal(phone->room->mixing->leg_move(phone->leg, mix, phone), 0);
    set_route(phone, 0, 0);
}

static struct mix *another_mix(struct room *room)
{
    struct mix *mix;

    assert_int_equal(room->mixing->mix_create(room->mixing->ctx, &mix), 0);
    return mix;
}

/* Two threads: the other mix is on the other one. */
static void a_leg_is_heard_where_it_has_gone_and_no_more_where_it_was(void **state)
{
    struct room *room = room_create(2);
    struct mix *other = another_mix(room);
    struct phone *mover = phone_add(room, AF_INET, 0), *stays = phone_add(room, AF_INET, 0);
    struct phone *there = phone_add_to(room, other);

    (void)state;
    talk(mover);
    talk(stays);
    talk(there);
    hear_all(room);
    assert_float_equal(heard_at(stays, 0), 0, 1);
    assert_true(heard_at(there, 0) < -60);
    move(mover, other);
    /* What is asked of it on its way waits. */
    set_session(mover, STREAM_SENDRECV, 20);
    assert_int_equal(room->mixing->leg_move(mover->leg, other, mover), EBUSY);
    measure_anew(room);
    run_until(room, all_have_heard);
    measure_anew(room);
    run_until(room, all_have_heard);
    assert_float_equal(heard_at(there, 0), 0, 1);
    assert_float_equal(heard_at(mover, 2), 0, 1);
    assert_true(heard_at(stays, 0) < -60);
    assert_true(heard_at(mover, 1) < -35); /* what G.711 makes of the other tone */
    assert_int_equal(mover->breaks, 0);    /* the same stream to the phone */
    room_free(room);
}

static void its_mix_may_go_at_once(void **state)
{
    struct room *room = room_create(1);
    struct mix *visit = another_mix(room);
    struct phone *mover = phone_add_to(room, visit), *there = phone_add(room, AF_INET, 0);

    (void)state;
    talk(mover);
    hear_all(room);
    move(mover, room->mix);
    room->mixing->mix_destroy(visit);
    measure_anew(room);
    run_until(room, all_have_heard);
    measure_anew(room);
    run_until(room, all_have_heard);
    assert_float_equal(heard_at(there, 0), 0, 1);
    assert_false(mover->has_bye);
    room_free(room);
}

/* Neither is there to be told of anything: a sanitizer sees what is left or used. */
static void it_may_be_closed_on_its_way_and_its_new_mix_too(void **state)
{
    struct room *room = room_create(2);
    struct mix *other = another_mix(room);
    struct phone *stays = phone_add(room, AF_INET, 0), *mover = phone_add(room, AF_INET, 0);

    (void)state;
    move(mover, other);
    set_session(mover, STREAM_SENDRECV, 20);
    room->mixing->leg_close(mover->leg);
    room->mixing->mix_destroy(other);
    phone_close(mover);
    room->count--;
    talk(stays);
    hear_all(room);
    room_free(room);
}

static void the_room_may_end_with_a_leg_on_its_way(void **state)
{
    struct room *room = room_create(2);
    struct phone *mover = phone_add(room, AF_INET, 0);

    (void)state;
    move(mover, another_mix(room));
    set_session(mover, STREAM_SENDRECV, 20);
    room_free(room);
}

static bool the_second_has_heard(struct room *room)
{
    return room->phones[1].heard == HEARD;
}

static bool has_spoken(struct room *room)
{
    room->mixing->leg_stats(room->phones[0].leg, &room->stats);
    return room->stats.received >= 10;
}

static void a_cautious_leg_sends_nothing_before_its_phone_does(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 0);
    struct leg_route route = {.is_cautious = true};

    (void)state;
    (void)phone_add(room, AF_INET, 0);
    for (unsigned bus = 0; bus < MIX_BUSES; bus++) {
        route.speaks[bus] = route.hears[bus] = bus == MIX_MAIN ? 0 : GAIN_OFF;
    }
    assert_int_equal(room->mixing->leg_route(phone->leg, &route), 0);
    measure_anew(room);
    run_until(room, the_second_has_heard);
    assert_int_equal(phone->packets, 0);
    talk(phone);
    run_until(room, has_spoken);
    measure_anew(room);
    run_until(room, all_have_heard);
    assert_true(phone->packets > 0);
    room_free(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leg_is_heard_where_it_has_gone_and_no_more_where_it_was),
        cmocka_unit_test(its_mix_may_go_at_once),
        cmocka_unit_test(it_may_be_closed_on_its_way_and_its_new_mix_too),
        cmocka_unit_test(the_room_may_end_with_a_leg_on_its_way),
        cmocka_unit_test(a_cautious_leg_sends_nothing_before_its_phone_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
