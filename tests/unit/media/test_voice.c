/* What speexdsp makes of voices: levels that meet, pauses that stay quiet, noise that goes, and
 * what is a voice at all; and what each of it costs in delay. */
#include "media/dtmf_detect.h"
#include "media/enhance.h"
#include "media/level.h"
#include "media/voice.h"
#include "speech.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

static const char text[] =
    "apple bridge candle dragon. engine forest garden hammer island. jacket kitchen ladder "
    "mountain. needle orange pocket queen river. silver table umbrella valley window yellow zebra. "
    "button circle doctor elephant finger. guitar honey insect jungle kettle lemon mirror";
static const unsigned rates[] = {8000, 16000, 48000};
enum { RATES = sizeof rates / sizeof *rates, SECONDS_MAX = 20 };

static float speech[SPEECH_MAX];
static float out[SPEECH_MAX];

static unsigned say(unsigned rate, float loudness)
{
    unsigned count = speech_make("en-us+m1", text, rate, loudness, speech, SECONDS_MAX * rate);

    if (count == 0) {
        skip();
    }
    return count / (rate / 1000 * FRAME_MS) * (rate / 1000 * FRAME_MS);
}

static double rms_db(const float *samples, unsigned count)
{
    return 10 * log10((double)level_power(samples, count) + 1e-12);
}

static void run(struct voice *voice, unsigned rate, unsigned count)
{
    unsigned frame = rate / 1000 * FRAME_MS;

    for (unsigned at = 0; at < count; at += frame) {
        (void)voice_run(voice, rate, out + at, true);
    }
}

static void soft_and_loud_voices_come_out_alike(void **state)
{
    static const float said[] = {-15, -25, -35};

    (void)state;
    for (unsigned i = 0; i < RATES; i++) {
        for (unsigned k = 0; k < 3; k++) {
            struct voice *voice = voice_create(rates[i], &(struct leg_voice){.agc = true}, false);
            unsigned count = say(rates[i], powf(10, said[k] / 20));
            double level;

            memcpy(out, speech, sizeof out);
            run(voice, rates[i], count);
            level = rms_db(out + count / 2, count / 2);
            if (level < -26 || level > -19) {
                fail_msg("%.0f dB became %.1f dB at %u Hz", (double)said[k], level, rates[i]);
            }
            voice_destroy(voice);
        }
    }
}

/* Noise suppression is switched on after half of it. */
static void the_gain_stays_when_something_else_is_changed(void **state)
{
    static const struct leg_voice wish = {.agc = true}, more = {.agc = true, .denoise = true};
    struct voice *voice = voice_create(8000, &wish, false),
                 *next = voice_create(8000, &more, false);
    unsigned count = say(8000, powf(10, -35.0F / 20)), half = count / 2 / 160 * 160;
    double level;

    (void)state;
    memcpy(out, speech, sizeof out);
    run(voice, 8000, half);
    voice_inherit(next, voice);
    for (unsigned at = half; at < count; at += 160) {
        (void)voice_run(next, 8000, out + at, true);
    }
    level = rms_db(out + half, 8000); /* the second after the change */
    if (level < -27) {
        fail_msg("%.1f dB after the change", level);
    }
    voice_destroy(voice);
    voice_destroy(next);
}

static void a_voice_that_is_hardly_there_is_not_lifted_without_bounds(void **state)
{
    struct voice *voice = voice_create(8000, &(struct leg_voice){.agc = true}, false);
    unsigned count = say(8000, 0.001F); /* −60 dB */

    (void)state;
    memcpy(out, speech, sizeof out);
    run(voice, 8000, count);
    assert_true(rms_db(out, count) < -60 + 18.5);
    voice_destroy(voice);
}

static void pauses_are_not_pumped_up(void **state)
{
    struct voice *voice = voice_create(8000, &(struct leg_voice){.agc = true}, false);
    unsigned count = say(8000, 0.03F), pause = 10 * 8000;
    uint32_t seed = 1;
    double early, late;

    (void)state;
    memcpy(out, speech, count * sizeof *out);
    memset(out + count, 0, pause * sizeof *out);
    for (unsigned i = 0; i < count + pause; i++) {
        out[i] += hiss(&seed, 0.001F);
    }
    run(voice, 8000, count + pause);
    early = rms_db(out + count + 4000, 8000);
    late = rms_db(out + count + pause - 8000, 8000);
    assert_true(late < early + 1);
    assert_true(late < -60 + 18.5);
    voice_destroy(voice);
}

static void noise_is_suppressed_and_the_voice_is_not(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RATES; i++) {
        struct voice *voice = voice_create(rates[i], &(struct leg_voice){.denoise = true}, false);
        unsigned count = say(rates[i], 0.1F), pause = 3 * rates[i], delay = rates[i] / 100;
        uint32_t seed = 1;
        double product = 0, own = 0, came = 0;

        memset(out, 0, pause * sizeof *out);
        memcpy(out + pause, speech, count * sizeof *out);
        for (unsigned k = 0; k < pause + count; k++) {
            out[k] += hiss(&seed, 0.01F); /* −40 dB */
        }
        run(voice, rates[i], pause + count);
        assert_true(rms_db(out + pause - rates[i], rates[i] * 9 / 10) < -50);
        for (unsigned k = 0; k + delay < count; k++) {
            double after = out[pause + k + delay];

            product += speech[k] * after;
            own += speech[k] * speech[k];
            came += after * after;
        }
        assert_true(product / sqrt(own * came) > 0.95);
        assert_true(fabs(10 * log10(came / own)) < 1.5);
        voice_destroy(voice);
    }
}

/* Share of the frames that are taken for a voice. */
static double voiced(struct voice *voice, unsigned rate, unsigned from, unsigned count)
{
    unsigned frame = rate / 1000 * FRAME_MS, yes = 0, all = 0;

    for (unsigned at = from; at + frame <= from + count; at += frame, all++) {
        (void)voice_run(voice, rate, out + at, true);
        yes += voice_is_speech(voice);
    }
    return (double)yes / all;
}

static void noise_is_no_voice_however_loud(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RATES; i++) {
        struct voice *voice = voice_create(rates[i], &(struct leg_voice){.vad = true}, false);
        unsigned count = say(rates[i], 0.1F), pause = 4 * rates[i];
        uint32_t seed = 1;

        for (unsigned k = 0; k < pause + count; k++) {
            out[k] = hiss(&seed, 0.02F) + (k < pause ? 0 : speech[k - pause]);
        }
        (void)voiced(voice, rates[i], 0, pause / 2);
        assert_true(voiced(voice, rates[i], pause / 2, pause / 2) < 0.05);
        assert_true(voiced(voice, rates[i], pause, count) > 0.5);
        voice_destroy(voice);
    }
}

/* Samples by which what comes out is late. */
static unsigned lag_of(struct voice *voice, unsigned rate)
{
    unsigned count = rate, best = 0;
    uint32_t seed = 1;
    double most = 0;

    for (unsigned k = 0; k < count; k++) {
        speech[k] = out[k] = hiss(&seed, 0.1F);
    }
    run(voice, rate, count);
    for (unsigned lag = 0; lag < rate / 20; lag++) {
        double product = 0;

        for (unsigned k = count / 2; k < count - rate / 20; k++) {
            product += speech[k] * out[k + lag];
        }
        if (product > most) {
            most = product;
            best = lag;
        }
    }
    return best;
}

static void each_costs_ten_ms_and_voice_detection_none(void **state)
{
    static const struct {
        struct leg_voice wish;
        bool tones;
        unsigned ms;
    } cases[] = {
        {{.agc = true}, false, 10},
        {{.denoise = true}, false, 10},
        {{.agc = true, .denoise = true, .vad = true}, false, 10},
        {{.vad = true}, false, 0},
        {{0}, true, 10},
        {{.agc = true}, true, 20},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (unsigned r = 0; r < RATES; r++) {
            struct voice *voice = voice_create(rates[r], &cases[i].wish, cases[i].tones);

            assert_int_equal(lag_of(voice, rates[r]), cases[i].ms * rates[r] / 1000);
            voice_destroy(voice);
        }
    }
}

static void silence_lets_out_what_is_late_and_then_costs_nothing(void **state)
{
    struct voice *voice =
        voice_create(8000, &(struct leg_voice){.agc = true, .denoise = true}, true);
    float frame[160], last = 0;
    unsigned frames = 0;

    (void)state;
    for (unsigned i = 0; i < 50; i++) {
        for (unsigned k = 0; k < 160; k++) {
            frame[k] = 0.1F * sinf(0.3F * (float)(i * 160 + k));
        }
        assert_true(voice_run(voice, 8000, frame, true));
    }
    do {
        memset(frame, 0, sizeof frame);
        last = frames == 0 ? 1 : last;
        frames++;
    } while (voice_run(voice, 8000, frame, false) && frames < 100);
    assert_in_range(frames, 2, 5);
    for (unsigned k = 0; k < 160; k++) {
        assert_true(frame[k] == 0);
    }
    voice_destroy(voice);
}

static void a_rate_that_it_was_not_made_for_is_left_alone(void **state)
{
    struct voice *voice = voice_create(8000, &(struct leg_voice){.agc = true}, true);
    float frame[320], same[320];

    (void)state;
    for (unsigned i = 0; i < 320; i++) {
        frame[i] = same[i] = (float)i / 1000;
    }
    assert_true(voice_run(voice, 16000, frame, true));
    assert_memory_equal(frame, same, sizeof frame);
    assert_false(voice_run(voice, 16000, frame, false));
    voice_destroy(voice);
}

static void what_was_noise_is_speech_at_a_rate_that_cannot_be_judged(void **state)
{
    struct voice *voice = voice_create(16000, &(struct leg_voice){.vad = true}, false);
    float frame[320];
    uint32_t seed = 1;

    (void)state;
    for (unsigned i = 0; i < 50; i++) {
        for (unsigned k = 0; k < 320; k++) {
            frame[k] = hiss(&seed, 0.01F);
        }
        (void)voice_run(voice, 16000, frame, true);
    }
    assert_false(voice_is_speech(voice));
    (void)voice_run(voice, 8000, frame, true);
    assert_true(voice_is_speech(voice));
    voice_destroy(voice);
}

/* Told, not judged: the figures of the README. */
static void what_a_leg_pays_for_it(void **state)
{
    static const struct {
        const char *name;
        struct leg_voice wish;
        bool tones;
    } cases[] = {
        {"agc", {.agc = true}, false},
        {"denoise", {.denoise = true}, false},
        {"vad", {.vad = true}, false},
        {"agc, denoise, vad", {.agc = true, .denoise = true, .vad = true}, false},
        {"key tones", {0}, true},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (unsigned r = 0; r < RATES; r++) {
            struct voice *voice = voice_create(rates[r], &cases[i].wish, cases[i].tones);
            unsigned count = 10 * rates[r];
            struct timespec began, ended;
            uint32_t seed = 1;

            for (unsigned k = 0; k < count; k++) {
                out[k] = hiss(&seed, 0.1F);
            }
            (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &began);
            run(voice, rates[r], count);
            (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ended);
            print_message("%s, %u Hz: %.0f us of CPU a leg and second\n", cases[i].name, rates[r],
                          ((double)(ended.tv_sec - began.tv_sec) * 1e6 +
                           (double)(ended.tv_nsec - began.tv_nsec) / 1e3) /
                              10);
            voice_destroy(voice);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(soft_and_loud_voices_come_out_alike),
        cmocka_unit_test(the_gain_stays_when_something_else_is_changed),
        cmocka_unit_test(a_voice_that_is_hardly_there_is_not_lifted_without_bounds),
        cmocka_unit_test(pauses_are_not_pumped_up),
        cmocka_unit_test(noise_is_suppressed_and_the_voice_is_not),
        cmocka_unit_test(noise_is_no_voice_however_loud),
        cmocka_unit_test(each_costs_ten_ms_and_voice_detection_none),
        cmocka_unit_test(silence_lets_out_what_is_late_and_then_costs_nothing),
        cmocka_unit_test(a_rate_that_it_was_not_made_for_is_left_alone),
        cmocka_unit_test(what_was_noise_is_speech_at_a_rate_that_cannot_be_judged),
        cmocka_unit_test(what_a_leg_pays_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
