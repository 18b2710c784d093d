/* The resampler: what is in the band comes through as it was, what is not stays out, and how late.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "media/codec.h"
#include "media/resampler.h"

enum { FRAMES = 50, SETTLED = 5 };

static const unsigned rates[] = {8000, 16000, 48000};

/* Runs a tone of amplitude 0.5 through; returns the level of what comes out in dB of what went in,
 * of all of it, or of `hz` alone. */
static double through(unsigned from, unsigned to, double tone, double hz)
{
    struct resampler *resampler = resampler_create(from, to);
    unsigned in = from / 1000 * FRAME_MS, out = to / 1000 * FRAME_MS, count = 0;
    double sine = 0, cosine = 0, power = 0;

    assert_non_null(resampler);
    for (unsigned frame = 0; frame < FRAMES; frame++) {
        float samples[FRAME_MAX], result[FRAME_MAX];

        for (unsigned i = 0; i < in; i++) {
            samples[i] = 0.5F * (float)sin(2 * M_PI * tone * (frame * in + i) / from);
        }
        resampler_run(resampler, samples, in, result);
        for (unsigned i = 0; frame >= SETTLED && i < out; i++, count++) {
            double phase = 2 * M_PI * hz * (frame * out + i) / to;

            sine += result[i] * sin(phase);
            cosine += result[i] * cos(phase);
            power += (double)result[i] * result[i];
        }
    }
    resampler_destroy(resampler);
    power = hz > 0 ? 2 * (sine * sine + cosine * cosine) / count / count : power / count;
    return 10 * log10(power / 0.125 + 1e-30);
}

static void the_band_is_flat(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 3; a++) {
        for (unsigned b = 0; b < 3; b++) {
            unsigned edge = (a < b ? rates[a] : rates[b]) * 2 / 5;

            for (unsigned hz = 100; a != b && hz < edge; hz += 100) {
                assert_float_equal(through(rates[a], rates[b], hz, hz), 0, 0.1);
            }
        }
    }
}

static void what_the_lower_rate_cannot_carry_stays_out(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 3; a++) {
        for (unsigned b = 0; b < a; b++) {
            for (unsigned hz = rates[b] * 3 / 5; hz < rates[a] / 2; hz += 300) {
                assert_true(through(rates[a], rates[b], hz, 0) < -70);
            }
        }
    }
}

static void going_up_adds_no_images(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 3; a++) {
        for (unsigned b = a + 1; b < 3; b++) {
            for (unsigned k = 1; k < rates[b] / rates[a]; k++) {
                assert_true(through(rates[a], rates[b], 1000, k * rates[a] - 1000.0) < -70);
            }
        }
    }
}

/* A click comes out later by 24 samples of the lower rate. */
static void the_delay_is_what_the_header_says(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 3; a++) {
        for (unsigned b = 0; b < 3; b++) {
            float samples[FRAME_MAX] = {0}, result[FRAME_MAX];
            unsigned low = rates[a] < rates[b] ? rates[a] : rates[b], highest = 0;

            if (a == b) {
                continue;
            }
            struct resampler *resampler = resampler_create(rates[a], rates[b]);
            samples[0] = 1;
            resampler_run(resampler, samples, rates[a] / 1000 * FRAME_MS, result);
            for (unsigned i = 1; i < rates[b] / 1000 * FRAME_MS; i++) {
                highest = fabsf(result[i]) > fabsf(result[highest]) ? i : highest;
            }
            assert_float_equal(highest * 1000.0 / rates[b], 24 * 1000.0 / low, 0.13);
            resampler_destroy(resampler);
        }
    }
}

static void it_forgets_when_it_is_told_to(void **state)
{
    struct resampler *resampler = resampler_create(8000, 48000);
    float samples[FRAME_MAX], result[FRAME_MAX];

    (void)state;
    for (unsigned i = 0; i < 160; i++) {
        samples[i] = 0.5F;
    }
    resampler_run(resampler, samples, 160, result);
    resampler_reset(resampler);
    memset(samples, 0, sizeof(samples));
    resampler_run(resampler, samples, 160, result);
    for (unsigned i = 0; i < 960; i++) {
        assert_true(result[i] == 0);
    }
    resampler_destroy(resampler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_band_is_flat),
        cmocka_unit_test(what_the_lower_rate_cannot_carry_stays_out),
        cmocka_unit_test(going_up_adds_no_images),
        cmocka_unit_test(the_delay_is_what_the_header_says),
        cmocka_unit_test(it_forgets_when_it_is_told_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
