/* Sound files: read in the background, shared, at the mix's rate; played without a click. */
#include "media/clip.h"
#include "media/playing.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { RATE = 8000, FRAME = 160, LIMIT_MS = 20000 };

static struct {
    struct loop *loop;
    struct clips *clips;
    char directory[32];
    struct sound_places places;
    unsigned read; /* clips told of */
} world;

static void on_read(struct clip *clip, void *arg)
{
    (void)arg;
    assert_true(clip_is_read(clip));
    world.read++;
    loop_stop(world.loop, 0);
}

static void on_limit(void *arg)
{
    (void)arg;
    fail_msg("no clip was read in time");
}

static int setup(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    (void)snprintf(world.directory, sizeof world.directory, "/tmp/parley-clip-XXXXXX");
    assert_non_null(mkdtemp(world.directory));
    assert_int_equal(loop_create(&world.loop), 0);
    world.places = (struct sound_places){.directory = world.directory};
    return clips_create(world.loop, &world.places, on_read, NULL, &world.clips);
}

static int teardown(void **state)
{
    const struct dirent *entry;
    DIR *directory;

    (void)state;
    clips_destroy(world.clips);
    loop_destroy(world.loop);
    directory = opendir(world.directory);
    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL) {
        (void)unlinkat(dirfd(directory), entry->d_name, 0);
    }
    (void)closedir(directory);
    return rmdir(world.directory);
}

static char *path_of(const char *name)
{
    static char path[96];

    (void)snprintf(path, sizeof path, "%s/%s", world.directory, name);
    return path;
}

/* A tone of −6 dB in each channel, or in the first one only. */
static void write_tone(const char *name, int format, int rate, int channels, float hz,
                       float seconds)
{
    SF_INFO info = {.samplerate = rate, .channels = channels, .format = format};
    SNDFILE *file = sf_open(path_of(name), SFM_WRITE, &info);
    int count = (int)(seconds * (float)rate);
    float *samples = calloc((size_t)count * (size_t)channels, sizeof *samples);

    assert_non_null(file);
    assert_non_null(samples);
    for (int i = 0; i < count * channels; i++) {
        int at = i / channels;

        samples[i] = 0.5F * sinf(2 * (float)M_PI * hz * (float)at / (float)rate);
    }
    assert_int_equal(sf_writef_float(file, samples, count), count);
    free(samples);
    assert_int_equal(sf_close(file), 0);
}

static struct clip *wait_for(struct clip *clip)
{
    struct loop_timer *limit = NULL;

    if (!clip_is_read(clip)) {
        assert_int_equal(loop_timer_start(world.loop, &limit, LIMIT_MS, on_limit, NULL), 0);
        (void)loop_run(world.loop);
        loop_timer_stop(&limit);
    }
    assert_true(clip_is_read(clip));
    return clip;
}

static struct clip *open_and_wait(const char *file)
{
    struct clip *clip;

    assert_int_equal(clip_open(world.clips, NULL, file, false, &clip), 0);
    return wait_for(clip);
}

static double rms(const int16_t *samples, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        sum += (double)samples[i] * samples[i];
    }
    return sqrt(sum / (double)count) / 32768;
}

static void any_format_and_rate_is_read_at_its_level(void **state)
{
    static const struct {
        const char *name;
        int format, rate, channels;
    } files[] = {
        {"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1},
        {"b.wav", SF_FORMAT_WAV | SF_FORMAT_ULAW, 8000, 1},
        {"c.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 44100, 2},
        {"d.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 48000, 2},
        {"e.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 22050, 1},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
        struct clip *clip;
        const int16_t *samples;
        size_t count;

        write_tone(files[i].name, files[i].format, files[i].rate, files[i].channels, 440, 2);
        clip = open_and_wait(files[i].name);
        assert_null(clip_problem(clip));
        samples = clip_samples(clip, RATE, &count);
        assert_non_null(samples);
        assert_in_range(count, 2 * RATE - 100, 2 * RATE + 100);
        assert_true(fabs(20 * log10(rms(samples + RATE / 2, RATE) / (0.5 / sqrt(2)))) < 0.2);
        assert_null(clip_samples(clip, 12345, &count));
        clip_close(clip);
    }
}

static void what_lies_beyond_the_rate_is_not_folded_back(void **state)
{
    struct clip *clip;
    const int16_t *samples;
    size_t count;

    (void)state;
    write_tone("high.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000, 1, 6000, 1);
    clip = open_and_wait("high.wav");
    samples = clip_samples(clip, RATE, &count);
    assert_true(rms(samples + 1000, count - 2000) < 0.001);
    clip_close(clip);
}

static void a_file_that_plays_already_is_shared(void **state)
{
    struct clip *first, *second, *third;

    (void)state;
    write_tone("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 440, 1);
    first = open_and_wait("a.wav");
    second = open_and_wait(path_of("a.wav"));
    assert_ptr_equal(first, second);
    assert_int_equal(world.read, 1);
    clip_close(first);
    clip_close(second);
    third = open_and_wait("a.wav"); /* all let go of it: what is there now is read */
    assert_int_equal(world.read, 2);
    clip_close(third);
}

static void who_closes_before_it_is_read_hears_no_more_of_it(void **state)
{
    struct clip *clip, *other;

    (void)state;
    write_tone("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000, 1, 440, 30);
    write_tone("b.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 440, 1);
    assert_int_equal(clip_open(world.clips, NULL, "a.wav", false, &clip), 0);
    clip_close(clip);
    other = open_and_wait("b.wav");
    assert_int_equal(world.read, 1);
    clip_close(other);
    /* And the last one is still being read when all ends. */
    assert_int_equal(clip_open(world.clips, NULL, "a.wav", false, &clip), 0);
}

static void what_cannot_be_played_says_why(void **state)
{
    static const struct {
        const char *name, *problem;
    } cases[] = {
        {"none.wav", "no such file"},
        {"text.wav", "no sound file"},
        {"empty.wav", "no sound file"},
        {"pipe.wav", "is no file"},
        {".", "is no file"},
        {"long.wav", "is longer than 15 minutes"},
    };
    FILE *file = fopen(path_of("text.wav"), "w");
    char error[256];

    (void)state;
    assert_non_null(file);
    assert_true(fputs("all work and no play", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(fclose(fopen(path_of("empty.wav"), "w")), 0);
    assert_int_equal(mkfifo(path_of("pipe.wav"), 0600), 0);
    write_tone("long.wav", SF_FORMAT_WAV | SF_FORMAT_ULAW, 4000, 1, 440, 16 * 60);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct clip *clip = open_and_wait(cases[i].name);

        assert_non_null(clip_problem(clip));
        if (strstr(clip_problem(clip), cases[i].problem) == NULL) {
            fail_msg("%s: %s", cases[i].name, clip_problem(clip));
        }
        clip_close(clip);
        assert_int_equal(clip_check(&world.places, cases[i].name, error, sizeof error), EINVAL);
        assert_non_null(strstr(error, cases[i].problem));
    }
}

/* ---- prompts ---- */

static void write_prompt(const char *name, float hz)
{
    char folder[64];

    (void)snprintf(folder, sizeof folder, "%.*s", (int)strcspn(name, "/"), name);
    if (strchr(name, '/') != NULL) {
        (void)mkdir(path_of(folder), 0700);
    }
    write_tone(name, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, hz, 1);
}

static const char *place_of(const char *name)
{
    static char path[PATH_SIZE];

    assert_true(prompt_find(&world.places, NULL, name, path, sizeof path));
    return path + strlen(world.directory);
}

static void a_name_is_a_prompt_one_s_own_first_and_english_last(void **state)
{
    struct sound_places places = {
        .own = world.directory, .shipped = world.directory, .language = "de"};
    struct clip *clip;
    char path[PATH_SIZE];

    (void)state;
    assert_true(prompt_is_name("welcome"));
    assert_false(prompt_is_name("welcome.wav"));
    assert_false(prompt_is_name("de/welcome"));
    assert_false(prompt_is_name("tone:440/100"));
    assert_false(prompt_is_name(""));
    world.places = places;
    write_prompt("en/welcome.wav", 400);
    assert_string_equal(place_of("welcome"), "/en/welcome.wav");
    write_prompt("welcome.wav", 400);
    assert_string_equal(place_of("welcome"), "/welcome.wav");
    write_prompt("de/welcome.wav", 400);
    assert_string_equal(place_of("welcome"), "/de/welcome.wav");
    assert_false(prompt_find(&world.places, NULL, "missing", path, sizeof path));
    assert_non_null(strstr(path, "/de"));

    clips_destroy(world.clips);
    assert_int_equal(clips_create(world.loop, &world.places, on_read, NULL, &world.clips), 0);
    clip = open_and_wait("welcome");
    assert_null(clip_problem(clip));
    clip_close(clip);
    clip = open_and_wait("missing");
    assert_non_null(strstr(clip_problem(clip), "prompt \"missing\": no such file in /tmp"));
    clip_close(clip);
    assert_int_equal(clip_check(&world.places, "missing", path, sizeof path), EINVAL);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(unlink(path_of(i ? "en/welcome.wav" : "de/welcome.wav")), 0);
        assert_int_equal(rmdir(path_of(i ? "en" : "de")), 0);
    }
}

/* ---- playing ---- */

static float played[60 * RATE];

/* Plays until it ends or `seconds` have passed, stopping after `stop`; returns the samples. */
static unsigned play(const struct clip *clip, unsigned fade_ms, bool loop, float seconds,
                     float stop)
{
    struct playing playing;
    unsigned at = 0;
    bool goes_on = true;

    assert_int_equal(playing_init(&playing, clip, RATE, fade_ms, loop), 0);
    while (goes_on && at < (unsigned)(seconds * RATE)) {
        playing.leaving = (float)at >= stop * RATE;
        goes_on = playing_next(&playing, played + at, FRAME);
        at += FRAME;
    }
    return at;
}

static float largest_step(unsigned count)
{
    float most = fabsf(played[0]);

    for (unsigned i = 1; i < count; i++) {
        most = fmaxf(most, fabsf(played[i] - played[i - 1]));
    }
    return fmaxf(most, fabsf(played[count - 1]));
}

/* 441 Hz do not fit into the clip: begin and end are in different phases, and it begins loud. */
static void it_comes_loops_and_goes_without_a_click(void **state)
{
    const float natural = 0.5F * 2 * (float)M_PI * 441 / RATE;
    struct clip *clip;
    unsigned count;

    (void)state;
    write_tone("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 441, 1.003F);
    clip = open_and_wait("a.wav");
    count = play(clip, 10, true, 10, 7.77F);
    assert_in_range(count, (unsigned)(7.77 * RATE), (unsigned)(7.77 * RATE) + 3 * FRAME);
    assert_true(largest_step(count) < natural * 1.1F);
    count = play(clip, 10, false, 10, 10);
    assert_in_range(count, RATE, RATE + 2 * FRAME);
    assert_true(largest_step(count) < natural * 1.1F);
    clip_close(clip);
}

static void a_clip_shorter_than_its_fades_is_played_softly_and_ends(void **state)
{
    struct clip *clip;

    (void)state;
    write_tone("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 441, 0.01F);
    clip = open_and_wait("a.wav");
    assert_in_range(play(clip, 300, false, 10, 10), 80, 2 * FRAME);
    assert_in_range(play(clip, 300, true, 10, 5), 5 * RATE, 6 * RATE);
    clip_close(clip);
}

/* ---- folders ---- */

/* Of the tone that the clip is, to the next hundred: by how often it crosses zero. */
static long hertz(const struct clip *clip)
{
    size_t count;
    const int16_t *samples = clip_samples(clip, RATE, &count);
    unsigned crossings = 0;

    assert_null(clip_problem(clip));
    for (size_t i = 1; i < count; i++) {
        crossings += samples[i - 1] < 0 && samples[i] >= 0;
    }
    return lround((double)crossings * RATE / (double)count / 100) * 100;
}

static struct clip *next_and_wait(struct clip *clip)
{
    struct clip *next;

    assert_int_equal(clip_open_next(clip, &next), 0);
    clip_close(clip);
    return wait_for(next);
}

static void a_folder_is_played_in_the_order_of_its_names(void **state)
{
    struct clip *clip, *same;
    FILE *file;

    (void)state;
    write_tone("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, RATE, 1, 500, 0.5F);
    write_tone("c.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, RATE, 1, 900, 0.5F);
    file = fopen(path_of("b.wav"), "w");
    assert_non_null(file);
    (void)fputs("no sound", file);
    (void)fclose(file);
    clip = open_and_wait("./");
    assert_true(clip_goes_on(clip));
    assert_int_equal(hertz(clip), 500);
    same = open_and_wait("./");
    assert_ptr_equal(same, clip); /* read once for all who hear it */
    clip_close(same);
    clip = next_and_wait(clip);
    assert_int_equal(hertz(clip), 900); /* what is no sound is skipped */
    write_tone("d.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, RATE, 1, 700, 0.5F);
    clip = next_and_wait(clip);
    assert_int_equal(hertz(clip), 700); /* which has come since */
    (void)unlink(path_of("d.wav"));
    clip = next_and_wait(clip);
    assert_int_equal(hertz(clip), 500);
    (void)unlink(path_of("c.flac"));
    (void)unlink(path_of("a.wav"));
    clip = next_and_wait(clip);
    assert_non_null(strstr(clip_problem(clip), "no file in it can be played"));
    clip_close(clip);
}

/* The tones from where `file` begins, each once. */
static void play_around(long hertzes[4])
{
    struct clip *clip, *same;

    assert_int_equal(clip_open(world.clips, NULL, "./", true, &clip), 0);
    (void)wait_for(clip);
    assert_int_equal(clip_open(world.clips, NULL, "./", true, &same), 0);
    assert_ptr_equal(same, clip); /* shared as well */
    clip_close(same);
    for (unsigned i = 0; i < 4; i++) {
        hertzes[i] = hertz(clip);
        clip = next_and_wait(clip);
    }
    assert_int_equal(hertz(clip), hertzes[0]);
    clip_close(clip);
}

/* The odds that an order of chance is that of the names are 1 to 24, each time. */
static void a_shuffled_folder_is_played_in_another_order_that_all_share(void **state)
{
    static const char *const names[] = {"a.wav", "b.wav", "c.wav", "d.wav"};
    bool is_shuffled = false;
    long hertzes[4], again[4];

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        write_tone(names[i], SF_FORMAT_WAV | SF_FORMAT_PCM_16, RATE, 1, 500 + 200 * i, 0.5F);
    }
    for (unsigned attempt = 0; attempt < 20 && !is_shuffled; attempt++) {
        long sum = 0;

        clips_destroy(world.clips);
        assert_int_equal(clips_create(world.loop, &world.places, on_read, NULL, &world.clips), 0);
        play_around(hertzes);
        play_around(again);
        assert_memory_equal(hertzes, again, sizeof hertzes);
        for (unsigned i = 0; i < 4; i++) {
            sum += hertzes[i];
            is_shuffled |= hertzes[i] != 500 + 200 * (long)i;
        }
        assert_int_equal(sum, 500 + 700 + 900 + 1100); /* each once */
    }
    assert_true(is_shuffled);
    for (unsigned i = 0; i < 4; i++) {
        (void)unlink(path_of(names[i]));
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(any_format_and_rate_is_read_at_its_level),
        TEST(what_lies_beyond_the_rate_is_not_folded_back),
        TEST(a_file_that_plays_already_is_shared),
        TEST(who_closes_before_it_is_read_hears_no_more_of_it),
        TEST(what_cannot_be_played_says_why),
        TEST(a_name_is_a_prompt_one_s_own_first_and_english_last),
        TEST(a_folder_is_played_in_the_order_of_its_names),
        TEST(a_shuffled_folder_is_played_in_another_order_that_all_share),
        TEST(it_comes_loops_and_goes_without_a_click),
        TEST(a_clip_shorter_than_its_fades_is_played_softly_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
