/* The journal's files: whole lines in bounded room, whatever the disk does; no secrets. */
#include "tests/unit/fake_world.h"

#include "core/log.h"
#include "journal/journal.h"
#include "journal/line.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { KIB = 1024, PATIENCE = 10000 /* ms */ };

static struct {
    char directory[64], path[96], log[96];
    struct loop *loop;
    struct focus *focus;
    struct journal *journal;
    unsigned next; /* number of the next decision */
    int stderr_copy;
    /* What has been read. */
    unsigned lines, decisions, gaps;
    struct journal_contents contents;
    json_int_t lost, last;
    bool is_in_order;
} test;

static void begin(uint64_t size, unsigned files)
{
    struct journal_config config = {
        .loop = test.loop,
        .focus = test.focus,
        .files = {.path = test.path, .size = size, .count = files},
    };

    assert_int_equal(journal_create(&config, &test.journal), 0);
    focus_connect_journal(test.focus, journal_journalling(test.journal));
}

static void end(void)
{
    focus_connect_journal(test.focus, NULL);
    journal_destroy(test.journal);
    test.journal = NULL;
}

static int set_up(void **state)
{
    struct focus_config config = {.domain = ""};

    (void)state;
    memset(&test, 0, sizeof test);
    (void)snprintf(test.directory, sizeof test.directory, "/tmp/parley-journal-XXXXXX");
    assert_non_null(mkdtemp(test.directory));
    (void)snprintf(test.path, sizeof test.path, "%s/journal.jsonl", test.directory);
    (void)snprintf(test.log, sizeof test.log, "%s/log", test.directory);
    assert_int_equal(loop_create(&test.loop), 0);
    config.loop = test.loop;
    assert_int_equal(focus_create(&config, &test.focus), 0);
    focus_connect(test.focus, &world_signalling, &world_mixing, NULL);
    (void)signal(SIGXFSZ, SIG_IGN);
    return 0;
}

static int tear_down(void **state)
{
    char path[128];

    (void)state;
    focus_destroy(test.focus);
    journal_destroy(test.journal);
    loop_destroy(test.loop);
    for (unsigned i = 1; i < 20; i++) {
        (void)snprintf(path, sizeof path, "%s.%u", test.path, i);
        (void)unlink(path);
    }
    (void)unlink(test.path);
    (void)unlink(test.log);
    return rmdir(test.directory);
}

/* One that says its number. */
static void decide_next(void)
{
    const struct journalling *journalling = journal_journalling(test.journal);
    struct request request = {
        .verb = VERB_REMOVE,
        .actor = {.kind = ACTOR_CALLER, .uri = "sip:alice@example.com"},
        .conference_name = "demo",
    };
    struct decision decision = {.verdict = DECISION_REJECT, .code = 403, .by = "default"};

    decision.cause.event = EVENT_COUNT;
    (void)snprintf(decision.reason, sizeof decision.reason, "number %u", test.next++);
    journalling->decided(journalling->ctx, &request, &decision);
}

static bool count(const json_t *line, const char *text, void *arg)
{
    const char *kind = json_string_value(json_object_get(line, "kind"));

    (void)text;
    (void)arg;
    test.lines++;
    if (strcmp(kind, "gap") == 0) {
        test.gaps++;
        test.lost += json_integer_value(json_object_get(line, "lost"));
    } else if (strcmp(kind, "decision") == 0) {
        int number = -1;

        (void)sscanf(json_string_value(json_object_get(line, "reason")), "number %d", &number);
        test.is_in_order &= number > test.last;
        test.last = number;
        test.decisions++;
    }
    return true;
}

/* By verb, event or kind. */
struct told {
    char names[16][16];
    unsigned count;
};

static bool note(const json_t *line, const char *text, void *arg)
{
    static const char *const keys[] = {"verb", "event", "kind"};
    struct told *told = arg;
    const char *name = NULL;

    (void)text;
    for (unsigned i = 0; i < 3 && !name; i++)
        name = json_string_value(json_object_get(line, keys[i]));
    (void)snprintf(told->names[told->count++], sizeof told->names[0], "%s", name);
    return told->count < 16;
}

static void read_all(void)
{
    const struct journal_filter all = {.conference = NULL};

    test.lines = test.decisions = test.gaps = 0;
    test.lost = 0;
    test.last = -1;
    test.is_in_order = true;
    assert_int_equal(journal_read(test.path, &all, false, count, NULL, &test.contents), 0);
    assert_int_equal(test.contents.strange, 0);
    assert_true(test.is_in_order);
}

static off_t size_of(unsigned number)
{
    char path[128];
    struct stat found;

    (void)snprintf(path, sizeof path, number ? "%s.%u" : "%s", test.path, number);
    return stat(path, &found) == 0 ? found.st_size : -1;
}

static void catch_log(void)
{
    int file = open(test.log, O_RDWR | O_CREAT | O_TRUNC, 0600);

    test.stderr_copy = dup(STDERR_FILENO);
    assert_int_equal(dup2(file, STDERR_FILENO), STDERR_FILENO);
    (void)close(file);
}

/* Lets the loop turn until the log has the text. */
static void await_log(const char *text)
{
    uint64_t end = loop_now(test.loop) + PATIENCE;
    char log[4096];
    bool is_there = false;

    while (!is_there && loop_now(test.loop) < end) {
        int file = open(test.log, O_RDONLY);
        ssize_t length = read(file, log, sizeof log - 1);

        (void)close(file);
        log[length > 0 ? length : 0] = '\0';
        is_there = strstr(log, text) != NULL;
        world_turn(test.loop);
        (void)usleep(5000);
    }
    if (!is_there)
        fail_msg("\"%s\" is not in the log: %s", text, log);
}

static void release_log(void)
{
    assert_int_equal(dup2(test.stderr_copy, STDERR_FILENO), STDERR_FILENO);
    (void)close(test.stderr_copy);
}

static void test_a_line_is_json_whatever_is_in_it(void **state)
{
    char bytes[LINE_MOST], text[2 * LINE_TEXT_MOST];
    struct line line;
    json_t *read;

    (void)state;
    memset(text, '"', sizeof text);
    text[sizeof text - 1] = '\0';
    line_begin(&line, bytes, sizeof bytes);
    line_text(&line, "odd", "a\"b\\c\n\x01\xff\xc3\xa9 \xe2\x82");
    line_text(&line, "nothing", "");
    line_text(&line, "none", NULL);
    line_open(&line, "inner");
    line_number(&line, "n", -7);
    line_flag(&line, "on", true);
    line_close(&line);
    line_decimal(&line, "gain", -3.5);
    line_text(&line, "long", text);
    assert_true(line_end(&line) > 0);
    assert_int_equal(bytes[line.length - 1], '\n');
    read = json_loadb(bytes, line.length, 0, NULL);
    assert_non_null(read);
    assert_string_equal(json_string_value(json_object_get(read, "odd")), "a\"b\\c???\xc3\xa9 ??");
    assert_int_equal(json_object_size(read), 4);
    assert_int_equal(json_string_length(json_object_get(read, "long")), LINE_TEXT_MOST);
    json_decref(read);

    line_begin(&line, bytes, 40);
    line_text(&line, "long", text);
    assert_int_equal(line_end(&line), 0);
}

static void test_files_are_bounded_and_the_oldest_goes(void **state)
{
    (void)state;
    begin(128 * KIB, 3);
    while (test.next < 4000)
        decide_next();
    end();
    assert_true(size_of(0) > 0);
    assert_int_equal(size_of(3), -1);
    for (unsigned i = 0; i < 3; i++)
        assert_in_range(size_of(i), 1, 128 * KIB);
    read_all();
    assert_in_range(test.decisions, 1000, 3999);
    assert_int_equal(test.last, 3999);
    assert_int_equal(test.gaps, 0);

    begin(128 * KIB, 1);
    while (test.next < 6000)
        decide_next();
    end();
    assert_in_range(size_of(0), 1, 128 * KIB);
}

static void test_a_full_disk_is_told_of_and_what_is_lost_is_counted(void **state)
{
    struct rlimit before, full;

    (void)state;
    begin(1024 * KIB, 2);
    decide_next();
    end();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    full = before;
    full.rlim_cur = (rlim_t)size_of(0) + 2000; /* in the middle of a line */
    catch_log();
    begin(1024 * KIB, 2);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    for (unsigned i = 0; i < 100; i++)
        decide_next();
    await_log("journal.jsonl: File too large; lines are lost");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    for (unsigned i = 0; i < 10; i++)
        decide_next();
    await_log("goes on");
    release_log();
    end();
    read_all();
    assert_int_equal(test.gaps, 1);
    assert_int_equal(test.lost, 101); /* with the line that it has begun */
    assert_int_equal(test.decisions, 11);
    assert_int_equal(test.last, 110);
}

/* Reads what was written until the text is in it; what is asked meanwhile is decided. */
static void drain_until(int pipe, const char *text)
{
    static char drained[4 * KIB * KIB];
    uint64_t end_at = loop_now(test.loop) + PATIENCE;
    size_t length = 0;

    while (!strstr(drained, text)) {
        ssize_t more = read(pipe, drained + length, sizeof drained - 1 - length);

        if (loop_now(test.loop) > end_at)
            fail_msg("\"%s\" does not come", text);
        length += more > 0 ? (size_t)more : 0;
        if (more > 0)
            decide_next();
        else
            (void)usleep(5000);
        world_turn(test.loop);
    }
}

static void test_a_disk_that_hangs_keeps_nobody_waiting(void **state)
{
    int pipe;

    (void)state;
    assert_int_equal(mkfifo(test.path, 0600), 0);
    pipe = open(test.path, O_RDWR | O_NONBLOCK);
    catch_log();
    begin(1024 * KIB * KIB, 2);
    while (test.next < 20000) /* far more than may be on the way */
        decide_next();
    await_log("the disk does not keep up; lines are lost");
    release_log();
    drain_until(pipe, "\"kind\":\"gap\",\"lost\":");
    end();
    (void)close(pipe);
}

static void test_a_file_that_was_moved_away_is_made_anew(void **state)
{
    char moved[128];

    (void)state;
    begin(1024 * KIB, 2);
    decide_next();
    end();
    begin(1024 * KIB, 2);
    (void)snprintf(moved, sizeof moved, "%s.1", test.path);
    assert_int_equal(rename(test.path, moved), 0);
    decide_next();
    end();
    assert_true(size_of(0) > 0);
    read_all();
    assert_int_equal(test.decisions, 2);
}

static bool has_no_pin(const json_t *line, const char *text, void *arg)
{
    (void)line;
    assert_null(strstr(text, "4711"));
    *(unsigned *)arg += strstr(text, "\"pin\":true") != NULL;
    return true;
}

static void test_a_pin_is_not_written(void **state)
{
    const struct journal_filter joins = {.conference = "demo", .verb = "join", .since = "2000"};
    struct request request = {
        .verb = VERB_JOIN, .conference_name = "demo", .params = {.pin = "4711"}};
    struct decision decision = {.verdict = DECISION_ACCEPT, .params = {.role = "host"}};
    unsigned told = 0;

    (void)state;
    actor_of_server(&request.actor);
    begin(1024 * KIB, 2);
    journal_journalling(test.journal)->decided(test.journal, &request, &decision);
    end();
    assert_int_equal(journal_read(test.path, &joins, false, has_no_pin, &told, &test.contents), 0);
    assert_int_equal(told, 1);
}

/* What the focus tells of a call that comes and goes. */
static void test_the_focus_tells_of_decisions_and_events_in_their_order(void **state)
{
    static const char *const wanted[] = {"start", "join", "created", "joined", "remove", "left"};
    const struct journal_filter all = {.conference = NULL};
    struct request request = {.verb = VERB_REMOVE, .conference_name = "demo"};
    struct decision decision;
    struct told told = {.count = 0};
    struct call *alice;

    (void)state;
    assert_int_equal(focus_reserve(test.focus, &(struct conference_config){.name = "demo"}), 0);
    begin(1024 * KIB, 2);
    alice = world_join(test.focus, "alice", "demo");
    world_turn(test.loop);
    request.conference = focus_conference_by_name(test.focus, "demo");
    request.target = participant_id(conference_next_participant(request.conference, NULL));
    actor_of_server(&request.actor);
    assert_int_equal(focus_submit(test.focus, &request, &decision), 0);
    world_turn(test.loop);
    world_hang_up(test.focus, alice);
    end();
    assert_int_equal(journal_read(test.path, &all, false, note, &told, &test.contents), 0);
    for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_string_equal(told.names[i], wanted[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_line_is_json_whatever_is_in_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files_are_bounded_and_the_oldest_goes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_disk_is_told_of_and_what_is_lost_is_counted,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_disk_that_hangs_keeps_nobody_waiting, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_that_was_moved_away_is_made_anew, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_pin_is_not_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_focus_tells_of_decisions_and_events_in_their_order,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
