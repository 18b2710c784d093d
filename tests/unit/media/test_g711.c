/* PCMU and PCMA against the quantisers of ITU-T G.711, on all 65536 inputs; the codec table. */
#include "media/codec.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct codec *codec_named(const char *name)
{
    struct codec_format format = {.clock_rate = 8000, .channels = 1};
    strncpy(format.name, name, sizeof format.name - 1);
    return codec_find(&format);
}

/* The compression laws as the Recommendation's tables 1a and 2a draw them: by decision values. */
static uint8_t ulaw_by_tables(int linear)
{
    int negative = linear < 0;
    int size = (negative ? -1 - linear : linear) >> 2; /* 14 bits */
    int segment = 0, step = 2, low = -1;
    while (segment < 7 && size >= low + 16 * step) {
        low += 16 * step;
        step *= 2;
        segment++;
    }
    int level = (size - low) / step;
    level = level > 15 ? 15 : level;
    return (uint8_t)((negative ? 0x7f : 0xff) - (segment * 16 + level));
}

static uint8_t alaw_by_tables(int linear)
{
    int negative = linear < 0;
    int size = (negative ? -1 - linear : linear) >> 4; /* 12 bits and sign */
    int segment = 0, step = 1, low = 0;
    while (segment < 7 && size >= low + 16 * step) {
        low += 16 * step;
        step *= segment == 0 ? 1 : 2;
        segment++;
    }
    int level = (size - low) / step;
    return (uint8_t)(((negative ? 0 : 0x80) | (segment * 16 + level)) ^ 0x55);
}

static uint8_t encode_one(const struct codec *codec, float sample)
{
    uint8_t payload;
    assert_int_equal(codec->encode(NULL, &sample, 1, &payload, 1), 1);
    return payload;
}

static int decode_one(const struct codec *codec, uint8_t code)
{
    float sample;
    assert_int_equal(codec->decode(NULL, &code, 1, &sample, 1), 1);
    float linear = sample * 32768;
    assert_true(linear == truncf(linear));
    return (int)linear;
}

static void pcmu_encodes_all_16_bit_values_exactly(void **state)
{
    (void)state;
    const struct codec *codec = codec_named("PCMU");
    for (int linear = -32768; linear <= 32767; linear++) {
        assert_int_equal(encode_one(codec, (float)linear / 32768), ulaw_by_tables(linear));
    }
}

static void pcma_encodes_all_16_bit_values_exactly(void **state)
{
    (void)state;
    const struct codec *codec = codec_named("PCMA");
    for (int linear = -32768; linear <= 32767; linear++) {
        assert_int_equal(encode_one(codec, (float)linear / 32768), alaw_by_tables(linear));
    }
}

static void the_ends_of_the_scale_are_those_of_the_recommendation(void **state)
{
    (void)state;
    const struct codec *pcmu = codec_named("pcmu"), *pcma = codec_named("pcma");
    assert_int_equal(decode_one(pcmu, 0xff), 0);
    assert_int_equal(decode_one(pcmu, 0x7f), 0);
    assert_int_equal(decode_one(pcmu, 0x80), 32124);
    assert_int_equal(decode_one(pcmu, 0x00), -32124);
    assert_int_equal(decode_one(pcma, 0xd5), 8);
    assert_int_equal(decode_one(pcma, 0x55), -8);
    assert_int_equal(decode_one(pcma, 0xaa), 32256);
    assert_int_equal(decode_one(pcma, 0x2a), -32256);
}

/* No input is farther from its level than half a step of that segment. Only the lowest bits, which
 * µ-law does not see (it takes 14 of 16), may come on top. */
static void expect_half_a_step(const struct codec *codec, uint8_t inversion, int smallest,
                               int unseen, int loudest)
{
    for (int linear = -loudest - 1; linear <= loudest; linear++) {
        uint8_t code = encode_one(codec, (float)linear / 32768);
        int segment = ((code ^ inversion) >> 4) & 7;
        int half = smallest << segment;
        if (codec == codec_named("PCMA") && segment > 0) {
            half /= 2; /* its first two segments have the same step */
        }
        assert_in_range(abs(decode_one(codec, code) - linear), 0, half + unseen);
    }
}

static void every_sample_goes_to_the_level_next_to_it(void **state)
{
    (void)state;
    expect_half_a_step(codec_named("PCMU"), 0xff, 4, 3, 32635); /* louder is clipped */
    expect_half_a_step(codec_named("PCMA"), 0x55, 8, 0, 32767);
}

static void a_code_survives_decoding_and_encoding(void **state)
{
    (void)state;
    for (int code = 0; code < 256; code++) {
        const struct codec *pcma = codec_named("PCMA"), *pcmu = codec_named("PCMU");
        assert_int_equal(encode_one(pcma, (float)decode_one(pcma, (uint8_t)code) / 32768), code);
        int again = encode_one(pcmu, (float)decode_one(pcmu, (uint8_t)code) / 32768);
        assert_int_equal(again, code == 0x7f ? 0xff : code); /* µ-law has two zeros */
    }
}

static void what_is_too_loud_or_no_number_is_clipped(void **state)
{
    (void)state;
    const struct codec *codec = codec_named("PCMU");
    assert_int_equal(encode_one(codec, 5), 0x80);
    assert_int_equal(encode_one(codec, -5), 0x00);
    assert_int_equal(encode_one(codec, INFINITY), 0x80);
    assert_int_equal(encode_one(codec, -INFINITY), 0x00);
    assert_int_equal(encode_one(codec, NAN), 0x80);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    const struct codec *codec = codec_named("PCMU");
    float samples[160] = {0};
    uint8_t payload[160];
    assert_int_equal(codec->encode(NULL, samples, 160, payload, 160), 160);
    assert_int_equal(codec->encode(NULL, samples, 160, payload, 159), -1);
    assert_int_equal(codec->decode(NULL, payload, 160, samples, 160), 160);
    assert_int_equal(codec->decode(NULL, payload, 160, samples, 159), -1);
}

static void formats_without_a_codec_are_offered_but_not_found(void **state)
{
    (void)state;
    unsigned count;
    const struct codec_format *formats = codec_formats(&count);
    static const char *const names[] = {
        "opus", "G722", "PCMU", "PCMA", "L16", "L16", "CN", "telephone-event", "telephone-event",
    };
    assert_int_equal(count, sizeof names / sizeof *names);
    for (unsigned i = 0; i < count; i++) {
        assert_string_equal(formats[i].name, names[i]);
        if (i < 6) {
            assert_string_equal(codec_find(&formats[i])->format.name, names[i]);
        } else {
            assert_null(codec_find(&formats[i]));
        }
        for (unsigned k = 0; k < i; k++) {
            assert_int_not_equal(formats[i].payload_type, formats[k].payload_type);
        }
    }
    assert_int_equal(formats[7].clock_rate, 48000);
    assert_int_equal(formats[8].clock_rate, 8000);
    assert_string_equal(formats[8].fmtp, "0-16");
    assert_ptr_equal(codec_find(&formats[2]), codec_named("PCMU"));
    struct codec_format wrong = formats[2];
    wrong.clock_rate = 16000;
    assert_null(codec_find(&wrong));
    wrong = formats[2];
    wrong.channels = 2;
    assert_null(codec_find(&wrong));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pcmu_encodes_all_16_bit_values_exactly),
        cmocka_unit_test(pcma_encodes_all_16_bit_values_exactly),
        cmocka_unit_test(the_ends_of_the_scale_are_those_of_the_recommendation),
        cmocka_unit_test(every_sample_goes_to_the_level_next_to_it),
        cmocka_unit_test(a_code_survives_decoding_and_encoding),
        cmocka_unit_test(what_is_too_loud_or_no_number_is_clipped),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(formats_without_a_codec_are_offered_but_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
