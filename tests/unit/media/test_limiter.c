/* The limiter: never over, never a step, and untouched what needs nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "media/limiter.h"

enum { FRAME = 160, FRAMES = 200 };

static const double RATE = 8000;

static float tone(double hz, double amplitude, unsigned at)
{
    return (float)(amplitude * sin(2 * M_PI * hz * at / RATE));
}

static void what_is_under_the_ceiling_passes_bit_by_bit(void **state)
{
    float gain = 1, samples[FRAME], before[FRAME];

    (void)state;
    for (unsigned frame = 0; frame < 10; frame++) {
        for (unsigned i = 0; i < FRAME; i++) {
            samples[i] = tone(440, LIMITER_CEILING, frame * FRAME + i);
        }
        memcpy(before, samples, sizeof(before));
        limiter_run(&gain, samples, FRAME);
        assert_memory_equal(samples, before, sizeof(before));
    }
    assert_true(gain == 1);
}

/* Noise that jumps in loudness at random, from silence to ten times full scale. */
static void nothing_ever_comes_out_louder_than_the_ceiling(void **state)
{
    static const unsigned SIZES[] = {160, 320, 640, 960};
    uint32_t random = 12345;

    (void)state;
    for (unsigned size = 0; size < 4; size++) {
        float gain = 1, samples[960];

        for (unsigned frame = 0; frame < FRAMES; frame++) {
            for (unsigned i = 0; i < SIZES[size]; i++) {
                random = random * 1664525 + 1013904223;
                samples[i] = (float)((int32_t)random / 2147483648.0) * (float)(random % 11);
            }
            limiter_run(&gain, samples, SIZES[size]);
            assert_true(gain > 0 && gain <= 1);
            for (unsigned i = 0; i < SIZES[size]; i++) {
                assert_true(fabsf(samples[i]) <= LIMITER_CEILING);
            }
        }
    }
}

/* Second differences of a 300 Hz tone are small; a step in gain or a clipped top is not. */
static void a_loud_tone_is_turned_down_without_a_crackle(void **state)
{
    float gain = 1, samples[FRAME], last = 0, before_last = 0;
    /* of a sine of amplitude 1: (2π·300/8000)² = 0.0555 */
    const float smooth = 0.0555f;
    float worst = 0;

    (void)state;
    for (unsigned frame = 0; frame < 50; frame++) {
        /* −6 dB, but 12 dB over the ceiling in the middle of it, coming and going in a frame */
        double loud = frame >= 20 && frame < 30 ? 4 : 0.5;
        double next = frame + 1 >= 20 && frame + 1 < 30 ? 4 : 0.5;

        for (unsigned i = 0; i < FRAME; i++) {
            double amplitude = loud + (next - loud) * i / FRAME;

            samples[i] = tone(300, amplitude, frame * FRAME + i);
        }
        limiter_run(&gain, samples, FRAME);
        for (unsigned i = 0; i < FRAME; i++) {
            float bend = fabsf(samples[i] - 2 * last + before_last);

            worst = frame + i > 1 && bend > worst ? bend : worst;
            before_last = last;
            last = samples[i];
        }
    }
    assert_true(worst < 2 * smooth);
}

/* A burst of 2 ms in the middle of a frame. The gain, seen as what comes out over what goes in, is
 * a slope down before it and has no corner in it, as clipping would make. */
static void the_gain_is_down_before_the_peak_comes(void **state)
{
    float gain = 1, samples[FRAME], before[FRAME], last = 1;

    (void)state;
    for (unsigned i = 0; i < FRAME; i++) {
        samples[i] = before[i] = tone(300, i >= 96 && i < 112 ? 4 : 0.5, i);
    }
    limiter_run(&gain, samples, FRAME);
    for (unsigned i = 0; i < FRAME; i++) {
        float now = fabsf(before[i]) > 0.01f ? samples[i] / before[i] : last;

        assert_true(fabsf(now - last) < 0.02f);
        last = now;
    }
    assert_true(samples[0] == before[0] && fabsf(samples[104]) > 0.5f);
}

/* Steady state: distortion of a tone that is 12 dB too loud, as the power that is left when the
 * tone is taken out. */
static void a_steady_loud_tone_stays_a_clean_tone(void **state)
{
    float gain = 1, samples[FRAME];
    double sine = 0, cosine = 0, power = 0;
    unsigned count = 0;

    (void)state;
    for (unsigned frame = 0; frame < 100; frame++) {
        for (unsigned i = 0; i < FRAME; i++) {
            samples[i] = tone(450, 4, frame * FRAME + i);
        }
        limiter_run(&gain, samples, FRAME);
        for (unsigned i = 0; frame >= 50 && i < FRAME; i++) {
            double phase = 2 * M_PI * 450 * (frame * FRAME + i) / RATE;

            sine += samples[i] * sin(phase);
            cosine += samples[i] * cos(phase);
            power += samples[i] * samples[i];
            count++;
        }
    }
    sine *= 2.0 / count;
    cosine *= 2.0 / count;
    power /= count;
    {
        double wanted = (sine * sine + cosine * cosine) / 2;

        assert_true(10 * log10(wanted / (power - wanted)) > 40);
        assert_true(sqrt(2 * wanted) > 0.9); /* as loud as can be */
    }
}

static void the_gain_comes_back_to_exactly_one(void **state)
{
    float gain = 0.1f, samples[FRAME] = {0};
    unsigned frames = 0;

    (void)state;
    while (gain < 1 && frames < 100) {
        limiter_run(&gain, samples, FRAME);
        frames++;
    }
    assert_true(gain == 1);
    assert_in_range(frames, 10, 60); /* 200 ms to 1.2 s */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_under_the_ceiling_passes_bit_by_bit),
        cmocka_unit_test(nothing_ever_comes_out_louder_than_the_ceiling),
        cmocka_unit_test(a_loud_tone_is_turned_down_without_a_crackle),
        cmocka_unit_test(the_gain_is_down_before_the_peak_comes),
        cmocka_unit_test(a_steady_loud_tone_stays_a_clean_tone),
        cmocka_unit_test(the_gain_comes_back_to_exactly_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
