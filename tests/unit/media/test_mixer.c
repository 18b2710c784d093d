/* The mixer without sockets: who hears whom, how loud, and what it costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "media/level.h"
#include "media/limiter.h"
#include "media/mixer.h"

enum { FRAME = 160, CHANNELS = 12, WINDOW = 50 /* frames: a whole number of Hz has no leakage */ };

/* A "codec" whose payload says where the samples stand, so that what is heard is seen exactly. The
 * first place is silence, whose payload is good for ever. */
static float spoken[4 * CHANNELS][FRAME];

static int encode_raw(void *encoder, const float *samples, unsigned count, uint8_t *payload,
                      size_t size)
{
    static uint8_t place;

    (void)encoder;
    assert_int_equal(count, FRAME);
    assert_true(size >= 1);
    if (memcmp(samples, spoken[0], sizeof(spoken[0])) == 0) {
        payload[0] = 0;
        return 1;
    }
    place = (uint8_t)(place % (4 * CHANNELS - 1) + 1);
    memcpy(spoken[place], samples, sizeof(spoken[0]));
    payload[0] = place;
    return 1;
}

static const struct codec raw = {
    .format = {.name = "RAW", .clock_rate = 8000, .channels = 1},
    .sample_rate = 8000,
    .stateless = true,
    .encode = encode_raw,
};

struct talker {
    double hz, amplitude; /* 0: silent */
    bool absent;          /* no frame at all */
    bool blocked;         /* a key is down */
};

struct room {
    struct mixer mixer;
    struct mixer_stock stock;
    struct mixer_channel channels[CHANNELS];
    struct talker talkers[CHANNELS];
    unsigned count;
    unsigned ticks;
    float heard[CHANNELS][FRAME]; /* in the last tick */
    const uint8_t *payloads[CHANNELS];
    /* of each channel, each talker's tone: sums over the ticks since listen_anew */
    double sine[CHANNELS][CHANNELS], cosine[CHANNELS][CHANNELS];
    double power[CHANNELS];
    unsigned listened;
    float last[CHANNELS], before_last[CHANNELS];
    float bend[CHANNELS]; /* the sharpest bend (second difference) heard */
};

static struct mixer_route route_of(float speaks_db, float hears_db)
{
    struct mixer_route route = {0};

    route.speaks[MIX_MAIN] = mixer_linear(speaks_db);
    route.hears[MIX_MAIN] = mixer_linear(hears_db);
    return route;
}

static void listen_anew(struct room *room)
{
    memset(room->sine, 0, sizeof(room->sine));
    memset(room->cosine, 0, sizeof(room->cosine));
    memset(room->power, 0, sizeof(room->power));
    memset(room->bend, 0, sizeof(room->bend));
    room->listened = 0;
}

static void supply(struct room *room, unsigned rate, uint64_t buses)
{
    struct mixer_supply *supply = NULL;

    assert_int_equal(mixer_supply_create(&room->stock, rate, buses, &supply), 0);
    mixer_install(&room->mixer, supply);
    mixer_supply_destroy(supply);
}

static void room_free(struct room *room)
{
    mixer_free(&room->mixer);
    free(room);
}

/* `count` channels, all speaking and hearing on the main bus, channel i with a tone of its own. */
static struct room *room_create(unsigned count, double amplitude)
{
    struct room *room = calloc(1, sizeof(*room));
    struct mixer_route route = route_of(0, 0);

    assert_non_null(room);
    for (unsigned i = 0; i < CHANNELS; i++) {
        mixer_stock_add(&room->stock, &raw);
    }
    supply(room, 8000, 0xff);
    room->count = count;
    for (unsigned i = 0; i < count; i++) {
        mixer_channel_init(&room->channels[i]);
        mixer_channel_tune(&room->mixer, &room->channels[i], &raw, 0);
        mixer_channel_route(&room->channels[i], &route);
        room->talkers[i] = (struct talker){.hz = 300 + 170 * i, .amplitude = amplitude};
    }
    return room;
}

static void hear(struct room *room, unsigned ear)
{
    for (unsigned i = 0; i < FRAME; i++) {
        float sample = room->heard[ear][i];
        float bend = fabsf(sample - 2 * room->last[ear] + room->before_last[ear]);

        room->before_last[ear] = room->last[ear];
        room->last[ear] = sample;
        room->bend[ear] = bend > room->bend[ear] ? bend : room->bend[ear];
        room->power[ear] += (double)sample * sample;
        for (unsigned k = 0; k < room->count; k++) {
            double phase = 2 * M_PI * room->talkers[k].hz * (room->ticks * FRAME + i) / 8000;

            room->sine[ear][k] += sample * sin(phase);
            room->cosine[ear][k] += sample * cos(phase);
        }
    }
}

static void tick(struct room *room)
{
    mixer_begin(&room->mixer);
    for (unsigned k = 0; k < room->count; k++) {
        const struct talker *talker = &room->talkers[k];
        float samples[FRAME];

        for (unsigned i = 0; i < FRAME; i++) {
            samples[i] = (float)(talker->amplitude *
                                 sin(2 * M_PI * talker->hz * (room->ticks * FRAME + i) / 8000));
        }
        mixer_take(&room->mixer, &room->channels[k], talker->absent ? NULL : samples,
                   talker->absent ? 0 : level_power(samples, FRAME), talker->blocked);
    }
    for (unsigned ear = 0; ear < room->count; ear++) {
        struct mixer_payload payload;

        mixer_give(&room->mixer, &room->channels[ear], &payload);
        assert_int_equal(payload.size, 1);
        memcpy(room->heard[ear], spoken[payload.data[0]], sizeof(spoken[0]));
        room->payloads[ear] = payload.data;
        mixer_settle(&room->channels[ear]);
        hear(room, ear);
    }
    room->ticks++;
    room->listened++;
}

static void ticks(struct room *room, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        tick(room);
    }
}

/* Amplitude of talker k's tone as heard since listen_anew. */
static double amplitude(const struct room *room, unsigned ear, unsigned k)
{
    double count = (double)room->listened * FRAME / 2;

    return hypot(room->sine[ear][k] / count, room->cosine[ear][k] / count);
}

static double decibels(double ratio)
{
    return 20 * log10(ratio);
}

static void everybody_hears_the_others_and_not_itself(void **state)
{
    struct room *room = room_create(4, 0.1);

    (void)state;
    ticks(room, 2);
    listen_anew(room);
    ticks(room, WINDOW);
    for (unsigned ear = 0; ear < 4; ear++) {
        for (unsigned k = 0; k < 4; k++) {
            if (ear == k) {
                assert_true(amplitude(room, ear, k) < 1e-6);
            } else {
                assert_float_equal(decibels(amplitude(room, ear, k) / 0.1), 0, 0.001);
            }
        }
    }
    room_free(room);
}

static void gains_are_exact_in_decibels(void **state)
{
    static const float SPEAKS[] = {-40, -18, -6, 0, 6}, HEARS[] = {-20, -3, 0, 3};

    (void)state;
    for (unsigned s = 0; s < 5; s++) {
        for (unsigned h = 0; h < 4; h++) {
            struct room *room = room_create(3, 0.1);
            struct mixer_route speaker = route_of(SPEAKS[s], 0), listener = route_of(0, HEARS[h]);

            mixer_channel_route(&room->channels[0], &speaker);
            mixer_channel_route(&room->channels[1], &listener);
            ticks(room, 2);
            listen_anew(room);
            ticks(room, WINDOW);
            assert_float_equal(decibels(amplitude(room, 1, 0) / 0.1), SPEAKS[s] + HEARS[h], 0.05);
            assert_float_equal(decibels(amplitude(room, 2, 0) / 0.1), SPEAKS[s], 0.05);
            room_free(room);
        }
    }
}

static void odd_gains_are_off_or_bounded(void **state)
{
    (void)state;
    assert_true(mixer_linear(GAIN_OFF) == 0);
    assert_true(mixer_linear(NAN) == 0);
    assert_true(mixer_linear(-INFINITY) == 0);
    assert_float_equal(mixer_linear(INFINITY), 15.85, 0.01);
    assert_float_equal(mixer_linear(0), 1, 0);
}

static void silent_listeners_share_one_mix_and_one_encoding(void **state)
{
    struct room *room = room_create(12, 0);
    uint64_t encodes, mixes;

    (void)state;
    room->talkers[0].amplitude = room->talkers[1].amplitude = 0.2;
    ticks(room, 2);
    encodes = room->mixer.encodes;
    mixes = room->mixer.mixes;
    ticks(room, 10);
    /* two talkers with mixes of their own, and the one of all others */
    assert_int_equal(room->mixer.encodes - encodes, 10 * 3);
    assert_int_equal(room->mixer.mixes - mixes, 10 * 3);
    for (unsigned ear = 3; ear < 12; ear++) {
        assert_ptr_equal(room->payloads[ear], room->payloads[2]);
        assert_memory_equal(room->heard[ear], room->heard[2], sizeof(room->heard[2]));
    }
    room_free(room);
}

static void when_all_are_silent_nothing_is_encoded_again(void **state)
{
    struct room *room = room_create(6, 0);
    static const float silence[FRAME];
    uint64_t encodes;

    (void)state;
    ticks(room, 2);
    encodes = room->mixer.encodes;
    ticks(room, 20);
    assert_int_equal(room->mixer.encodes, encodes);
    assert_memory_equal(room->heard[5], silence, sizeof(silence));
    room_free(room);
}

static void a_muted_talker_shares_the_mix_and_is_not_heard(void **state)
{
    struct room *room = room_create(4, 0.2);
    struct mixer_route muted = route_of(GAIN_OFF, 0);

    (void)state;
    mixer_channel_route(&room->channels[0], &muted);
    mixer_channel_route(&room->channels[1], &muted);
    ticks(room, 2);
    listen_anew(room);
    ticks(room, WINDOW);
    assert_ptr_equal(room->payloads[0], room->payloads[1]);
    assert_true(amplitude(room, 2, 0) < 1e-6);
    assert_float_equal(decibels(amplitude(room, 0, 2) / 0.2), 0, 0.001);
    room_free(room);
}

static void buses_are_apart_and_a_sidebar_hears_the_main_bus_softly(void **state)
{
    struct room *room = room_create(4, 0.1);
    struct mixer_route aside = {0};

    (void)state;
    aside.speaks[3] = 1;
    aside.hears[3] = 1;
    aside.hears[MIX_MAIN] = mixer_linear(-18);
    mixer_channel_route(&room->channels[2], &aside);
    mixer_channel_route(&room->channels[3], &aside);
    ticks(room, 2);
    listen_anew(room);
    ticks(room, WINDOW);
    assert_true(amplitude(room, 0, 2) < 1e-6);
    assert_true(amplitude(room, 0, 3) < 1e-6);
    assert_float_equal(decibels(amplitude(room, 0, 1) / 0.1), 0, 0.001);
    assert_float_equal(decibels(amplitude(room, 2, 3) / 0.1), 0, 0.001);
    assert_float_equal(decibels(amplitude(room, 2, 0) / 0.1), -18, 0.01);
    assert_float_equal(decibels(amplitude(room, 2, 1) / 0.1), -18, 0.01);
    assert_true(amplitude(room, 2, 2) < 1e-6);
    room_free(room);
}

static void the_last_bus_is_a_bus_like_the_first(void **state)
{
    struct room *room = room_create(3, 0.1);
    struct mixer_route far = {0};

    (void)state;
    supply(room, 8000, UINT64_MAX);
    far.speaks[MIX_BUSES - 1] = 1;
    far.hears[MIX_BUSES - 1] = mixer_linear(-6);
    mixer_channel_route(&room->channels[1], &far);
    far.hears[MIX_MAIN] = 1;
    mixer_channel_route(&room->channels[2], &far);
    ticks(room, 2);
    listen_anew(room);
    ticks(room, WINDOW);
    assert_true(amplitude(room, 0, 1) < 1e-6);
    assert_true(amplitude(room, 1, 0) < 1e-6);
    assert_float_equal(decibels(amplitude(room, 1, 2) / 0.1), -6, 0.01);
    assert_float_equal(decibels(amplitude(room, 2, 1) / 0.1), -6, 0.01);
    assert_float_equal(decibels(amplitude(room, 2, 0) / 0.1), 0, 0.01);
    assert_true(amplitude(room, 2, 2) < 1e-6);
    room_free(room);
}

/* The sharpest bend of a tone; a step of 0.1 in it would be 0.1 more. */
static double bend_of(const struct talker *talker)
{
    double step = 2 * M_PI * talker->hz / 8000;

    return talker->amplitude * step * step;
}

/* What channel 2 hears of channel 0 in one tick. */
static double amplitude_now(struct room *room)
{
    listen_anew(room);
    tick(room);
    return amplitude(room, 2, 0);
}

static void a_ramp_goes_straight_for_as_long_as_it_was_asked_and_is_shared(void **state)
{
    struct room *room = room_create(4, 0);
    struct mixer_route softly = route_of(0, GAIN_OFF);
    uint64_t mixes;

    (void)state;
    room->talkers[0] = (struct talker){.hz = 1000, .amplitude = 0.2}; /* 20 periods a tick */
    ticks(room, 3);
    softly.hears[MIX_MAIN] = 0.5F;
    softly.ticks = 10;
    mixer_channel_route(&room->channels[2], &softly);
    mixer_channel_route(&room->channels[3], &softly);
    mixes = room->mixer.mixes;
    for (unsigned i = 0; i < 10; i++) {
        assert_float_equal(amplitude_now(room), 0.2 * (1 - 0.05 * (i + 0.5)), 0.001);
        mixer_channel_route(&room->channels[2], &softly); /* the same again changes nothing */
        assert_ptr_equal(room->payloads[2], room->payloads[3]);
    }
    assert_int_equal(room->mixer.mixes - mixes, 3 * 10); /* two who speak or not, and the two */
    assert_float_equal(amplitude_now(room), 0.1, 1e-6);
    assert_true(room->bend[2] < 1.5 * bend_of(&room->talkers[0]));
    room_free(room);
}

/* An announcement, say, be it for a shorter or a longer time than the ramp lasts. */
static void what_begins_during_a_ramp_neither_ends_nor_slows_it(void **state)
{
    static const unsigned beginnings[] = {1, 40};

    (void)state;
    for (unsigned k = 0; k < 2; k++) {
        struct room *room = room_create(4, 0);
        struct mixer_route softly = route_of(0, GAIN_OFF), elsewhere = {.speaks[5] = 1};

        room->talkers[0] = (struct talker){.hz = 1000, .amplitude = 0.2};
        room->talkers[1] = (struct talker){.hz = 2000, .amplitude = 0.2};
        mixer_channel_route(&room->channels[1], &elsewhere);
        ticks(room, 3);
        softly.hears[MIX_MAIN] = 0.5F;
        softly.ticks = 10;
        for (unsigned i = 0; i < 10; i++) {
            if (i == 4) {
                softly.hears[5] = 0.5F;
                softly.ticks = beginnings[k];
            }
            mixer_channel_route(&room->channels[2], &softly);
            mixer_channel_route(&room->channels[3], &softly);
            assert_float_equal(amplitude_now(room), 0.2 * (1 - 0.05 * (i + 0.5)), 0.001);
            assert_ptr_equal(room->payloads[2], room->payloads[3]);
        }
        ticks(room, beginnings[k]);
        assert_float_equal(amplitude_now(room), 0.1, 1e-6);
        assert_float_equal(amplitude(room, 2, 1), 0.1, 1e-6);
        room_free(room);
    }
}

/* 1 at first, and in 10 ticks 0.5; in the fifth both are to be 1.5, in one tick. */
static void another_volume_in_the_middle_of_a_ramp_is_reached_when_it_would_have_been(void **state)
{
    struct room *room = room_create(3, 0);
    struct mixer_route voice = route_of(1, GAIN_OFF), ear = route_of(0, GAIN_OFF);
    double before = 0.2, worst = 0;

    (void)state;
    room->talkers[0] = (struct talker){.hz = 1000, .amplitude = 0.2};
    ticks(room, 3);
    voice.speaks[MIX_MAIN] = ear.hears[MIX_MAIN] = 0.5F;
    voice.ticks = ear.ticks = 10;
    for (unsigned i = 0; i < 10; i++) {
        double now;

        if (i == 4) {
            voice.speaks[MIX_MAIN] = ear.hears[MIX_MAIN] = 1.5F;
            voice.ticks = ear.ticks = 1;
        }
        mixer_channel_route(&room->channels[0], &voice);
        mixer_channel_route(&room->channels[2], &ear);
        now = amplitude_now(room);
        worst = fmax(worst, fabs(now - before));
        before = now;
    }
    assert_true(worst < 0.4 * 0.2); /* 20 ms would take 0.8 of it */
    assert_true(room->bend[2] < 1.5 * 1.5 * 1.5 * bend_of(&room->talkers[0]));
    assert_float_equal(amplitude_now(room), 0.2 * 1.5 * 1.5, 1e-5);
    room_free(room);
}

static void a_mute_is_at_once_whatever_else_fades(void **state)
{
    struct room *room = room_create(3, 0);
    struct mixer_route both = {.speaks = {[MIX_MAIN] = 1, [5] = 1}};
    struct mixer_route ear = {.hears = {[MIX_MAIN] = 1, [5] = 1}};

    (void)state;
    room->talkers[0] = (struct talker){.hz = 1000, .amplitude = 0.1};
    mixer_channel_route(&room->channels[0], &both);
    mixer_channel_route(&room->channels[2], &ear);
    ticks(room, 3);
    both.speaks[MIX_MAIN] = 0;
    both.ticks = 100;
    mixer_channel_route(&room->channels[0], &both);
    assert_true(amplitude_now(room) > 0.19);
    both.speaks[5] = 0;
    both.ticks = 1;
    mixer_channel_route(&room->channels[0], &both);
    tick(room);
    assert_true(amplitude_now(room) < 1e-6);
    room_free(room);
}

static void a_bus_that_is_taken_at_once_makes_no_hole_in_a_voice_that_goes_there(void **state)
{
    struct room *room = room_create(3, 0);
    struct mixer_route there = {0}, ear = route_of(GAIN_OFF, 0);

    (void)state;
    room->talkers[0] = (struct talker){.hz = 1000, .amplitude = 0.2};
    ticks(room, 3);
    there.speaks[5] = 1;
    there.ticks = ear.ticks = 10;
    ear.hears[5] = 1;
    ear.at_once = UINT64_C(1) << 5;
    mixer_channel_route(&room->channels[0], &there);
    mixer_channel_route(&room->channels[2], &ear);
    for (unsigned i = 0; i < 12; i++) {
        assert_float_equal(amplitude_now(room), 0.2, 0.001);
    }
    /* and back, when the bus is given up */
    there = route_of(0, 0);
    ear = route_of(GAIN_OFF, 0);
    there.ticks = ear.ticks = 10;
    ear.at_last = UINT64_C(1) << 5;
    mixer_channel_route(&room->channels[0], &there);
    mixer_channel_route(&room->channels[2], &ear);
    for (unsigned i = 0; i < 12; i++) {
        assert_float_equal(amplitude_now(room), 0.2, 0.004); /* the last tick of ten */
    }
    room_free(room);
}

static void mute_unmute_and_gain_changes_do_not_click(void **state)
{
    struct room *room = room_create(3, 0);
    struct mixer_route on = route_of(0, 0), muted = route_of(GAIN_OFF, 0), soft = route_of(0, -12);

    (void)state;
    room->talkers[0] = (struct talker){.hz = 300, .amplitude = 0.5};
    ticks(room, 5);
    listen_anew(room);
    for (unsigned i = 0; i < 6; i++) {
        mixer_channel_route(&room->channels[0], i % 2 ? &on : &muted);
        mixer_channel_route(&room->channels[1], i % 3 ? &on : &soft);
        ticks(room, 3);
    }
    /* A ramp of 20 ms bends the tone a little: twice what it has by itself is far from a click */
    assert_true(room->bend[1] < 2 * bend_of(&room->talkers[0]));
    assert_true(room->bend[2] < 2 * bend_of(&room->talkers[0]));
    room_free(room);
}

static void a_leg_that_leaves_fades_out_within_a_tick(void **state)
{
    struct room *room = room_create(2, 0);
    static const struct mixer_route nothing;
    static const float silence[FRAME];

    (void)state;
    room->talkers[0] = (struct talker){.hz = 300, .amplitude = 0.5};
    ticks(room, 5);
    listen_anew(room);
    mixer_channel_route(&room->channels[0], &nothing);
    tick(room);
    assert_true(level_power(room->heard[1], FRAME / 4) > 0.05);
    assert_true(level_power(room->heard[1] + FRAME - 4, 4) < 0.001);
    tick(room);
    assert_memory_equal(room->heard[1], silence, sizeof(silence));
    assert_true(room->bend[1] < 2 * bend_of(&room->talkers[0]));
    mixer_channel_leave(&room->channels[0]);
    assert_null(room->channels[0].group);
    room_free(room);
}

static void the_audio_of_a_key_is_faded_out_and_comes_back(void **state)
{
    struct room *room = room_create(2, 0);
    static const float silence[FRAME];

    (void)state;
    room->talkers[0] = (struct talker){.hz = 300, .amplitude = 0.5};
    ticks(room, 5);
    listen_anew(room);
    room->talkers[0].blocked = true;
    tick(room);
    assert_memory_equal(room->heard[1] + FRAME / 4, silence, sizeof(silence) * 3 / 4);
    tick(room);
    assert_memory_equal(room->heard[1], silence, sizeof(silence));
    room->talkers[0].blocked = false;
    ticks(room, 5);
    assert_true(level_power(room->heard[1], FRAME) > 0.1);
    /* 5 ms are a short fade, but far from the step of half the scale */
    assert_true(room->bend[1] < 3 * bend_of(&room->talkers[0]));
    room_free(room);
}

static void the_hiss_of_a_silent_line_costs_no_mix(void **state)
{
    struct room *room = room_create(4, 0);
    static const float silence[FRAME];

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        room->talkers[i].amplitude = 0.0005; /* −69 dBov */
    }
    ticks(room, 3);
    assert_memory_equal(room->heard[0], silence, sizeof(silence));
    room->talkers[0].amplitude = 0.003; /* −53 dBov */
    ticks(room, 3);
    assert_memory_not_equal(room->heard[1], silence, sizeof(silence));
    /* and it stays open for half a second, so that no syllable is cut */
    room->talkers[0].amplitude = 0.0005;
    ticks(room, 20);
    assert_memory_not_equal(room->heard[1], silence, sizeof(silence));
    ticks(room, 10);
    assert_memory_equal(room->heard[1], silence, sizeof(silence));
    room_free(room);
}

static void five_loud_talkers_neither_clip_nor_crackle(void **state)
{
    struct room *room = room_create(7, 0);
    double steepest = 0;

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        room->talkers[i].amplitude = 0.9;
        steepest += bend_of(&room->talkers[i]);
    }
    ticks(room, 5);
    listen_anew(room);
    for (unsigned i = 0; i < 2 * WINDOW; i++) {
        tick(room);
        for (unsigned ear = 0; ear < 7; ear++) {
            for (unsigned k = 0; k < FRAME; k++) {
                assert_true(fabsf(room->heard[ear][k]) <= LIMITER_CEILING);
            }
        }
    }
    for (unsigned ear = 0; ear < 7; ear++) {
        double tones = 0, rest;

        for (unsigned k = 0; k < 5; k++) {
            double heard = amplitude(room, ear, k);

            tones += heard * heard / 2;
            assert_true(ear == k ? heard < 0.005 : heard > 0.15);
        }
        /* what is neither of the tones is distortion */
        rest = room->power[ear] / (room->listened * FRAME) - tones;
        assert_true(10 * log10(tones / rest) > 25);
        assert_true(room->bend[ear] < steepest);
    }
    room_free(room);
}

/* From the shared mix, with its limiter at work, to an own one and back: no step in gain. */
static void beginning_and_ending_to_speak_is_unheard_by_oneself_while_limiting(void **state)
{
    struct room *room = room_create(4, 0);

    (void)state;
    room->talkers[0] = (struct talker){.hz = 217, .amplitude = 0.9};
    room->talkers[1] = (struct talker){.hz = 263, .amplitude = 0.9};
    ticks(room, 20);
    listen_anew(room);
    for (unsigned i = 0; i < 3; i++) {
        room->talkers[3].amplitude = 0.9;
        ticks(room, 20);
        room->talkers[3].blocked = i != 0; /* ends at once, or after the hangover */
        room->talkers[3].amplitude = 0;
        ticks(room, 60);
        room->talkers[3].blocked = false;
    }
    assert_true(room->bend[3] < 1.5 * (bend_of(&room->talkers[0]) + bend_of(&room->talkers[1])));
    assert_ptr_equal(room->payloads[3], room->payloads[2]);
    room_free(room);
}

static void more_different_routes_than_groups_are_still_right(void **state)
{
    struct room *room = room_create(12, 0);

    (void)state;
    room->talkers[0].amplitude = 0.1;
    for (unsigned i = 1; i < 12; i++) {
        struct mixer_route route = route_of(0, -(float)i);

        mixer_channel_route(&room->channels[i], &route);
    }
    ticks(room, 2);
    listen_anew(room);
    ticks(room, WINDOW);
    for (unsigned i = 1; i < 12; i++) {
        assert_float_equal(decibels(amplitude(room, i, 0) / 0.1), -(double)i, 0.01);
    }
    room_free(room);
}

static void what_is_there_suffices_and_what_is_not_does_not(void **state)
{
    struct room *room = calloc(1, sizeof(*room));
    struct mixer_supply *encoders = NULL;
    const struct codec *opus =
        codec_find(&(struct codec_format){.name = "opus", .clock_rate = 48000, .channels = 2});

    (void)state;
    assert_non_null(room);
    assert_non_null(opus);
    supply(room, 8000, 1);
    assert_true(mixer_stock_suffices(&room->stock, 8000, 1, NULL, false));
    assert_true(mixer_stock_suffices(&room->stock, 0, 0, NULL, false));
    assert_false(mixer_stock_suffices(&room->stock, 0, 2, NULL, false));
    assert_false(mixer_stock_suffices(&room->stock, 16000, 0, NULL, false));
    mixer_stock_add(&room->stock, opus);
    assert_false(mixer_stock_suffices(&room->stock, 0, 0, NULL, false)); /* no place for it */
    supply(room, 48000, 1);
    assert_false(mixer_stock_suffices(&room->stock, 48000, 1, opus, false));
    assert_int_equal(mixer_supply_encoders(&room->stock, opus, false, &encoders), 0);
    assert_true(
        mixer_stock_suffices(&room->stock, 48000, 1, opus, true)); /* one leg, two of them */
    mixer_install(&room->mixer, encoders);
    mixer_supply_destroy(encoders);
    room_free(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_hears_the_others_and_not_itself),
        cmocka_unit_test(gains_are_exact_in_decibels),
        cmocka_unit_test(odd_gains_are_off_or_bounded),
        cmocka_unit_test(silent_listeners_share_one_mix_and_one_encoding),
        cmocka_unit_test(when_all_are_silent_nothing_is_encoded_again),
        cmocka_unit_test(a_muted_talker_shares_the_mix_and_is_not_heard),
        cmocka_unit_test(buses_are_apart_and_a_sidebar_hears_the_main_bus_softly),
        cmocka_unit_test(the_last_bus_is_a_bus_like_the_first),
        cmocka_unit_test(a_ramp_goes_straight_for_as_long_as_it_was_asked_and_is_shared),
        cmocka_unit_test(what_begins_during_a_ramp_neither_ends_nor_slows_it),
        cmocka_unit_test(another_volume_in_the_middle_of_a_ramp_is_reached_when_it_would_have_been),
        cmocka_unit_test(a_mute_is_at_once_whatever_else_fades),
        cmocka_unit_test(a_bus_that_is_taken_at_once_makes_no_hole_in_a_voice_that_goes_there),
        cmocka_unit_test(mute_unmute_and_gain_changes_do_not_click),
        cmocka_unit_test(a_leg_that_leaves_fades_out_within_a_tick),
        cmocka_unit_test(the_audio_of_a_key_is_faded_out_and_comes_back),
        cmocka_unit_test(the_hiss_of_a_silent_line_costs_no_mix),
        cmocka_unit_test(five_loud_talkers_neither_clip_nor_crackle),
        cmocka_unit_test(beginning_and_ending_to_speak_is_unheard_by_oneself_while_limiting),
        cmocka_unit_test(more_different_routes_than_groups_are_still_right),
        cmocka_unit_test(what_is_there_suffices_and_what_is_not_does_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
