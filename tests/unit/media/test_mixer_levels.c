/* What the mixer tells of a mix: how loud it is, who is heard; and who need not be decoded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "media/level.h"
#include "media/mixer.h"

enum { FRAME = 160, CHANNELS = 20, UNTOUCHED = 99 };

struct room {
    struct mixer mixer;
    struct mixer_stock stock;
    struct mixer_channel channels[CHANNELS];
    struct mixer_payload payloads[CHANNELS]; /* of the last tick */
    float amplitudes[CHANNELS];              /* 0: silent */
    unsigned count;
};

static const struct codec *pcmu(void)
{
    static const struct codec_format format = {.name = "PCMU", .clock_rate = 8000, .channels = 1};

    return codec_find(&format);
}

static void route(struct room *room, unsigned channel, unsigned bus, float speaks_db)
{
    struct mixer_route route = {0};

    route.speaks[bus] = mixer_linear(speaks_db);
    route.hears[MIX_MAIN] = 1;
    mixer_channel_route(&room->channels[channel], &route);
    mixer_settle(&room->channels[channel]);
}

/* `places`: channels that the mixer is told of. */
static struct room *room_create(unsigned count, unsigned places)
{
    struct room *room = calloc(1, sizeof(*room));
    struct mixer_supply *supply;

    assert_non_null(room);
    room->count = count;
    for (unsigned i = 0; i < places; i++) {
        mixer_stock_add(&room->stock, pcmu());
    }
    assert_int_equal(mixer_supply_create(&room->stock, 8000, 3, &supply), 0);
    mixer_install(&room->mixer, supply);
    mixer_supply_destroy(supply);
    for (unsigned i = 0; i < count; i++) {
        mixer_channel_init(&room->channels[i]);
        mixer_channel_tune(&room->mixer, &room->channels[i], pcmu(), 0);
        room->channels[i].source = 1000 + i;
        room->channels[i].wants_level = room->channels[i].wants_each = true;
        route(room, i, MIX_MAIN, 0);
    }
    return room;
}

static void room_free(struct room *room)
{
    mixer_free(&room->mixer);
    free(room);
}

static void tick(struct room *room)
{
    mixer_begin(&room->mixer);
    for (unsigned i = 0; i < room->count; i++) {
        float samples[FRAME];

        for (unsigned k = 0; k < FRAME; k++) {
            samples[k] = room->amplitudes[i] * sinf((float)(2 * M_PI * (i + 2) * k / FRAME));
        }
        mixer_take(&room->mixer, &room->channels[i], room->amplitudes[i] != 0 ? samples : NULL,
                   level_power(samples, FRAME), false);
    }
    for (unsigned i = 0; i < room->count; i++) {
        room->payloads[i] = (struct mixer_payload){.level = UNTOUCHED, .speaker_count = UNTOUCHED};
        mixer_give(&room->mixer, &room->channels[i], &room->payloads[i]);
        mixer_settle(&room->channels[i]);
    }
}

/* -1: is not among those heard. */
static int level_of(const struct room *room, unsigned ear, unsigned talker)
{
    const struct mixer_payload *payload = &room->payloads[ear];

    for (unsigned i = 0; i < payload->speaker_count; i++) {
        if (payload->speakers[i].source == 1000 + talker) {
            return payload->speakers[i].level;
        }
    }
    return -1;
}

static void the_mix_is_as_loud_as_all_who_are_heard_in_it(void **state)
{
    struct room *room = room_create(4, 4);

    (void)state;
    room->channels[3].wants_level = room->channels[3].wants_each = false;
    tick(room);
    assert_int_equal(room->payloads[0].level, 127);
    assert_int_equal(room->payloads[0].speaker_count, 0);
    room->amplitudes[0] = 0.2f;
    room->amplitudes[1] = 0.02f;
    tick(room);
    tick(room);
    assert_int_equal(room->payloads[2].level, 17);
    assert_int_equal(room->payloads[0].level, 37); /* without himself */
    assert_int_equal(room->payloads[1].level, 17);
    assert_int_equal(level_of(room, 2, 0), 17);
    assert_int_equal(level_of(room, 2, 1), 37);
    assert_int_equal(level_of(room, 0, 0), -1);
    assert_int_equal(level_of(room, 0, 1), 37);
    assert_int_equal(room->payloads[2].speaker_count, 2);
    assert_int_equal(room->payloads[3].level, UNTOUCHED);
    assert_int_equal(room->payloads[3].speaker_count, UNTOUCHED);
    room_free(room);
}

static void who_is_heard_is_told_as_loud_as_he_is_heard(void **state)
{
    struct room *room = room_create(4, 4);

    (void)state;
    room->amplitudes[0] = room->amplitudes[1] = room->amplitudes[2] = 0.2f;
    route(room, 0, MIX_MAIN, -20);
    route(room, 1, 1, 0); /* a bus that nobody hears */
    tick(room);
    tick(room);
    assert_int_equal(level_of(room, 3, 0), 37);
    assert_int_equal(level_of(room, 3, 1), -1);
    assert_int_equal(level_of(room, 3, 2), 17);
    room_free(room);
}

static void of_very_many_the_loudest_are_told(void **state)
{
    struct room *room = room_create(CHANNELS, CHANNELS);

    (void)state;
    for (unsigned i = 0; i + 1 < CHANNELS; i++) {
        room->amplitudes[i] = 0.001f * (float)(1 + (i * 7) % 19);
    }
    tick(room);
    tick(room);
    assert_int_equal(room->payloads[CHANNELS - 1].speaker_count, MIXER_SPEAKERS);
    for (unsigned i = 0; i + 1 < CHANNELS; i++) {
        assert_int_equal(level_of(room, CHANNELS - 1, i) >= 0, (i * 7) % 19 >= 4);
    }
    room_free(room);
}

static void only_who_may_be_heard_need_be_decoded(void **state)
{
    struct room *room = room_create(2, 2);

    (void)state;
    assert_true(mixer_channel_unheard(&room->channels[0]) > 1e-7f);
    assert_true(mixer_channel_unheard(&room->channels[0]) < 1e-6f);
    room->amplitudes[0] = 0.01f;
    tick(room);
    assert_true(mixer_channel_unheard(&room->channels[0]) == 0);
    room->amplitudes[0] = 0;
    for (unsigned i = 0; i < 30; i++) {
        tick(room);
    }
    assert_true(mixer_channel_unheard(&room->channels[0]) > 0);
    room->amplitudes[0] = 0.01f;
    tick(room);
    /* muted: what he says is faded out first */
    mixer_channel_route(&room->channels[0], &(struct mixer_route){.hears = {1}});
    assert_true(mixer_channel_unheard(&room->channels[0]) == 0);
    tick(room);
    assert_true(isinf(mixer_channel_unheard(&room->channels[0])));
    mixer_channel_tune(&room->mixer, &room->channels[1], NULL, 0);
    assert_true(isinf(mixer_channel_unheard(&room->channels[1])));
    room_free(room);
}

/* More speak than the mixer was told of: nobody is missing for that. */
static void who_finds_no_place_hears_himself_and_is_heard(void **state)
{
    struct room *room = room_create(5, 2);

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        room->amplitudes[i] = 0.1f;
    }
    tick(room);
    tick(room);
    assert_int_equal(room->payloads[4].level, 17);
    assert_int_equal(room->payloads[0].level, 18);
    assert_int_equal(room->payloads[3].level, 17);
    /* one falls silent, his place is free */
    room->amplitudes[0] = 0;
    for (unsigned i = 0; i < 30; i++) {
        tick(room);
    }
    assert_int_equal(room->payloads[2].level, 20);
    assert_int_equal(room->payloads[4].level, 18);
    mixer_channel_leave(&room->channels[1]);
    mixer_channel_init(&room->channels[1]);
    room->amplitudes[1] = 0;
    tick(room);
    assert_int_equal(room->payloads[3].level, 23);
    room_free(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mix_is_as_loud_as_all_who_are_heard_in_it),
        cmocka_unit_test(who_is_heard_is_told_as_loud_as_he_is_heard),
        cmocka_unit_test(of_very_many_the_loudest_are_told),
        cmocka_unit_test(only_who_may_be_heard_need_be_decoded),
        cmocka_unit_test(who_finds_no_place_hears_himself_and_is_heard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
