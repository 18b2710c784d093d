/* The control socket: one server on the focus thread, clients on other threads. */
#include "control/control.h"
#include "control/private.h"
#include "tests/unit/fake_world.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/parley-control-XXXXXX";
static char data[64], error[1024];
static struct loop *loop;
static struct focus *focus;
static struct control *control;
static struct loop_timer *guard;
static unsigned reloads, stops;
static bool reload_fails;

/* ---- a server without the rest -------------------------------------------------------------- */

static unsigned generation(void *arg, const struct conference *conference)
{
    (void)arg;
    return conference ? 1 : 1 + reloads;
}

static int place(void *arg, enum placing placing, struct conference *conference, char *told,
                 size_t told_size)
{
    (void)arg;
    assert_string_equal(conference_name(conference), "demo");
    if (placing == PLACE_PINNED) {
        return 0;
    }
    snprintf(told, told_size, "policy/x.lua:%u: no", (unsigned)placing);
    return EINVAL;
}

static json_t *scripts(void *arg)
{
    (void)arg;
    return json_pack("{s:i,s:i,s:[{s:s,s:s,s:{s:{s:i,s:i}}}],s:[{s:i,s:b,s:i,s:i,s:[],s:[]},{s:i,s:"
                     "b,s:i,s:i,s:[s,s],s:[s]}]}",
                     "generation", 3, "memory", 2500000, "policies", "name", "board", "file",
                     "policy/board.lua", "hooks", "join", "calls", 17, "errors", 2, "generations",
                     "number", 3, "live", 1, "memory", 2500000, "calls", 0, "ahead", "pinned",
                     "number", 2, "live", 0, "memory", 2400000, "calls", 1, "ahead", "tea",
                     "coffee", "pinned", "board");
}

static json_t *registrations(void *arg)
{
    (void)arg;
    return json_pack("[{s:s,s:s,s:s,s:i}]", "account", "alice", "contact", "sip:alice@192.0.2.7",
                     "peer", "192.0.2.1:5060;udp", "expires", 3540);
}

static json_t *recordings(void *arg)
{
    (void)arg;
    return json_pack("[{s:s, s:s, s:i, s:i, s:b}]", "conference", "demo", "file", "/tmp/demo.jsonl",
                     "bytes", 3 << 19, "size", 2 << 20, "full", 1);
}

static json_t *signalling(void *arg)
{
    (void)arg;
    return json_pack("{s:i,s:i}", "dialogs", 4, "transactions", 2);
}

static unsigned thread_count(void *arg)
{
    (void)arg;
    return 2;
}

static void thread_stats(void *arg, unsigned thread, struct mixing_thread_stats *stats)
{
    (void)arg;
    *stats = (struct mixing_thread_stats){.sections = thread + 1,
                                          .legs = 30,
                                          .ticks = 123456,
                                          .late_ticks = 4,
                                          .lateness_p99 = 0.25f,
                                          .load = 0.5f};
}

static void reload(void *arg, const char *only,
                   void (*done)(void *arg, int error, const char *told), void *done_arg)
{
    (void)arg;
    assert_true(!only || strcmp(only, "demo") == 0);
    if (reload_fails) {
        done(done_arg, EINVAL, "policy/x.lua:3: syntax error");
        return;
    }
    reloads++;
    done(done_arg, 0, "");
}

static void stop(void *arg)
{
    (void)arg;
    stops++;
    loop_stop(loop, 0);
}

static int create(struct control **controlp)
{
    struct control_config config = {.loop = loop,
                                    .focus = focus,
                                    .data = data,
                                    .server = {.generation = generation,
                                               .scripts = scripts,
                                               .registrations = registrations,
                                               .signalling = signalling,
                                               .recordings = recordings,
                                               .thread_count = thread_count,
                                               .thread_stats = thread_stats,
                                               .reload = reload,
                                               .place = place,
                                               .stop = stop}};
    return control_create(&config, controlp, error, sizeof error);
}

static void too_long(void *arg)
{
    (void)arg;
    fail_msg("nobody has stopped the loop");
}

static int set_up(void **state)
{
    (void)state;
    struct focus_config config = {.domain = ""};
    reloads = stops = 0;
    reload_fails = false;
    snprintf(data, sizeof data, "%s/a/b", directory);
    if (loop_create(&loop)) {
        return -1;
    }
    config.loop = loop;
    if (focus_create(&config, &focus) || create(&control)) {
        return -1;
    }
    return loop_timer_start(loop, &guard, 20000, too_long, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    loop_timer_stop(&guard);
    control_destroy(control);
    focus_destroy(focus);
    loop_destroy(loop);
    return 0;
}

/* ---- clients -------------------------------------------------------------------------------- */

struct asking {
    const char *request;
    int status, done; /* done: an end of a pipe */
    char error[256];
    char *body;
    size_t size;
};

static void *ask_thread(void *arg)
{
    struct asking *asking = arg;
    FILE *file = open_memstream(&asking->body, &asking->size);
    asking->status =
        control_request(data, asking->request, file, asking->error, sizeof asking->error);
    fclose(file);
    assert_int_equal(write(asking->done, "x", 1), 1);
    return NULL;
}

static void on_asked(int fd, void *arg)
{
    char byte;
    (void)arg;
    assert_int_equal(read(fd, &byte, 1), 1);
    loop_stop(loop, 0);
}

/* Runs the loop until the client has its answer. */
static void ask(struct asking *asking, const char *request)
{
    int ends[2];
    pthread_t thread;
    struct loop_watch *watch = NULL;
    memset(asking, 0, sizeof *asking);
    asking->request = request;
    assert_int_equal(pipe(ends), 0);
    asking->done = ends[1];
    assert_int_equal(loop_watch(loop, ends[0], on_asked, NULL, &watch), 0);
    assert_int_equal(pthread_create(&thread, NULL, ask_thread, asking), 0);
    loop_run(loop);
    pthread_join(thread, NULL);
    loop_unwatch(&watch);
    close(ends[0]);
    close(ends[1]);
}

static int connect_raw(void)
{
    struct sockaddr_un address;
    assert_int_equal(control_socket_path(data, &address, error, sizeof error), 0);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void status_comes_as_text_for_people(void **state)
{
    struct asking asking;
    (void)state;
    ask(&asking, "status");
    assert_int_equal(asking.status, 0);
    assert_non_null(strstr(asking.body, "Parley " PARLEY_VERSION ", process "));
    assert_non_null(strstr(asking.body, "SIP: 0 subscriptions, 4 dialogs, 2 transactions; "));
    assert_non_null(strstr(asking.body, "demo is recorded to /tmp/demo.jsonl: FULL, it has ended, "
                                        "1.5 of 2 MiB"));
    assert_non_null(strstr(asking.body, "No conferences."));
    assert_non_null(strstr(asking.body, "Scripts: generation 3, 2500 KB of memory\n"
                                        "  generation 3, 2500 KB; live\n"
                                        "  generation 2, 2400 KB; 1 call; alone: tea, coffee; "
                                        "pinned: board\n"));
    assert_non_null(strstr(asking.body, "policy/board.lua"));
    assert_non_null(strstr(asking.body, "  alice           sip:alice@192.0.2.7 "));
    assert_non_null(strstr(asking.body, "59m00s  192.0.2.1:5060;udp\n"));
    assert_non_null(strstr(asking.body, "MEDIA THREAD SECTIONS "));
    assert_non_null(strstr(asking.body, "123456"));
    free(asking.body);
}

static void status_comes_as_json_for_programs(void **state)
{
    struct asking asking;
    json_error_t where;
    (void)state;
    ask(&asking, "status --json");
    assert_int_equal(asking.status, 0);
    json_t *status = json_loads(asking.body, 0, &where);
    assert_non_null(status);
    json_t *server = json_object_get(status, "server");
    assert_int_equal(json_integer_value(json_object_get(server, "pid")), getpid());
    assert_int_equal(json_integer_value(json_object_get(server, "generation")), 1);
    assert_true(json_is_array(json_object_get(status, "conferences")));
    assert_int_equal(json_array_size(json_object_get(status, "media_threads")), 2);
    json_decref(status);
    free(asking.body);
}

static void somebody_on_the_way_in_has_been_there_since_no_time(void **state)
{
    struct asking asking;
    (void)state;
    focus_connect(focus, &world_signalling, &world_mixing, NULL);
    assert_int_equal(focus_reserve(focus, &(struct conference_config){.name = "demo"}), 0);
    struct call *call = world_dial(focus, "alice", "demo");
    ask(&asking, "status --json");
    json_t *status = json_loads(asking.body, 0, NULL);
    json_t *conference = json_array_get(json_object_get(status, "conferences"), 0);
    json_t *alice = json_array_get(json_object_get(conference, "participants"), 0);
    assert_true(json_is_false(json_object_get(alice, "joined")));
    assert_true(json_is_null(json_object_get(alice, "since")));
    assert_int_equal(json_integer_value(json_object_get(alice, "seconds")), 0);
    json_decref(status);
    free(asking.body);
    focus_signalling_events()->on_established(call, focus);
    ask(&asking, "status --json");
    status = json_loads(asking.body, 0, NULL);
    conference = json_array_get(json_object_get(status, "conferences"), 0);
    alice = json_array_get(json_object_get(conference, "participants"), 0);
    assert_true(json_is_true(json_object_get(alice, "joined")));
    assert_true(json_is_string(json_object_get(alice, "since")));
    json_decref(status);
    free(asking.body);
    world_hang_up(focus, call);
}

static void a_reload_tells_its_generation_or_its_error(void **state)
{
    struct asking asking;
    (void)state;
    ask(&asking, "reload");
    assert_int_equal(asking.status, 0);
    assert_string_equal(asking.body, "reloaded: scripts generation 2\n");
    free(asking.body);
    reload_fails = true;
    ask(&asking, "reload");
    assert_int_equal(asking.status, EREMOTEIO);
    assert_string_equal(asking.error, "policy/x.lua:3: syntax error");
    assert_string_equal(asking.body, "");
    free(asking.body);
}

static void a_conference_is_placed_among_the_generations_or_the_error_is_told(void **state)
{
    struct asking asking;
    (void)state;
    assert_int_equal(focus_reserve(focus, &(struct conference_config){.name = "demo"}), 0);
    ask(&asking, "pin demo");
    assert_int_equal(asking.status, 0);
    assert_string_equal(asking.body, "demo stays with scripts generation 1\n");
    free(asking.body);
    ask(&asking, "reload --only demo");
    assert_int_equal(asking.status, 0);
    assert_string_equal(asking.body, "demo alone is decided about by scripts generation 1\n");
    free(asking.body);
    ask(&asking, "reload --back demo");
    assert_int_equal(asking.status, EREMOTEIO);
    assert_string_equal(asking.error, "policy/x.lua:0: no");
    free(asking.body);
    ask(&asking, "unpin nowhere");
    assert_int_equal(asking.status, EREMOTEIO);
    assert_string_equal(asking.error, "there is no conference \"nowhere\"");
    free(asking.body);
}

static void who_stops_the_server_hears_when_it_has_gone(void **state)
{
    struct asking asking = {.request = "stop"};
    int ends[2];
    char byte;
    pthread_t thread;
    (void)state;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    asking.done = ends[1];
    assert_int_equal(pthread_create(&thread, NULL, ask_thread, &asking), 0);
    loop_run(loop);
    assert_int_equal(stops, 1);
    assert_int_equal(read(ends[0], &byte, 1), -1);
    control_destroy(control);
    control = NULL;
    pthread_join(thread, NULL);
    assert_int_equal(asking.status, 0);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    free(asking.body);
    close(ends[0]);
    close(ends[1]);
    /* Nothing is left in the way. */
    assert_int_equal(create(&control), 0);
}

static void *stop_patiently(void *arg)
{
    struct asking *asking = arg;
    FILE *file = open_memstream(&asking->body, &asking->size);
    asking->status = control_ask(data, "stop", 50, file, asking->error, sizeof asking->error);
    fclose(file);
    return NULL;
}

static void on_time(void *arg)
{
    (void)arg;
    loop_stop(loop, 0);
}

static void run_ms(unsigned ms)
{
    struct loop_timer *timer = NULL;
    assert_int_equal(loop_timer_start(loop, &timer, ms, on_time, NULL), 0);
    loop_run(loop);
}

/* A stop_timeout longer than the client's patience with other answers. */
static void who_stops_a_server_that_takes_its_time_waits_for_it(void **state)
{
    struct asking asking = {0};
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, stop_patiently, &asking), 0);
    loop_run(loop);
    assert_int_equal(stops, 1);
    run_ms(200);
    control_destroy(control);
    control = NULL;
    pthread_join(thread, NULL);
    assert_string_equal(asking.error, "");
    assert_int_equal(asking.status, 0);
    free(asking.body);
}

static void a_server_that_says_nothing_times_out(void **state)
{
    (void)state;
    assert_int_equal(control_ask(data, "status", 50, stdout, error, sizeof error), ETIMEDOUT);
    assert_non_null(strstr(error, "does not answer"));
}

/* ---- out of descriptors ---- */

static int hungry; /* the client that is not accepted yet */

static void look_for_answer(void *arg)
{
    struct loop_timer **timer = arg;
    char answer[3];
    if (recv(hungry, answer, sizeof answer, MSG_DONTWAIT) == 3) {
        assert_memory_equal(answer, "ok\n", 3);
        loop_stop(loop, 0);
    } else {
        assert_int_equal(loop_timer_start(loop, timer, 10, look_for_answer, timer), 0);
    }
}

static void without_descriptors_a_client_waits_and_the_loop_does_not_spin(void **state)
{
    struct rlimit limit, none;
    struct loop_timer *timer = NULL;
    char log[4096];
    FILE *file = tmpfile();
    int old_stderr = dup(STDERR_FILENO);
    (void)state;
    assert_non_null(file);
    hungry = connect_raw();
    assert_int_equal(send(hungry, "status\n", 7, 0), 7);
    int next = dup(hungry);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = (rlim_t)next;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    dup2(fileno(file), STDERR_FILENO);
    run_ms(300);
    dup2(old_stderr, STDERR_FILENO);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ssize_t length = pread(fileno(file), log, sizeof log - 1, 0);
    log[length > 0 ? length : 0] = '\0';
    const char *first = strstr(log, "cannot accept");
    assert_non_null(first);
    assert_null(strstr(first + 1, "cannot accept"));
    look_for_answer(&timer);
    loop_run(loop);
    loop_timer_stop(&timer);
    close(hungry);
    close(old_stderr);
    fclose(file);
}

static void an_unknown_request_is_an_error(void **state)
{
    struct asking asking;
    (void)state;
    ask(&asking, "make coffee");
    assert_int_equal(asking.status, EREMOTEIO);
    assert_non_null(strstr(asking.error, "unknown request"));
    free(asking.body);
}

static void decide(void *ctx, const struct request *request, struct decision *decision)
{
    const struct actor *actor = &request->actor;

    (void)ctx;
    (void)decision;
    assert_int_equal(actor->kind, ACTOR_SERVER);
    assert_true(actor->uri && actor->user && actor->host && actor->display_name &&
                actor->user_agent && actor->peer);
}

static void forget(void *ctx, uint64_t conference)
{
    (void)ctx;
    (void)conference;
}

static void hear_event(void *ctx, const struct conference_event *event)
{
    (void)ctx;
    (void)event;
}

static void somebody_is_called_by_the_operators_wish(void **state)
{
    static const struct policy policy = {.decide = decide, .event = hear_event, .forget = forget};
    static const char *const wrong[] = {"invite ", "invite demo", "invite demo ",
                                        "invite nowhere sip:bob@192.0.2.7"};
    struct asking asking;
    (void)state;
    focus_connect(focus, &world_signalling, &world_mixing, &policy);
    assert_int_equal(focus_reserve(focus, &(struct conference_config){.name = "demo"}), 0);
    ask(&asking, "invite demo sip:bob@192.0.2.7");
    assert_int_equal(asking.status, 0);
    assert_string_equal(asking.body, "sip:bob@192.0.2.7 is being called\n");
    assert_string_equal(world.last_outgoing->uri, "sip:bob@192.0.2.7");
    assert_true(world.last_outgoing->invited);
    free(asking.body);
    ask(&asking, "invite demo sip:bob@192.0.2.7");
    assert_int_equal(asking.status, EREMOTEIO);
    assert_string_equal(asking.error, "sip:bob@192.0.2.7 is not called: 486 already in");
    free(asking.body);
    world_hang_up(focus, world.last_outgoing);
    world_hang_up(focus, world.first_outgoing);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ask(&asking, wrong[i]);
        assert_int_equal(asking.status, EREMOTEIO);
        free(asking.body);
    }
}

static void slow_and_rude_clients_harm_nobody(void **state)
{
    struct asking asking;
    int clients[20];
    char rubbish[8192];
    (void)state;
    memset(rubbish, 0xfe, sizeof rubbish);
    for (int i = 0; i < 20; i++) {
        clients[i] = connect_raw();
        switch (i % 5) {
        case 0: /* says nothing */
            break;
        case 1: /* never ends its line */
            assert_true(send(clients[i], rubbish, sizeof rubbish, MSG_DONTWAIT) > 0);
            break;
        case 2: /* does not read the answer */
            assert_int_equal(send(clients[i], "status\nstatus\nreload\n", 21, 0), 21);
            break;
        case 3: /* goes in the middle */
            assert_int_equal(send(clients[i], "sta", 3, 0), 3);
            close(clients[i]);
            break;
        default: /* binary, with NUL */
            assert_int_equal(send(clients[i], "\0\1\2\n", 4, 0), 4);
        }
    }
    ask(&asking, "status");
    assert_int_equal(asking.status, 0);
    free(asking.body);
    assert_int_equal(reloads, 0);
    for (int i = 0; i < 20; i++) {
        if (i % 5 != 3) {
            close(clients[i]);
        }
    }
    ask(&asking, "status");
    assert_int_equal(asking.status, 0);
    free(asking.body);
}

static void one_client_too_many_is_told(void **state)
{
    struct asking asking;
    int clients[32];
    (void)state;
    for (int i = 0; i < 32; i++) {
        clients[i] = connect_raw();
    }
    ask(&asking, "status");
    assert_int_equal(asking.status, EREMOTEIO);
    assert_non_null(strstr(asking.error, "too many clients"));
    free(asking.body);
    for (int i = 0; i < 32; i++) {
        close(clients[i]);
    }
}

static void a_half_closed_client_gets_its_answer(void **state)
{
    char answer[4096];
    (void)state;
    int fd = connect_raw();
    assert_int_equal(send(fd, "reload\n", 7, 0), 7);
    shutdown(fd, SHUT_WR);
    struct asking asking;
    ask(&asking, "status");
    free(asking.body);
    ssize_t length = recv(fd, answer, sizeof answer, MSG_DONTWAIT);
    assert_true(length > 3);
    assert_memory_equal(answer, "ok\n", 3);
    close(fd);
}

static void two_servers_do_not_share_a_directory(void **state)
{
    struct control *second = NULL;
    char pid[32];
    (void)state;
    assert_int_equal(create(&second), EBUSY);
    snprintf(pid, sizeof pid, "(pid %d)", (int)getpid());
    assert_non_null(strstr(error, data));
    assert_non_null(strstr(error, pid));
    struct asking asking;
    ask(&asking, "status");
    assert_int_equal(asking.status, 0);
    free(asking.body);
}

static void a_socket_left_by_a_dead_server_is_replaced(void **state)
{
    struct sockaddr_un address;
    struct stat found;
    (void)state;
    control_destroy(control);
    control = NULL;
    assert_int_equal(control_socket_path(data, &address, error, sizeof error), 0);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    assert_int_equal(create(&control), 0);
    assert_int_equal(stat(address.sun_path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
}

static void another_file_in_the_sockets_place_is_left_alone(void **state)
{
    struct sockaddr_un address;
    (void)state;
    control_destroy(control);
    control = NULL;
    assert_int_equal(control_socket_path(data, &address, error, sizeof error), 0);
    int fd = open(address.sun_path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(create(&control), EEXIST);
    assert_non_null(strstr(error, "in the way"));
    assert_int_equal(unlink(address.sun_path), 0);
}

static void without_a_server_the_client_says_so(void **state)
{
    (void)state;
    control_destroy(control);
    control = NULL;
    assert_int_equal(control_request(data, "status", stdout, error, sizeof error), ECONNREFUSED);
    assert_non_null(strstr(error, "no server is running"));
    snprintf(data, sizeof data, "%s/nowhere", directory);
    assert_int_equal(control_request(data, "status", stdout, error, sizeof error), ECONNREFUSED);
}

static void a_path_that_no_socket_can_have_is_an_error(void **state)
{
    char long_path[200];
    (void)state;
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(control_request(long_path, "status", stdout, error, sizeof error),
                     ENAMETOOLONG);
    assert_non_null(strstr(error, "shorter"));
}

static void the_table_of_participants_fits_100_columns(void **state)
{
    char *text = NULL;
    size_t size = 0;
    json_t *status = json_pack(
        "{s:{s:s,s:i},s:[{s:s,s:s,s:i,s:b,s:b,s:i,s:[{s:s,s:s,s:s,s:b,s:b,s:s,s:i,s:I,s:i,s:i,s:f,"
        "s:f,s:f,s:f,s:f,s:s},{s:s,s:s,s:s,s:b,s:s}]}],s:{},s:[]}",
        "server", "version", "0.1.0", "calls", 1, "conferences", "name", "demo", "title", "Demo",
        "capacity", 10, "locked", 1, "reserved", 1, "count", 1, "participants", "name",
        "Ägidius Längerer-Anzunehmen", "uri", "sip:a@example.com", "role", "participant", "muted",
        1, "held", 1, "codec", "PCMU", "seconds", 3725, "received", (json_int_t)99999999, "lost",
        12345, "late", 123, "jitter_ms", 123.4, "delay_ms", 120.0, "level_db", -127.0, "mos", 3.04,
        "remote_mos", 4.41, "quality", "poor", "name", "", "uri", "sip:bob@example.com", "role",
        "speaker", "joined", 0, "status", "dialing-out", "scripts", "media_threads");
    (void)state;
    assert_non_null(status);
    FILE *file = open_memstream(&text, &size);
    control_render_status(file, status);
    fclose(file);
    json_decref(status);
    assert_non_null(strstr(text, "Conference demo, \"Demo\": 1 participant of 10, locked\n"));
    assert_non_null(strstr(text, "  Ägidius Länger… participant muted held PCMU   1h02m"));
    assert_non_null(strstr(text, "  bob@example.com speaker     dialing    -"));
    assert_non_null(strstr(text, " 123ms -127dB 3.0/4.4 poor\n"));
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
        size_t columns = 0;
        for (const char *p = line; *p != '\n'; p++) {
            columns += ((unsigned char)*p & 0xc0) != 0x80;
        }
        assert_true(columns <= 100);
    }
    free(text);
}

static void overload_is_told_in_the_second_line(void **state)
{
    char *text = NULL;
    size_t size = 0;
    json_t *status =
        json_pack("{s:{s:s,s:{s:i,s:s,s:i}},s:[],s:{},s:[{s:b},{s:b}]}", "server", "version",
                  "0.1.0", "overload", "threads", 1, "since", "2026-01-02T03:04:05Z", "turned_away",
                  17, "conferences", "scripts", "media_threads", "overloaded", 0, "overloaded", 1);
    (void)state;
    assert_non_null(status);
    FILE *file = open_memstream(&text, &size);
    control_render_status(file, status);
    fclose(file);
    json_decref(status);
    assert_non_null(strstr(text, "\nOverloaded since 2026-01-02T03:04:05Z: 1 of 2 media threads "));
    assert_non_null(strstr(text, "\n17 calls turned away for overload\n"));
    assert_non_null(strstr(text, "0.0% OVERLOADED\n"));
    free(text);
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    static const char *const names[] = {"a/b/parley.lock", "a/b", "a"};
    (void)state;
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        remove(path);
    }
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(status_comes_as_text_for_people),
        TEST(status_comes_as_json_for_programs),
        TEST(somebody_on_the_way_in_has_been_there_since_no_time),
        TEST(a_reload_tells_its_generation_or_its_error),
        TEST(a_conference_is_placed_among_the_generations_or_the_error_is_told),
        TEST(who_stops_the_server_hears_when_it_has_gone),
        TEST(who_stops_a_server_that_takes_its_time_waits_for_it),
        TEST(a_server_that_says_nothing_times_out),
        TEST(without_descriptors_a_client_waits_and_the_loop_does_not_spin),
        TEST(an_unknown_request_is_an_error),
        TEST(somebody_is_called_by_the_operators_wish),
        TEST(slow_and_rude_clients_harm_nobody),
        TEST(one_client_too_many_is_told),
        TEST(a_half_closed_client_gets_its_answer),
        TEST(two_servers_do_not_share_a_directory),
        TEST(a_socket_left_by_a_dead_server_is_replaced),
        TEST(another_file_in_the_sockets_place_is_left_alone),
        TEST(without_a_server_the_client_says_so),
        TEST(a_path_that_no_socket_can_have_is_an_error),
        cmocka_unit_test(the_table_of_participants_fits_100_columns),
        cmocka_unit_test(overload_is_told_in_the_second_line),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
