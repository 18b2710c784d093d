/* Audio levels in RTP header extensions: as they are read, and as they are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "media/levels.h"

static const struct session_levels with_vad = {.in = 3, .has_vad = true};
static const struct session_levels without_vad = {.in = 3};

/* A packet of three bytes of audio with this extension (profile, words, elements). */
static bool parse(struct rtp_packet *packet, const uint8_t *extension, size_t size)
{
    static uint8_t data[256];

    rtp_write_header(data, 0, false, 1, 2, 3);
    data[0] |= 0x10;
    memcpy(data + RTP_HEADER, extension, size);
    memcpy(data + RTP_HEADER + size, "abc", 3);
    return rtp_parse(packet, data, RTP_HEADER + size + 3);
}

static void a_level_is_read_in_either_form(void **state)
{
    static const struct {
        uint8_t bytes[16];
        size_t size;
        float power; /* negative: none is stated */
    } cases[] = {
        {{0xbe, 0xde, 0, 1, 0x30, 70, 0, 0}, 8, 1e-7f},
        {{0xbe, 0xde, 0, 1, 0, 0, 0x30, 20}, 8, 1e-2f},
        {{0xbe, 0xde, 0, 2, 0x52, 1, 2, 3, 0x30, 127, 0, 0}, 12, 0},
        {{0x10, 0x00, 0, 1, 3, 1, 30, 0}, 8, 1e-3f},
        {{0x10, 0x07, 0, 2, 9, 0, 7, 1, 99, 3, 1, 0}, 12, 1},
        /* not there, of another id, cut short, of another kind */
        {{0xbe, 0xde, 0, 0}, 4, -1},
        {{0xbe, 0xde, 0, 1, 0x40, 70, 0, 0}, 8, -1},
        {{0xbe, 0xde, 0, 1, 0x56, 70, 0x30, 70}, 8, -1},
        {{0xbe, 0xde, 0, 1, 0, 0, 0, 0x30}, 8, -1},
        {{0xbe, 0xde, 0, 1, 0xf0, 0, 0x30, 70}, 8, -1},
        {{0x10, 0x00, 0, 1, 3, 0, 0, 0}, 8, -1},
        {{0x10, 0x00, 0, 1, 9, 1, 1, 3}, 8, -1},
        {{0x12, 0x34, 0, 1, 0x30, 70, 0, 0}, 8, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rtp_packet packet;

        assert_true(parse(&packet, cases[i].bytes, cases[i].size));
        assert_int_equal(packet.payload_size, 3);
        assert_memory_equal(packet.payload, "abc", 3);
        levels_read(&packet, &with_vad);
        assert_int_equal(packet.has_power, cases[i].power >= 0);
        assert_float_equal(packet.power, fmaxf(cases[i].power, 0), cases[i].power * 0.001f);
    }
}

static void a_voice_is_not_held_to_its_level(void **state)
{
    static const uint8_t extension[] = {0xbe, 0xde, 0, 1, 0x30, 0x80 | 70, 0, 0};
    struct rtp_packet packet;

    (void)state;
    assert_true(parse(&packet, extension, sizeof(extension)));
    levels_read(&packet, &with_vad);
    assert_false(packet.has_power);
    levels_read(&packet, &without_vad); /* the bit means nothing then */
    assert_true(packet.has_power);
    assert_float_equal(packet.power, 1e-7, 1e-9);
}

/* What is read lies within the packet: a sanitizer would tell. */
static void any_extension_is_survived(void **state)
{
    uint32_t chance = 1;

    (void)state;
    for (unsigned round = 0; round < 200000; round++) {
        uint8_t bytes[32], *data;
        size_t size;
        struct rtp_packet packet;

        for (unsigned i = 0; i < sizeof(bytes); i++) {
            chance = chance * 1664525 + 1013904223;
            bytes[i] = (uint8_t)(chance >> 24);
        }
        size = bytes[31] % sizeof(bytes);
        bytes[0] = (uint8_t)(0x90 | (bytes[0] & 0x21));
        if (round % 2 == 0) {
            memcpy(bytes + RTP_HEADER, round % 4 == 0 ? "\xbe\xde\0" : "\x10\x00\0", 3);
            bytes[RTP_HEADER + 3] %= 6;
        }
        data = malloc(size + 1);
        assert_non_null(data);
        memcpy(data, bytes, size);
        if (rtp_parse(&packet, data, size)) {
            for (unsigned id = 1; id < 20; id++) {
                const struct session_levels levels = {.in = (uint8_t)id};

                levels_read(&packet, &levels);
                assert_false(packet.has_power && !(packet.power >= 0 && packet.power <= 1));
            }
        }
        free(data);
    }
}

static void a_level_is_the_mean_square_in_db_below_the_overload_point(void **state)
{
    (void)state;
    assert_int_equal(levels_of_power(1), 0);
    assert_int_equal(levels_of_power(0.5f), 3);
    assert_int_equal(levels_of_power(1e-6f), 60);
    assert_int_equal(levels_of_power(4), 0);
    assert_int_equal(levels_of_power(0), 127);
    assert_int_equal(levels_of_power(1e-20f), 127);
}

static void expect_written(struct session_levels levels, unsigned speakers, const uint8_t *expected,
                           size_t size)
{
    uint8_t header[LEVELS_HEADER_MAX];
    struct mixer_payload payload = {.level = 25, .speaker_count = speakers};

    for (unsigned i = 0; i < speakers; i++) {
        payload.speakers[i] = (struct mixer_speaker){0x01020300 + i, (uint8_t)(30 + i)};
    }
    rtp_write_header(header, 8, true, 0x1234, 5, 6);
    assert_int_equal(levels_write(header, &levels, &payload), RTP_HEADER + size);
    assert_memory_equal(header + RTP_HEADER, expected, size);
}

static void levels_are_written_as_agreed(void **state)
{
    static const uint8_t all[] = {0xbe, 0xde, 0, 1, 0x70, 0x80 | 25, 0, 0};
    static const uint8_t each[] = {1, 2, 3, 0, 1, 2, 3, 1, 0xbe, 0xde, 0, 1, 0x21, 30, 31, 0};
    static const uint8_t both[] = {1, 2, 3, 0, 0xbe, 0xde, 0, 1, 0x70, 0x80 | 25, 0x20, 30};
    static const uint8_t wide[] = {1, 2, 3, 0, 0x10, 0, 0, 2, 7, 1, 0x80 | 25, 20, 1, 30, 0, 0};

    (void)state;
    expect_written((struct session_levels){.out = 7}, 2, all, sizeof(all));
    expect_written((struct session_levels){.each = 2}, 2, each, sizeof(each));
    expect_written((struct session_levels){.out = 7, .each = 2}, 1, both, sizeof(both));
    expect_written((struct session_levels){.out = 7, .each = 20}, 1, wide, sizeof(wide));
    expect_written((struct session_levels){.each = 2}, 0, NULL, 0);
}

static void the_longest_header_is_one_that_we_read_ourselves(void **state)
{
    uint8_t data[LEVELS_HEADER_MAX + 3];
    struct mixer_payload payload = {.level = 127, .speaker_count = MIXER_SPEAKERS};
    struct rtp_packet packet;
    const uint8_t *levels;
    size_t size;

    (void)state;
    for (unsigned i = 0; i < MIXER_SPEAKERS; i++) {
        payload.speakers[i].level = (uint8_t)(100 + i);
    }
    rtp_write_header(data, 0, false, 1, 2, 3);
    size = levels_write(data, &(struct session_levels){.out = 3, .each = 255}, &payload);
    assert_int_equal(size, LEVELS_HEADER_MAX);
    memcpy(data + size, "abc", 3);
    assert_true(rtp_parse(&packet, data, size + 3));
    assert_memory_equal(packet.payload, "abc", 3);
    levels_read(&packet, &with_vad);
    assert_true(packet.has_power && packet.power == 0);
    levels = rtp_extension(&packet, 255, &size);
    assert_int_equal(size, MIXER_SPEAKERS);
    assert_int_equal(levels[14], 114);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_level_is_read_in_either_form),
        cmocka_unit_test(a_voice_is_not_held_to_its_level),
        cmocka_unit_test(any_extension_is_survived),
        cmocka_unit_test(a_level_is_the_mean_square_in_db_below_the_overload_point),
        cmocka_unit_test(levels_are_written_as_agreed),
        cmocka_unit_test(the_longest_header_is_one_that_we_read_ourselves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
