/* Key tones: found at any rate, as Q.24 wants them, not in speech; and hardly heard. */
#include "media/dtmf_detect.h"
#include "speech.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MS_MAX = 4000, AFTER_MS = 100 };

static const char all_keys[] = "123A456B789C*0#D";
static const unsigned rates[] = {8000, 16000, 48000};
enum { RATES = sizeof rates / sizeof *rates };

/* What goes in, and what came out, of one detector. */
struct line {
    struct dtmf_detect detect;
    unsigned rate, count; /* samples said */
    float said[MS_MAX * 48], heard[MS_MAX * 48];
    char keys[64];
    unsigned durations[64], key_count;
    uint32_t seed;
};

static struct line line;

static void line_open(unsigned rate)
{
    memset(&line, 0, sizeof line);
    line.rate = rate;
    line.seed = 1;
    dtmf_detect_init(&line.detect, rate);
}

/* Both tones of a key, `off` beside their frequencies, each so loud (dBov). */
static void say_key(char key, unsigned ms, float row_db, float column_db, float off)
{
    static const float rows[] = {697, 770, 852, 941}, columns[] = {1209, 1336, 1477, 1633};
    unsigned at = (unsigned)(strchr(all_keys, key) - all_keys);
    float row = rows[at / 4] * (1 + off), column = columns[at % 4] * (1 + off);
    /* dBov: a sine of amplitude 1 has −3. */
    float row_amplitude = 1.4142F * powf(10, row_db / 20);
    float column_amplitude = 1.4142F * powf(10, column_db / 20);

    for (unsigned i = 0; i < ms * line.rate / 1000; i++) {
        float turn = 2 * (float)M_PI * (float)i / (float)line.rate;

        line.said[line.count++] =
            row_amplitude * sinf(turn * row) + column_amplitude * sinf(turn * column);
    }
}

static void say_nothing(unsigned ms)
{
    line.count += ms * line.rate / 1000;
}

static void say_hiss(unsigned ms, float loudness)
{
    for (unsigned i = 0; i < ms * line.rate / 1000; i++) {
        line.said[line.count++] = hiss(&line.seed, loudness);
    }
}

static void add_hiss(float loudness)
{
    for (unsigned i = 0; i < line.count; i++) {
        line.said[i] += hiss(&line.seed, loudness);
    }
}

/* Runs all that was said, and silence behind it. */
static void line_run(void)
{
    unsigned frame = line.rate / 1000 * FRAME_MS, duration;

    say_nothing(AFTER_MS);
    memcpy(line.heard, line.said, sizeof line.heard);
    for (unsigned at = 0; at + frame <= line.count; at += frame) {
        char key;

        dtmf_detect_run(&line.detect, line.heard + at);
        key = dtmf_detect_take(&line.detect, &duration);
        if (key != 0) {
            assert_true(line.key_count + 1 < sizeof line.keys);
            line.durations[line.key_count] = duration;
            line.keys[line.key_count++] = key;
        }
    }
}

static void every_key_is_told_once_at_every_rate(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RATES; i++) {
        line_open(rates[i]);
        for (const char *key = all_keys; *key != '\0'; key++) {
            say_nothing(43); /* never at the same place in a window */
            say_key(*key, 77, -13, -13, 0);
        }
        line_run();
        assert_string_equal(line.keys, all_keys);
        for (unsigned k = 0; k < line.key_count; k++) {
            assert_in_range(line.durations[k], 60, 90);
        }
    }
}

static void what_q24_wants_taken_is_taken(void **state)
{
    static const struct {
        unsigned ms;
        float row_db, column_db, off, noise;
    } good[] = {
        {40, -13, -13, 0, 0},          {40, -13, -13, 0.015F, 0}, {40, -13, -13, -0.015F, 0},
        {50, -36, -36, 0, 0},          {50, -6, -6, 0, 0},        {50, -20, -14.5F, 0, 0},
        {50, -13, -22, 0, 0},          {60, -13, -13, 0, 0.03F},  {3000, -13, -13, 0, 0},
        {60, -20, -20, 0.01F, 0.015F},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof good / sizeof *good; i++) {
        /* at each place in a window */
        for (unsigned shift = 0; shift < 10; shift++) {
            line_open(8000);
            say_nothing(50 + shift);
            say_key("159D"[shift % 4], good[i].ms, good[i].row_db, good[i].column_db, good[i].off);
            add_hiss(good[i].noise);
            line_run();
            if (line.key_count != 1 || line.keys[0] != "159D"[shift % 4]) {
                fail_msg("case %u, shift %u: \"%s\"", i, shift, line.keys);
            }
        }
    }
}

static void what_q24_wants_refused_is_refused(void **state)
{
    static const struct {
        unsigned ms;
        float row_db, column_db, off;
    } bad[] = {
        {20, -13, -13, 0},  {100, -13, -13, 0.035F}, {100, -13, -13, -0.035F}, {100, -50, -50, 0},
        {100, -30, -13, 0}, {100, -13, -30, 0},      {100, -13, -199, 0},      {100, -199, -13, 0},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        for (unsigned shift = 0; shift < 10; shift++) {
            line_open(8000);
            say_nothing(50 + shift);
            say_key("D951"[shift % 4], bad[i].ms, bad[i].row_db, bad[i].column_db, bad[i].off);
            line_run();
            if (line.key_count != 0) {
                fail_msg("case %u, shift %u: \"%s\"", i, shift, line.keys);
            }
        }
    }
}

static void the_same_key_twice_is_two_presses_and_a_short_hole_is_none(void **state)
{
    (void)state;
    line_open(8000);
    say_nothing(33);
    say_key('7', 60, -13, -13, 0);
    say_nothing(40);
    say_key('7', 60, -13, -13, 0);
    say_nothing(40);
    say_key('8', 60, -13, -13, 0);
    say_nothing(5);
    say_key('8', 60, -13, -13, 0);
    line_run();
    assert_string_equal(line.keys, "778");
}

/* ms in which more of the tone is heard than −40 dB of it. */
static float leak_ms(float amplitude)
{
    unsigned loud = 0;

    for (unsigned i = 0; i < line.count; i++) {
        loud += fabsf(line.heard[i]) > amplitude * 0.01F;
    }
    return (float)loud * 1000 / (float)line.rate;
}

static void a_tone_leaks_less_than_20_ms_and_fades(void **state)
{
    float worst = 0;

    (void)state;
    for (unsigned i = 0; i < RATES; i++) {
        for (unsigned shift = 0; shift < 20; shift++) {
            float leak;

            line_open(rates[i]);
            say_nothing(60 + shift);
            say_key(all_keys[shift % 16], 200, -13, -13, 0);
            line_run();
            leak = leak_ms(0.63F);
            worst = leak > worst ? leak : worst;
            /* Fading over 5 ms: no step beyond what the tone itself does in a sample. */
            for (unsigned k = 1; k < line.count; k++) {
                assert_true(fabsf(line.heard[k] - line.heard[k - 1]) <
                            0.63F * 2 * (float)M_PI * 1633 / (float)rates[i] + 0.01F);
            }
        }
    }
    print_message("a key tone leaks %.1f ms at most\n", (double)worst);
    assert_true(worst > 0 && worst < 20);
}

/* Right behind a voice the window has both, and the tone is known later. */
static void a_tone_right_behind_a_voice_leaks_less_than_20_ms(void **state)
{
    (void)state;
    for (unsigned shift = 0; shift < 20; shift++) {
        float energy = 0, whole = 0;
        unsigned from;

        line_open(8000);
        say_hiss(60 + shift, 0.1F);
        from = line.count;
        say_key('5', 200, -13, -13, 0);
        line_run();
        assert_string_equal(line.keys, "5");
        for (unsigned i = from; i < from + 200 * 8; i++) {
            energy += line.heard[i + DTMF_DELAY_MS * 8] * line.heard[i + DTMF_DELAY_MS * 8];
            whole += line.said[i] * line.said[i];
        }
        assert_true(energy < whole * 20 / 200);
    }
}

static void what_is_no_key_comes_out_unchanged_and_10_ms_late(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RATES; i++) {
        unsigned delay = rates[i] / 1000 * DTMF_DELAY_MS;

        line_open(rates[i]);
        say_hiss(1000, 0.2F);
        line_run();
        assert_memory_equal(line.heard + delay, line.said, (line.count - delay) * sizeof(float));
        assert_int_equal(line.key_count, 0);
    }
}

static void six_voices_press_no_key_and_lose_nothing(void **state)
{
    static const char *const voices[] = {"en-us+m1", "en-gb+f2 -p 75", "de+m7",
                                         "fr+f4",    "es+m3 -p 20",    "it+f1 -p 90"};
    static const char text[] =
        "apple bridge candle dragon engine forest garden hammer island jacket kitchen ladder "
        "mountain needle orange pocket queen river silver table umbrella valley window yellow "
        "zebra button circle doctor elephant finger guitar honey insect jungle kettle lemon "
        "mirror number ocean paper quarter rabbit summer tiger uncle violin winter anchor bottle";
    static float speech[SPEECH_MAX];
    float *samples = speech;
    double lost = 0, whole = 0;
    unsigned duration;

    (void)state;
    for (unsigned v = 0; v < sizeof voices / sizeof *voices; v++) {
        unsigned count = speech_make(voices[v], text, 8000, 0.1F, samples, SPEECH_MAX);

        if (count == 0) {
            skip();
        }
        line_open(8000);
        for (unsigned at = 0; at + 160 <= count; at += 160) {
            dtmf_detect_run(&line.detect, samples + at);
            assert_int_equal(dtmf_detect_take(&line.detect, &duration), 0);
            lost += line.detect.hold > 0;
            whole++;
        }
    }
    print_message("of %.0f s of speech %.2f %% are muted\n", whole / 50, 100 * lost / whole);
    assert_true(lost / whole < 0.005);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_told_once_at_every_rate),
        cmocka_unit_test(what_q24_wants_taken_is_taken),
        cmocka_unit_test(what_q24_wants_refused_is_refused),
        cmocka_unit_test(the_same_key_twice_is_two_presses_and_a_short_hole_is_none),
        cmocka_unit_test(a_tone_leaks_less_than_20_ms_and_fades),
        cmocka_unit_test(a_tone_right_behind_a_voice_leaks_less_than_20_ms),
        cmocka_unit_test(what_is_no_key_comes_out_unchanged_and_10_ms_late),
        cmocka_unit_test(six_voices_press_no_key_and_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
