/* Sounds that are written down as tones. */
#include "media/clip_read.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* dB of one frequency in part of a track, against full scale. */
static double level(const struct track *track, unsigned rate, unsigned hz, size_t from, size_t to)
{
    double sine = 0, cosine = 0;

    for (size_t i = from; i < to; i++) {
        sine += track->samples[i] * sin(2 * M_PI * hz * (double)i / rate);
        cosine += track->samples[i] * cos(2 * M_PI * hz * (double)i / rate);
    }
    return 20 * log10(2 * hypot(sine, cosine) / (double)(to - from) / 32768 + 1e-9);
}

static void tones_and_pauses_follow_each_other_at_each_rate(void **state)
{
    struct recording recording = {0};
    char error[200];

    (void)state;
    assert_int_equal(
        recording_read("tone:400/100,0/50,600+1000/200", &recording, error, sizeof error), 0);
    for (unsigned i = 0; i < RECORDING_RATES; i++) {
        const struct track *track = &recording.tracks[i];
        unsigned rate = recording_rates[i], ms = rate / 1000;

        assert_int_equal(track->count, (size_t)350 * ms);
        assert_float_equal(level(track, rate, 400, 10 * ms, 90 * ms), -14, 0.5);
        for (size_t at = (size_t)100 * ms; at < (size_t)150 * ms; at++) {
            assert_int_equal(track->samples[at], 0);
        }
        assert_float_equal(level(track, rate, 600, 160 * ms, 340 * ms), -20, 0.5);
        assert_float_equal(level(track, rate, 1000, 160 * ms, 340 * ms), -20, 0.5);
        /* It neither begins nor ends with a step. */
        assert_in_range(abs(track->samples[0]), 0, 50);
        assert_in_range(abs(track->samples[(size_t)100 * ms - 1]), 0, 50);
    }
    recording_free(&recording);
}

static void what_is_written_wrong_is_told(void **state)
{
    static const char *const wrong[] = {
        "tone:",        "tone:400",       "tone:400/",     "tone:400/0",   "tone:5/100",
        "tone:9000/10", "tone:400/100,",  "tone:400/100 ", "tone:x/100",   "tone:400+/100",
        "tone:1/2/3",   "tone:400/99999", "tone:-400/100", "tone:400/1e3", "tone:400+0/100",
    };
    char error[300], many[2000];
    int length = snprintf(many, sizeof many, "tone:400/10");

    (void)state;
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct recording recording = {0};

        assert_int_equal(recording_check(wrong[i], error, sizeof error), EINVAL);
        assert_non_null(strstr(error, "tones are written as tone:HZ/MS"));
        assert_int_equal(recording_read(wrong[i], &recording, error, sizeof error), EINVAL);
        assert_null(recording.tracks[0].samples);
    }
    for (unsigned i = 0; i < 64; i++) {
        length += snprintf(many + length, sizeof many - (size_t)length, ",400/10");
    }
    assert_int_equal(recording_check(many, error, sizeof error), EINVAL);
    assert_int_equal(recording_check("tone:400/100", error, sizeof error), 0);
}

static void a_tone_lies_in_no_directory(void **state)
{
    char path[PATH_SIZE];

    (void)state;
    recording_path("/srv/sounds", "tone:400/100", path);
    assert_string_equal(path, "tone:400/100");
    recording_path("/srv/sounds", "a.wav", path);
    assert_string_equal(path, "/srv/sounds/a.wav");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tones_and_pauses_follow_each_other_at_each_rate),
        cmocka_unit_test(what_is_written_wrong_is_told),
        cmocka_unit_test(a_tone_lies_in_no_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
