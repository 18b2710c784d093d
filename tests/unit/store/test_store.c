/* The store: values that outlive the process, and what is said when they cannot. */
#include "core/log.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
    struct loop *loop;
    struct store *store;
    struct loop_timer *timer;
    char directory[64], file[80];
    unsigned answers, wanted;
    /* The last answer. */
    char problem[400], bytes[STORE_VALUE_MAX];
    enum store_kind kind;
    int64_t number;
    size_t size;
    bool has_more;
} world;

static void too_long(void *arg)
{
    (void)arg;
    fail_msg("an answer does not come");
}

static void start_with(uint64_t most)
{
    const struct store_config config = {.loop = world.loop, .file = world.file, .most = most};

    assert_int_equal(store_create(&config, &world.store), 0);
}

static void start(void)
{
    start_with(64 << 20);
}

static void stop(void)
{
    store_destroy(world.store);
    world.store = NULL;
}

static int set_up(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    (void)snprintf(world.directory, sizeof world.directory, "/tmp/parley-store-XXXXXX");
    assert_non_null(mkdtemp(world.directory));
    (void)snprintf(world.file, sizeof world.file, "%s/store.db", world.directory);
    assert_int_equal(loop_create(&world.loop), 0);
    log_set_level(LOG_LEVEL_ERROR);
    start();
    return loop_timer_start(world.loop, &world.timer, 30000, too_long, NULL);
}

static int tear_down(void **state)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};

    (void)state;
    stop();
    loop_timer_stop(&world.timer);
    loop_destroy(world.loop);
    for (unsigned i = 0; i < sizeof ends / sizeof *ends; i++) {
        char path[100];

        (void)snprintf(path, sizeof path, "%s%s", world.file, ends[i]);
        (void)unlink(path);
    }
    return rmdir(world.directory);
}

static void on_answer(const struct store_answer *answer, void *arg)
{
    assert_ptr_equal(arg, &world);
    (void)snprintf(world.problem, sizeof world.problem, "%s",
                   answer->problem ? answer->problem : "");
    world.kind = answer->value.kind;
    world.number = answer->value.number;
    world.size = answer->value.size;
    world.has_more = answer->has_more;
    assert_true(world.size <= sizeof world.bytes);
    if (world.size > 0)
        memcpy(world.bytes, answer->value.bytes, world.size);
    if (++world.answers == world.wanted)
        loop_stop(world.loop, 0);
}

static struct store_errand *begin(const struct store_request *request)
{
    const struct storing *storing = store_storing(world.store);
    struct store_errand *errand = NULL;

    world.wanted++;
    assert_int_equal(storing->ask(storing->ctx, request, on_answer, &world, &errand), 0);
    return errand;
}

static void wait_for_all(void)
{
    while (world.answers < world.wanted)
        (void)loop_run(world.loop);
    assert_int_equal(world.answers, world.wanted);
}

static void ask(const struct store_request *request)
{
    (void)begin(request);
    wait_for_all();
}

static void set_bytes(const char *key, const void *bytes, size_t size)
{
    ask(&(struct store_request){.verb = STORE_SET,
                                .store = "a",
                                .key = key,
                                .value = {.kind = STORE_BYTES, .bytes = bytes, .size = size}});
}

static void set(const char *key, const char *text)
{
    set_bytes(key, text, strlen(text));
}

static void add(const char *key, int64_t number, uint64_t ttl)
{
    ask(&(struct store_request){.verb = STORE_ADD,
                                .store = "a",
                                .key = key,
                                .value = {.kind = STORE_NUMBER, .number = number},
                                .ttl = ttl});
}

static void get(const char *key)
{
    ask(&(struct store_request){.verb = STORE_GET, .store = "a", .key = key});
}

static void list(const char *prefix)
{
    ask(&(struct store_request){.verb = STORE_KEYS, .store = "a", .key = prefix});
}

static void assert_is(const char *text)
{
    assert_string_equal(world.problem, "");
    assert_int_equal(world.kind, STORE_BYTES);
    assert_int_equal(world.size, strlen(text));
    assert_memory_equal(world.bytes, text, world.size);
}

static void assert_has(const char *key, const char *text)
{
    get(key);
    assert_is(text);
}

static void assert_has_not(const char *key)
{
    get(key);
    assert_string_equal(world.problem, "");
    assert_int_equal(world.kind, STORE_NOTHING);
}

static void assert_problem(const char *part)
{
    if (!strstr(world.problem, part))
        fail_msg("\"%s\" is not in \"%s\"", part, world.problem);
}

/* ---- what it keeps -------------------------------------------------------------------------- */

static void what_is_set_is_there_until_it_is_deleted(void **state)
{
    (void)state;
    assert_has_not("x");
    set("x", "one");
    assert_string_equal(world.problem, "");
    assert_has("x", "one");
    set("x", "");
    assert_has("x", "");
    ask(&(struct store_request){.verb = STORE_GET, .store = "b", .key = "x"});
    assert_int_equal(world.kind, STORE_NOTHING); /* another store */
    set("x", "two");
    ask(&(struct store_request){.verb = STORE_DELETE, .store = "a", .key = "x"});
    assert_is("two"); /* what was deleted */
    assert_has_not("x");
    ask(&(struct store_request){.verb = STORE_DELETE, .store = "a", .key = "x"});
    assert_string_equal(world.problem, "");
    assert_int_equal(world.kind, STORE_NOTHING);
}

static void large_values_of_any_bytes_come_back(void **state)
{
    static unsigned char bytes[STORE_VALUE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7);
    set_bytes("large", bytes, sizeof bytes);
    get("large");
    assert_int_equal(world.size, sizeof bytes);
    assert_memory_equal(world.bytes, bytes, sizeof bytes);
}

static void numbers_can_be_added_to(void **state)
{
    (void)state;
    add("n", 3, 0);
    assert_int_equal(world.number, 3);
    add("n", -5, 0);
    assert_int_equal(world.number, -2);
    get("n");
    assert_int_equal(world.kind, STORE_NUMBER);
    assert_int_equal(world.number, -2);
    set("text", "x");
    add("text", 1, 0);
    assert_problem("no whole number");
    assert_has("text", "x");
    add("n", INT64_MIN, 0);
    assert_problem("too large");
    get("n");
    assert_int_equal(world.number, -2);
}

static void keys_are_listed_by_prefix_in_their_order(void **state)
{
    (void)state;
    set("b", "");
    set("ab", "");
    set("a", "");
    set("a%", "");
    set("a\xc3\xa4", "");
    set("B", "");
    list("a");
    assert_int_equal(world.size, 2 + 3 + 3 + 4);
    assert_memory_equal(world.bytes, "a\0a%\0ab\0a\xc3\xa4", world.size);
    list("");
    assert_int_equal(world.size, 2 + 2 + 2 + 3 + 3 + 4);
    assert_false(world.has_more);
    list("c");
    assert_int_equal(world.size, 0);
    assert_int_equal(world.kind, STORE_BYTES);
}

static void a_long_list_of_keys_is_cut(void **state)
{
    char key[8];

    (void)state;
    for (unsigned i = 0; i <= STORE_KEYS_MAX; i++) {
        (void)snprintf(key, sizeof key, "%04u", i);
        (void)begin(&(struct store_request){.verb = STORE_SET, .store = "a", .key = key});
    }
    wait_for_all();
    list("");
    assert_true(world.has_more);
    assert_int_equal(world.size, STORE_KEYS_MAX * 5);
    ask(&(struct store_request){.verb = STORE_DELETE, .store = "a", .key = "0500"});
    list("");
    assert_false(world.has_more);
    assert_int_equal(world.size, STORE_KEYS_MAX * 5);
}

static void what_has_a_time_to_live_is_forgotten(void **state)
{
    struct timespec pause = {.tv_nsec = 60 * 1000000};

    (void)state;
    ask(&(struct store_request){.verb = STORE_SET,
                                .store = "a",
                                .key = "short",
                                .value = {.kind = STORE_NUMBER, .number = 1},
                                .ttl = 50});
    add("count", 1, 50);
    add("long", 1, 3600000);
    (void)nanosleep(&pause, NULL);
    assert_has_not("short");
    list("");
    assert_int_equal(world.size, sizeof "long");
    add("count", 1, 3600000);
    assert_int_equal(world.number, 1); /* begun anew */
    add("count", 1, 0);
    assert_int_equal(world.number, 2);
    add("long", 1, 50);
    (void)nanosleep(&pause, NULL);
    assert_has_not("long"); /* counted from the last time on */
    get("count");
    assert_int_equal(world.number, 2);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void it_outlives_the_server(void **state)
{
    struct stat status;

    (void)state;
    stop();
    assert_int_equal(stat(world.file, &status), -1); /* who keeps nothing has no file */
    start();
    set("x", "one");
    assert_int_equal(stat(world.file, &status), 0);
    assert_int_equal(status.st_mode & 077, 0); /* what callers say is nobody else's to read */
    stop();
    start();
    assert_has("x", "one");
}

static void what_is_under_way_at_the_end_is_kept(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100; i++)
        (void)begin(&(struct store_request){.verb = STORE_ADD,
                                            .store = "a",
                                            .key = "n",
                                            .value = {.kind = STORE_NUMBER, .number = 1}});
    stop();
    assert_int_equal(world.answers, 100);
    start();
    get("n");
    assert_int_equal(world.number, 100);
}

static void nobody_is_told_of_what_is_forgotten(void **state)
{
    const struct storing *storing = store_storing(world.store);

    (void)state;
    storing->forget(begin(&(struct store_request){
        .verb = STORE_SET, .store = "a", .key = "x", .value = {.kind = STORE_BYTES}}));
    world.wanted--;
    assert_has("x", "");
    assert_int_equal(world.answers, 1);
}

/* Counts, and tells each number once it is kept, until it is killed. */
static void count_for_ever(int out)
{
    assert_int_equal(loop_create(&world.loop), 0);
    start();
    for (;;) {
        add("n", 1, 0);
        if (write(out, &world.number, sizeof world.number) != sizeof world.number)
            _exit(1);
    }
}

static void what_was_answered_survives_a_kill(void **state)
{
    int64_t told = 0, next;
    int ends[2];
    pid_t child;

    (void)state;
    stop();
    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        count_for_ever(ends[1]);
    (void)close(ends[1]);
    while (told < 20 && read(ends[0], &next, sizeof next) == sizeof next)
        told = next;
    assert_int_equal(told, 20);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    while (read(ends[0], &next, sizeof next) == sizeof next)
        told = next;
    (void)close(ends[0]);
    start();
    get("n");
    assert_string_equal(world.problem, "");
    assert_true(world.number >= told && world.number <= told + 1);
}

/* ---- what goes wrong ------------------------------------------------------------------------ */

static void write_file(const char *bytes, size_t size, long offset)
{
    int fd = open(world.file, O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, size, offset), size);
    (void)close(fd);
}

static void a_damaged_file_is_told_of_and_left_alone(void **state)
{
    char garbage[8192], after[sizeof garbage];
    int fd;

    (void)state;
    stop();
    memset(garbage, 'x', sizeof garbage);
    write_file(garbage, sizeof garbage, 0);
    log_set_level(LOG_LEVEL_ERROR - 1); /* it would be told of in the log */
    start();
    get("x");
    assert_problem(world.file);
    assert_problem("file is not a database; it is left as it is: move it away");
    set("x", "one");
    assert_problem("not a database");
    fd = open(world.file, O_RDONLY);
    assert_int_equal(read(fd, after, sizeof after), sizeof after);
    (void)close(fd);
    assert_memory_equal(after, garbage, sizeof after);
    assert_int_equal(unlink(world.file), 0); /* the operator has moved it away */
    set("x", "one");
    assert_has("x", "one");
}

static void damage_in_the_middle_is_found(void **state)
{
    char garbage[4096];

    (void)state;
    set("x", "one");
    stop();
    memset(garbage, 0xff, sizeof garbage);
    write_file(garbage, sizeof garbage, 4096);
    log_set_level(LOG_LEVEL_ERROR - 1);
    start();
    get("x");
    assert_problem("malformed; it is left as it is");
}

static void another_programs_database_is_left_alone(void **state)
{
    sqlite3 *other;

    (void)state;
    stop();
    assert_int_equal(sqlite3_open(world.file, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "CREATE TABLE theirs (x)", NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(other);
    log_set_level(LOG_LEVEL_ERROR - 1);
    start();
    set("x", "one");
    assert_problem("not a database");
}

static void a_full_store_says_so_and_can_still_be_read(void **state)
{
    static char bytes[STORE_VALUE_MAX];
    unsigned count = 0;
    char key[16];

    (void)state;
    stop();
    log_set_level(LOG_LEVEL_ERROR - 1);
    start_with(1 << 20);
    do {
        (void)snprintf(key, sizeof key, "%u", count);
        set_bytes(key, bytes, sizeof bytes);
    } while (*world.problem == '\0' && ++count < 100);
    assert_in_range(count, 8, 16);
    assert_problem("full; see store.size");
    set("0", "short"); /* there is room for what takes less */
    assert_has("0", "short");
    get("1");
    assert_int_equal(world.size, sizeof bytes);
}

static void a_file_that_cannot_be_made_says_why(void **state)
{
    (void)state;
    stop();
    (void)snprintf(world.file + strlen(world.directory), 10, "/no/where");
    log_set_level(LOG_LEVEL_ERROR - 1);
    start();
    set("x", "one");
    assert_problem("unable to open database file; see store.file");
    stop();
    (void)snprintf(world.file + strlen(world.directory), 10, "/store.db");
}

static void more_than_can_wait_is_refused(void **state)
{
    const struct storing *storing = store_storing(world.store);
    const struct store_request request = {.verb = STORE_GET, .store = "a", .key = "x"};
    struct store_errand *errand;
    unsigned count = 0;

    (void)state;
    while (storing->ask(storing->ctx, &request, on_answer, &world, &errand) == 0)
        count++;
    assert_in_range(count, 1000, 100000);
    assert_int_equal(storing->ask(storing->ctx, &request, on_answer, &world, &errand), EAGAIN);
    world.wanted = count;
    wait_for_all();
    get("x");
}

#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(what_is_set_is_there_until_it_is_deleted),
        STORE_TEST(large_values_of_any_bytes_come_back),
        STORE_TEST(numbers_can_be_added_to),
        STORE_TEST(keys_are_listed_by_prefix_in_their_order),
        STORE_TEST(a_long_list_of_keys_is_cut),
        STORE_TEST(what_has_a_time_to_live_is_forgotten),
        STORE_TEST(it_outlives_the_server),
        STORE_TEST(what_is_under_way_at_the_end_is_kept),
        STORE_TEST(nobody_is_told_of_what_is_forgotten),
        STORE_TEST(what_was_answered_survives_a_kill),
        STORE_TEST(a_damaged_file_is_told_of_and_left_alone),
        STORE_TEST(damage_in_the_middle_is_found),
        STORE_TEST(another_programs_database_is_left_alone),
        STORE_TEST(a_full_store_says_so_and_can_still_be_read),
        STORE_TEST(a_file_that_cannot_be_made_says_why),
        STORE_TEST(more_than_can_wait_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
