#include "tone.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static double decibel(double ratio)
{
    return 20 * log10(ratio + 1e-9);
}

static void tone_add(float *samples, const struct tone *tone)
{
    for (unsigned i = 0; i < WINDOW_SAMPLES; i++)
        samples[i] += ulaw_decode(tone->packets[i / PACKET_SAMPLES][i % PACKET_SAMPLES]);
}

static void ulaw_has_the_values_of_the_standard(void **state)
{
    (void)state;
    assert_true(ulaw_decode(0xff) == 0);
    assert_true(ulaw_decode(0x7f) == 0);
    assert_true(ulaw_decode(0x80) == 32124 / 32768.0F);
    assert_true(ulaw_decode(0x00) == -32124 / 32768.0F);
    assert_true(ulaw_decode(0xef) == 132 / 32768.0F);
    assert_true(ulaw_decode(0x6f) == -132 / 32768.0F);
}

static void each_code_comes_back_as_itself(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 256; code++)
        assert_true(ulaw_decode(ulaw_encode(ulaw_decode((uint8_t)code))) ==
                    ulaw_decode((uint8_t)code));
}

static void each_of_sixteen_talkers_is_told_from_all_others(void **state)
{
    struct tone tones[TONES_MAX];

    (void)state;
    for (unsigned i = 0; i < TONES_MAX; i++)
        tone_make(&tones[i], tone_frequencies[i], 0.5F / TONES_MAX);
    for (unsigned absent = 0; absent < TONES_MAX; absent++) {
        float samples[WINDOW_SAMPLES] = {0};

        for (unsigned i = 0; i < TONES_MAX; i++)
            if (i != absent)
                tone_add(samples, &tones[i]);
        for (unsigned i = 0; i < TONES_MAX; i++) {
            double off = decibel(tone_amplitude(samples, tones[i].frequency) / tones[i].amplitude);

            if (i == absent)
                assert_true(off < -30);
            else
                assert_true(fabs(off) < 0.3);
        }
    }
}

static void a_window_may_begin_at_any_packet(void **state)
{
    struct tone tone;
    float samples[WINDOW_SAMPLES];

    (void)state;
    tone_make(&tone, 430, 0.1F);
    for (unsigned i = 0; i < WINDOW_SAMPLES; i++)
        samples[i] = ulaw_decode(
            tone.packets[(i / PACKET_SAMPLES + 3) % WINDOW_PACKETS][i % PACKET_SAMPLES]);
    assert_true(fabs(decibel(tone_amplitude(samples, 430) / tone.amplitude)) < 0.01);
}

static void a_tone_begins_at_its_crest(void **state)
{
    struct tone tone;

    (void)state;
    for (unsigned i = 0; i < TONES_MAX; i++) {
        tone_make(&tone, tone_frequencies[i], 0.1F);
        assert_true(ulaw_decode(tone.packets[0][0]) > 0.09F);
    }
}

static void a_quieter_talker_is_seen_as_quieter(void **state)
{
    struct tone loud, quiet;
    float samples[WINDOW_SAMPLES] = {0};
    double off;

    (void)state;
    tone_make(&loud, 910, 0.1F);
    tone_make(&quiet, 910, 0.05F);
    tone_add(samples, &quiet);
    off = decibel(tone_amplitude(samples, 910) / loud.amplitude);
    assert_true(off > -6.2 && off < -5.8);
}

static void noise_has_the_level_asked_for(void **state)
{
    uint8_t packets[8][PACKET_SAMPLES];
    double power = 0;

    (void)state;
    noise_make(packets, 8, 0.001F);
    for (unsigned i = 0; i < 8 * PACKET_SAMPLES; i++) {
        double sample = ulaw_decode(packets[i / PACKET_SAMPLES][i % PACKET_SAMPLES]);

        power += sample * sample / (8 * PACKET_SAMPLES);
    }
    assert_true(fabs(decibel(sqrt(power)) + 60) < 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ulaw_has_the_values_of_the_standard),
        cmocka_unit_test(each_code_comes_back_as_itself),
        cmocka_unit_test(each_of_sixteen_talkers_is_told_from_all_others),
        cmocka_unit_test(a_window_may_begin_at_any_packet),
        cmocka_unit_test(a_tone_begins_at_its_crest),
        cmocka_unit_test(a_quieter_talker_is_seen_as_quieter),
        cmocka_unit_test(noise_has_the_level_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
