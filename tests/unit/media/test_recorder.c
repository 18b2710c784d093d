/* Recordings: what is in the files, sample by sample, and what goes wrong with disks. */
#include "media_world.h"

#include "media/record_file.h"
#include "media/tape.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sndfile.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int setup(void **state)
{
    (void)state;
    (void)snprintf(recordings, sizeof recordings, "/tmp/parley-record-XXXXXX");
    return mkdtemp(recordings) == NULL;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static int teardown(void **state)
{
    (void)state;
    return nftw(recordings, remove_one, 4, FTW_DEPTH | FTW_PHYS);
}

static const char *path_of(const char *name)
{
    static char path[128];

    (void)snprintf(path, sizeof path, "%s/%s", recordings, name);
    return path;
}

static int16_t content[20 * RECORD_RATE];

/* Reads the file into `content`; returns its samples. */
static unsigned load(const char *name)
{
    SF_INFO info = {0};
    SNDFILE *file = sf_open(path_of(name), SFM_READ, &info);
    sf_count_t count;

    assert_non_null(file);
    assert_int_equal(info.channels, 1);
    count = sf_readf_short(file, content, sizeof content / sizeof *content);
    assert_int_equal(sf_close(file), 0);
    return (unsigned)count;
}

/* ---- files ---- */

static void samples_are_in_the_file_as_they_were_and_silence_between(void **state)
{
    static const char *const names[] = {"a/b/c.wav", "a.flac"};
    char problem[200] = "";
    int16_t samples[320];
    unsigned duration;
    uint64_t bytes;

    (void)state;
    for (unsigned i = 0; i < 320; i++) {
        samples[i] = (int16_t)(i * 197 - 31000);
    }
    for (unsigned i = 0; i < 2; i++) {
        struct record_file *file =
            record_file_create(path_of(names[i]), false, problem, sizeof problem);

        assert_non_null(file);
        assert_true(record_file_add(file, samples, 320, 16000));
        assert_true(record_file_add_silence(file, 1500));
        assert_true(record_file_add(file, samples, 320, 16000));
        assert_true(record_file_flush(file));
        record_file_size(file, &duration, &bytes);
        assert_int_equal(duration, 1540);
        if (i == 0) { /* the header is right before it is closed */
            assert_int_equal(load(names[i]), 640 + 24000);
            assert_int_equal(bytes, 44 + 2 * (640 + 24000));
        }
        assert_true(record_file_close(file));
        assert_int_equal(load(names[i]), 640 + 24000);
        assert_memory_equal(content, samples, sizeof samples);
        assert_memory_equal(content + 24320, samples, sizeof samples);
        for (unsigned at = 320; at < 24320; at++) {
            assert_int_equal(content[at], 0);
        }
    }
}

static void other_rates_keep_their_time(void **state)
{
    static const unsigned rates[] = {8000, 48000, 16000, 8000};
    char problem[200] = "";
    struct record_file *file = record_file_create(path_of("a.wav"), false, problem, sizeof problem);
    int16_t samples[960];
    double sum = 0;

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        unsigned count = rates[i] / 50;

        for (unsigned frame = 0; frame < 50; frame++) {
            for (unsigned at = 0; at < count; at++) {
                double time = (double)(frame * count + at) / rates[i];

                samples[at] = (int16_t)(10000 * sin(2 * M_PI * 500 * time));
            }
            assert_true(record_file_add(file, samples, count, rates[i]));
        }
    }
    assert_true(record_file_close(file));
    assert_int_equal(load("a.wav"), 4 * RECORD_RATE);
    for (unsigned i = 0; i < 4 * RECORD_RATE; i++) {
        sum += (double)content[i] * content[i];
    }
    assert_in_range((unsigned)sqrt(2 * sum / (4 * RECORD_RATE)), 9800, 10100);
}

static void opus_is_written_as_well(void **state)
{
    static int16_t silence[320];
    char problem[200] = "";
    struct record_file *file =
        record_file_create(path_of("a.opus"), false, problem, sizeof problem);

    (void)state;
    assert_non_null(file);
    for (unsigned i = 0; i < 100; i++) {
        assert_true(record_file_add(file, silence, 320, 16000));
    }
    assert_true(record_file_close(file));
    assert_in_range(load("a.opus"), 2 * RECORD_RATE, 2 * 48000 + 4800);
}

static void what_cannot_be_written_says_why(void **state)
{
    char problem[200] = "";

    (void)state;
    assert_false(record_file_is_known("a.mp3"));
    assert_false(record_file_is_known("a"));
    assert_true(record_file_is_known("a/b.opus"));
    assert_int_equal(fclose(fopen(path_of("file"), "w")), 0);
    assert_null(record_file_create(path_of("file/a.wav"), false, problem, sizeof problem));
    assert_non_null(strstr(problem, "what should be a folder on its path is a file"));
    assert_int_equal(mkdir(path_of("folder.wav"), 0700), 0);
    assert_null(record_file_create(path_of("folder.wav"), false, problem, sizeof problem));
    assert_non_null(strstr(problem, "it is a folder"));
}

/* As on a disk that is full, in a process of its own. The server's threads block the signal. */
static void a_file_that_can_grow_no_more_keeps_what_it_has(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    if (child == 0) {
        const struct rlimit limit = {200000, 200000};
        char problem[200] = "";
        static int16_t samples[RECORD_RATE];
        struct record_file *file =
            record_file_create(path_of("a.wav"), false, problem, sizeof problem);
        unsigned seconds = 0;

        (void)signal(SIGXFSZ, SIG_IGN);
        if (file == NULL || setrlimit(RLIMIT_FSIZE, &limit) != 0) {
            _exit(1);
        }
        while (seconds < 20 && record_file_add(file, samples, RECORD_RATE, RECORD_RATE)) {
            seconds++;
        }
        if (seconds != 6 || strstr(problem, "too large") == NULL ||
            record_file_add_silence(file, 20)) {
            _exit(2);
        }
        (void)record_file_close(file);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_in_range(load("a.wav"), 6 * RECORD_RATE, 6 * RECORD_RATE + 4000);
}

/* ---- tapes ---- */

static void a_tape_gives_back_frames_in_order_and_refuses_what_it_has_no_room_for(void **state)
{
    static struct tape tape;
    struct tape_frame frame = {.silence = 40, .rate = 48, .count = 960}, got;
    int16_t samples[960], heard[960];
    unsigned put = 0, taken = 0;

    (void)state;
    for (unsigned round = 0; round < 5; round++) {
        for (;; put++) {
            for (unsigned i = 0; i < 960; i++) {
                samples[i] = (int16_t)(put * 7 + i);
            }
            if (!tape_put(&tape, &frame, samples)) {
                break;
            }
        }
        assert_in_range(put - taken, 60, TAPE_SIZE / 1920);
        for (; taken < put - round; taken++) {
            assert_true(tape_get(&tape, &got, heard));
            assert_memory_equal(&got, &frame, sizeof got);
            for (unsigned i = 0; i < 960; i++) {
                assert_int_equal(heard[i], (int16_t)(taken * 7 + i));
            }
        }
    }
}

/* ---- a leg, a mix ---- */

static bool is_recorded(struct room *room)
{
    return room->recorded > 0;
}

enum { TONES = 3, PIECE = RECORD_RATE / 10 };

static double tone_of(unsigned hz, unsigned first, unsigned count)
{
    double sine = 0, cosine = 0;

    for (unsigned i = first; i < first + count; i++) {
        sine += content[i] * sin(2 * M_PI * hz * i / RECORD_RATE);
        cosine += content[i] * cos(2 * M_PI * hz * i / RECORD_RATE);
    }
    return hypot(sine, cosine) / (count / 2.0) / 32768;
}

/* For 100 ms somewhere, and nothing else: a machine that stands still tears what is said, but not
 * all of it. */
static bool is_said(unsigned count, const double amplitudes[TONES])
{
    for (unsigned first = 0; first + PIECE <= count; first += PIECE / 5) {
        unsigned right = 0;

        for (unsigned i = 0; i < TONES; i++) {
            double off = fabs(tone_of(300 + 200 * i, first, PIECE) - amplitudes[i]);

            right += off < (amplitudes[i] > 0 ? 0.04 : 0.005);
        }
        if (right == TONES) {
            return true;
        }
    }
    return false;
}

static struct recorder *record(struct room *room, const struct record_config *config)
{
    struct recorder *recorder = NULL;

    room->recorded = 0;
    assert_int_equal(room->mixing->record(room->mix, config, &recorder), 0);
    return recorder;
}

static void what_a_leg_says_is_recorded_for_as_long_as_is_wished(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 0);

    (void)state;
    set_route(phone, GAIN_OFF, GAIN_OFF); /* nobody hears it */
    talk(phone);
    run_until(room, tones_have_come);
    (void)record(room, &(struct record_config){.file = "leg.wav", .leg = phone->leg, .most = 1000});
    run_until(room, is_recorded);
    assert_string_equal(room->problem, "");
    /* On a machine that stood still the last tick comes late, and counts those that were dropped.
     */
    assert_in_range(room->recording.duration, 1000, 3000);
    assert_int_equal(room->recording.lost, 0);
    assert_int_equal(load("leg.wav"), room->recording.duration * 16);
    assert_int_equal(room->recording.bytes, 44 + 32 * room->recording.duration);
    assert_true(is_said(room->recording.duration * 16, (double[TONES]){0.2, 0, 0}));
    room_free(room);
}

static void silence_ends_it(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 0);

    (void)state;
    (void)record(room,
                 &(struct record_config){.file = "leg.wav", .leg = phone->leg, .silence = 400});
    run_until(room, is_recorded);
    assert_string_equal(room->problem, "");
    assert_in_range(room->recording.duration, 400, 2400);
    assert_int_equal(load("leg.wav"), room->recording.duration * 16);
    for (unsigned i = 0; i < RECORD_RATE * 2 / 5; i++) {
        assert_int_equal(content[i], 0);
    }
    room_free(room);
}

static void what_all_say_is_recorded_until_that_is_stopped(void **state)
{
    struct room *room = room_create_split(2, 1); /* each phone on a thread of its own */
    struct recorder *recorder;
    unsigned count;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        talk(phone_add(room, AF_INET, 0));
    }
    run_until(room, tones_have_come);
    recorder = record(room, &(struct record_config){.file = "mix.flac", .buses = 1 << MIX_MAIN});
    measure_anew(room);
    run_until(room, all_have_heard);
    room->mixing->record_stop(recorder);
    room->mixing->record_stop(recorder);
    run_until(room, is_recorded);
    assert_string_equal(room->problem, "");
    count = load("mix.flac");
    assert_in_range(count, 20 * 320, sizeof content / sizeof *content - 1);
    assert_int_equal(room->recording.duration, count / 16);
    assert_true(is_said(count, (double[TONES]){0.2, 0.2, 0}));
    room_free(room);
}

static void it_ends_with_the_leg_and_with_the_mix(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 0);

    (void)state;
    (void)record(room, &(struct record_config){.file = "leg.wav", .leg = phone->leg});
    phone_remove(room);
    run_until(room, is_recorded);
    assert_string_equal(room->problem, "");
    (void)record(room, &(struct record_config){.file = "mix.wav", .buses = 1 << MIX_MAIN});
    room->mixing->mix_destroy(room->mix);
    run_until(room, is_recorded);
    assert_string_equal(room->problem, "");
    (void)load("mix.wav");
    assert_int_equal(room->mixing->mix_create(room->mixing->ctx, &room->mix), 0);
    (void)record(room, &(struct record_config){.file = "end.wav", .buses = 1 << MIX_MAIN});
    room_free(room); /* all ends while it records */
    (void)load("end.wav");
}

/* ---- tracks ---- */

enum { TRACKS = 3, MOST = 20 * RECORD_RATE, FIT = 5 * 320 };

static struct {
    struct recorder *mix, *tracks[TRACKS];
    uint64_t begin, paused, late; /* ms */
    unsigned counts[TRACKS];
    int16_t samples[TRACKS][MOST];
} session;

static struct recorder *record_leg(struct room *room, const char *file, unsigned phone,
                                   uint64_t begin)
{
    return record(room, &(struct record_config){.file = file,
                                                .leg = room->phones[phone].leg,
                                                .buses = 1 << MIX_MAIN,
                                                .begin = begin});
}

static uint64_t turn_all(const struct room *room)
{
    uint64_t when = room->mixing->record_clock(room->mixing->ctx) + RECORD_AHEAD;

    assert_int_equal(room->mixing->record_turn(session.mix, when), 0);
    for (unsigned i = 0; i < TRACKS - 1; i++) {
        assert_int_equal(room->mixing->record_turn(session.tracks[i], when), 0);
    }
    return when;
}

static void go_on(struct room *room)
{
    measure_anew(room);
    run_until(room, all_have_heard);
}

static bool all_are_recorded(struct room *room)
{
    return room->recorded == 1 + TRACKS;
}

/* Both phones' tracks, with a pause, and the first one's again from later on. */
static void record_session(struct room *room)
{
    const struct mixing *mixing = room->mixing;

    session.begin = mixing->record_clock(mixing->ctx) + RECORD_AHEAD;
    session.mix = record(
        room,
        &(struct record_config){.file = "mix.wav", .buses = 1 << MIX_MAIN, .begin = session.begin});
    session.tracks[0] = record_leg(room, "0.wav", 0, session.begin);
    session.tracks[1] = record_leg(room, "1.wav", 1, session.begin);
    go_on(room);
    session.paused = turn_all(room);
    go_on(room);
    (void)turn_all(room);
    go_on(room);
    set_route(&room->phones[1], -6, 0);
    session.late = mixing->record_clock(mixing->ctx) + RECORD_AHEAD;
    session.tracks[2] = record_leg(room, "2.wav", 0, session.late);
    go_on(room);
    room->recorded = 0;
    mixing->record_stop(session.mix);
    for (unsigned i = 0; i < TRACKS; i++) {
        mixing->record_stop(session.tracks[i]);
    }
    run_until(room, all_are_recorded);
    assert_string_equal(room->problem, "");
}

static void load_session(void)
{
    for (unsigned i = 0; i < TRACKS; i++) {
        char name[8];

        (void)snprintf(name, sizeof name, "%u.wav", i);
        session.counts[i] = load(name);
        memcpy(session.samples[i], content, sizeof content);
    }
}

/* In some frames in a row the mix is what the tracks say, to the sample. Not in all: of what a
 * thread says too late for another the track has more, and a resampler knows what was said before a
 * hole. */
static bool fits_somewhere(unsigned first, unsigned end)
{
    unsigned fit = 0; /* samples in a row; those of silence prove nothing */

    for (unsigned i = first; i < end && fit < FIT; i++) {
        int sum = session.samples[0][i] + session.samples[1][i];

        fit = abs(content[i] - sum) > 4 ? 0 : fit + (abs(content[i]) > 1000);
    }
    return fit == FIT;
}

static unsigned least_of(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* What is paused is not there: the late one's place is earlier by as much. */
static void assert_late_one_fits(void)
{
    long shift = (long)session.counts[0] - session.counts[2];

    assert_in_range(shift, 2 * HEARD * 320 - 3200, (session.late - session.begin) * 16 - 1);
    for (unsigned i = 320; i < session.counts[2] - 320; i++) {
        assert_in_range(session.samples[2][i] - session.samples[0][i + (unsigned)shift] + 4, 0, 8);
    }
}

/* Before a pause and after it, whatever the threads have to do meanwhile. */
static void tracks_fit_together_and_sum_to_the_mix(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 2; threads++) {
        struct room *room = room_create_split(threads, threads == 1 ? 0 : 1);
        unsigned least, paused;

        for (unsigned i = 0; i < 2; i++) {
            talk(phone_add(room, AF_INET, 0));
        }
        run_until(room, tones_have_come);
        record_session(room);
        load_session();
        least = least_of(load("mix.wav"), least_of(session.counts[0], session.counts[1]));
        assert_in_range(least, 2 * HEARD * 320, MOST - 1);
        paused = (unsigned)(session.paused - session.begin) * 16;
        assert_true(fits_somewhere(0, paused) && fits_somewhere(paused, least));
        assert_late_one_fits();
        room_free(room);
    }
}

static void tracks_of_all_rates_are_late_by_the_same(void **state)
{
    static const unsigned rates[] = {8000, 16000, 48000};
    char problem[200] = "";
    int16_t samples[960];

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct record_file *file = record_file_create(path_of("a.wav"), true, problem, 200);
        unsigned count = rates[i] / 50, at = 0;

        memset(samples, 0, sizeof samples);
        for (unsigned j = count / 2; j < count; j++) {
            samples[j] = 16000; /* a step at 10 ms */
        }
        assert_non_null(file);
        assert_true(record_file_add(file, samples, count, rates[i]));
        assert_true(record_file_add_silence(file, 40));
        assert_true(record_file_close(file));
        assert_int_equal(load("a.wav"), 960);
        while (content[at] < 8000) {
            at++;
        }
        assert_in_range(at, 16 * 13 - 1, 16 * 13 + 1);
    }
}

static bool is_there(struct room *room)
{
    (void)room;
    return access(path_of("a/b.json"), F_OK) == 0;
}

static void a_note_is_beside_them_and_goes_behind_the_one_before(void **state)
{
    struct room *room = room_create(1);
    char text[32] = "";
    FILE *file;

    (void)state;
    assert_int_equal(room->mixing->record_note(room->mixing->ctx, "a/b.json", "a longer one"), 0);
    assert_int_equal(room->mixing->record_note(room->mixing->ctx, "a/b.json", "the last"), 0);
    talk(phone_add(room, AF_INET, 0)); /* for the loop to have events */
    run_until(room, is_there);
    room_free(room); /* writes what is still to be written */
    file = fopen(path_of("a/b.json"), "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, "the last");
    assert_int_not_equal(access(path_of("a/b.json.new"), F_OK), 0);
}

/* This program's write takes the place of the library's. */
static atomic_uint write_ms; /* what each of them takes */

ssize_t write(int fd, const void *data, size_t size)
{
    struct stat status;

    if (write_ms > 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        (void)usleep(write_ms * 1000);
    }
    return syscall(SYS_write, fd, data, size);
}

/* What is said takes 100 ms a part to be written, twice that with the header: too long for all of
 * it to be in the file within the seconds that an ending server waits. */
static void a_disk_that_is_slow_puts_off_the_end_by_some_seconds_only(void **state)
{
    struct room *room = room_create(1);
    char log[4096] = "";
    int file = open(path_of("log"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    int standard = dup(STDERR_FILENO);

    (void)state;
    talk(phone_add(room, AF_INET, 0));
    talk(phone_add(room, AF_INET, 0));
    run_until(room, tones_have_come);
    (void)record(room, &(struct record_config){.file = "slow.wav", .buses = 1 << MIX_MAIN});
    write_ms = 400;
    for (unsigned i = 0; i < 3; i++) {
        go_on(room);
    }
    assert_int_equal(dup2(file, STDERR_FILENO), STDERR_FILENO);
    room_free(room);
    write_ms = 0;
    assert_int_equal(dup2(standard, STDERR_FILENO), STDERR_FILENO);
    assert_true(pread(file, log, sizeof log - 1, 0) > 0);
    assert_non_null(strstr(log, "slow.wav lacks its end: the disk does not keep up"));
    assert_in_range(load("slow.wav"), 1, 3 * HEARD * 320 - 1);
    assert_int_equal(close(file), 0);
    assert_int_equal(close(standard), 0);
}

static void what_goes_wrong_is_told_and_harms_nobody(void **state)
{
    struct room *room = room_create(1);
    struct phone *phone = phone_add(room, AF_INET, 0);
    struct recorder *recorder;

    (void)state;
    assert_int_equal(
        room->mixing->record(
            room->mix, &(struct record_config){.file = "leg.mp3", .leg = phone->leg}, &recorder),
        EINVAL);
    assert_int_equal(fclose(fopen(path_of("file"), "w")), 0);
    (void)record(room, &(struct record_config){.file = "file/leg.wav", .leg = phone->leg});
    run_until(room, is_recorded);
    assert_non_null(strstr(room->problem, "what should be a folder"));
    assert_int_equal(room->recording.duration, 0);
    talk(phone);
    run_until(room, tones_have_come);
    room_free(room);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(samples_are_in_the_file_as_they_were_and_silence_between),
        TEST(other_rates_keep_their_time),
        TEST(opus_is_written_as_well),
        TEST(what_cannot_be_written_says_why),
        TEST(a_file_that_can_grow_no_more_keeps_what_it_has),
        TEST(a_tape_gives_back_frames_in_order_and_refuses_what_it_has_no_room_for),
        TEST(what_a_leg_says_is_recorded_for_as_long_as_is_wished),
        TEST(silence_ends_it),
        TEST(what_all_say_is_recorded_until_that_is_stopped),
        TEST(it_ends_with_the_leg_and_with_the_mix),
        TEST(tracks_fit_together_and_sum_to_the_mix),
        TEST(tracks_of_all_rates_are_late_by_the_same),
        TEST(a_note_is_beside_them_and_goes_behind_the_one_before),
        TEST(a_disk_that_is_slow_puts_off_the_end_by_some_seconds_only),
        TEST(what_goes_wrong_is_told_and_harms_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
