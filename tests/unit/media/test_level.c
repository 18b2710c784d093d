/* Levels in dBov and the detector of speech. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "media/level.h"

static float power_of(float dbov)
{
    return powf(10, dbov / 10);
}

/* Frames until the detector says `speaking`; -1 when it does not within a minute. */
static int frames_until(struct level *level, float dbov, bool speaking)
{
    for (int frame = 1; frame <= 3000; frame++) {
        level_update(level, dbov <= LEVEL_SILENCE ? 0 : power_of(dbov));
        if (level->speaking == speaking) {
            return frame;
        }
    }
    return -1;
}

static void a_sine_of_full_scale_has_minus_three(void **state)
{
    struct level level;
    float samples[163];

    (void)state;
    level_init(&level);
    for (unsigned i = 0; i < 163; i++) {
        samples[i] = sinf((float)(2 * M_PI) * 10 * (float)i / 163);
    }
    assert_float_equal(level_power(samples, 163), 0.5, 0.001);
    for (unsigned i = 0; i < 50; i++) {
        level_update(&level, level_power(samples, 163));
    }
    assert_float_equal(level_dbov(&level), -3.01, 0.02);
}

static void samples_at_full_scale_are_counted(void **state)
{
    float samples[160];

    (void)state;
    for (unsigned i = 0; i < 160; i++) {
        samples[i] = fminf(fmaxf(2 * sinf((float)(2 * M_PI) * 5 * (float)i / 160), -1), 1);
    }
    /* a sine of twice the range is cut off for two thirds of the time */
    assert_in_range(level_clipped(samples, 160, level_power(samples, 160)), 104, 112);
    for (unsigned i = 0; i < 160; i++) {
        samples[i] *= 0.97F;
    }
    assert_int_equal(level_clipped(samples, 160, level_power(samples, 160)), 0);
    for (unsigned i = 0; i < 160; i++) {
        samples[i] = i == 80 ? -0.99F : 0;
    }
    assert_int_equal(level_clipped(samples, 160, level_power(samples, 160)), 1);
}

static void silence_falls_to_minus_127(void **state)
{
    struct level level;

    (void)state;
    level_init(&level);
    assert_float_equal(level_dbov(&level), -127, 0);
    (void)frames_until(&level, -10, true);
    for (unsigned i = 0; i < 300; i++) {
        level_update(&level, 0);
    }
    assert_float_equal(level_dbov(&level), -127, 0);
}

static void speech_is_told_after_60_ms_and_ends_after_400(void **state)
{
    struct level level;

    (void)state;
    level_init(&level);
    assert_int_equal(frames_until(&level, -25, true), 3);
    assert_int_equal(frames_until(&level, LEVEL_SILENCE, false), 20);
}

static void a_click_is_no_speech(void **state)
{
    struct level level;

    (void)state;
    level_init(&level);
    for (unsigned i = 0; i < 500; i++) {
        level_update(&level, i % 50 < 2 ? power_of(-10) : power_of(-68));
        assert_false(level.speaking);
    }
}

static void the_noise_of_a_room_is_learned(void **state)
{
    struct level level;

    (void)state;
    level_init(&level);
    /* −50 dBov: taken for speech at first, for background within seconds */
    assert_true(frames_until(&level, -50, true) > 0);
    assert_true(frames_until(&level, -50, false) > 0);
    assert_int_equal(frames_until(&level, -25, true), 3);
    /* and speech a little over it is found again when the room is quiet */
    assert_true(frames_until(&level, -70, false) > 0);
    assert_int_equal(frames_until(&level, -45, true), 3);
}

static void a_steady_loud_tone_goes_on_speaking(void **state)
{
    struct level level;

    (void)state;
    level_init(&level);
    assert_int_equal(frames_until(&level, -25, true), 3);
    assert_int_equal(frames_until(&level, -25, false), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sine_of_full_scale_has_minus_three),
        cmocka_unit_test(samples_at_full_scale_are_counted),
        cmocka_unit_test(silence_falls_to_minus_127),
        cmocka_unit_test(speech_is_told_after_60_ms_and_ends_after_400),
        cmocka_unit_test(a_click_is_no_speech),
        cmocka_unit_test(the_noise_of_a_room_is_learned),
        cmocka_unit_test(a_steady_loud_tone_goes_on_speaking),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
