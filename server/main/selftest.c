/*
 * The self-tests of new scripts, before these decide about anything: `parley test` in a process of
 * its own, so that the focus thread waits for nothing, and nothing that a test does can matter
 * here.
 */
#include "main/serve.h"

#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    OUTPUT_MOST = 4096, /* bytes that are looked at */
    LASTS_MS = 20 * 1000,
    NICE = 10,
};

struct selftest {
    struct server *server;
    void (*done)(struct server *server, const char *problem);
    pid_t process;
    int output; /* the reading end of its stdout and stderr */
    struct loop_watch *watch;
    struct loop_timer *timer;
    bool is_late;
    char text[OUTPUT_MOST + 1];
    size_t length;
};

static void selftest_free(struct selftest *test)
{
    loop_timer_stop(&test->timer);
    loop_unwatch(&test->watch);
    if (test->output >= 0) {
        close(test->output);
    }
    test->server->selftest = NULL;
    free(test);
}

/* "FAILED  NAME", and the problem in the next line; or whatever it has said first. */
static void problem_of(char *text, char *problem, size_t size)
{
    static const char failed[] = "FAILED  ";
    char *name = strstr(text, failed);
    char *line = name ? strchr(name, '\n') : NULL;

    if (line) {
        *line++ = '\0';
        line += strspn(line, " ");
        line[strcspn(line, "\n")] = '\0';
        snprintf(problem, size, "%s - selftest \"%s\"", line, name + strlen(failed));
    } else {
        snprintf(problem, size, "%.*s", (int)strcspn(text, "\n"), text);
    }
}

static void finish(struct selftest *test)
{
    struct server *server = test->server;
    void (*done)(struct server *, const char *) = test->done;
    char problem[1024];
    int status = 0;

    /* It has closed its output, so it is at its end. */
    while (waitpid(test->process, &status, 0) < 0 && errno == EINTR) {
    }
    bool is_good = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_CLEAN;
    if (test->is_late) {
        snprintf(problem, sizeof problem, "the self-tests have taken more than %d s",
                 LASTS_MS / 1000);
    } else {
        problem_of(test->text, problem, sizeof problem);
    }
    selftest_free(test);
    done(server, is_good ? NULL : *problem ? problem : "the self-tests cannot be run");
}

static void on_output(int fd, void *arg)
{
    struct selftest *test = arg;
    char rest[512];
    size_t room = OUTPUT_MOST - test->length;
    ssize_t length = read(fd, room ? test->text + test->length : rest, room ? room : sizeof rest);

    if (length > 0 && room) {
        test->length += (size_t)length;
    } else if (length == 0) {
        finish(test);
    }
}

static void on_late(void *arg)
{
    struct selftest *test = arg;

    test->is_late = true;
    kill(test->process, SIGKILL);
}

/* With the signals as a program expects them. An errno. */
static int spawn(struct selftest *test, char **arguments, int output)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int status = posix_spawn_file_actions_init(&actions);

    if (status) {
        return status;
    }
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    status =
        posix_spawn(&test->process, "/proc/self/exe", &actions, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return status;
}

/* parley test [--config FILE] [OPTION VALUE]… SCRIPT…, with the options of this server. */
static int run(struct selftest *test, const json_t *scripts, int output)
{
    const struct arguments *own = test->server->arguments;
    size_t most = json_array_size(scripts) + 2 * (size_t)own->assignment_count + 5;
    char **arguments = calloc(most, sizeof *arguments);
    unsigned count = 0;
    const json_t *script;
    size_t i;

    if (!arguments) {
        return ENOMEM;
    }
    arguments[count++] = "parley";
    arguments[count++] = "test";
    if (own->config) {
        arguments[count++] = "--config";
        arguments[count++] = (char *)own->config;
    }
    for (i = 0; i < own->assignment_count; i++) {
        arguments[count++] = (char *)own->assignments[i].option->flag;
        arguments[count++] = (char *)own->assignments[i].text;
    }
    json_array_foreach(scripts, i, script)
    {
        arguments[count++] = (char *)json_string_value(script);
    }
    int status = spawn(test, arguments, output);
    free(arguments);
    return status;
}

int server_test_scripts(struct server *server, const json_t *scripts,
                        void (*done)(struct server *server, const char *problem))
{
    struct selftest *test = calloc(1, sizeof *test);
    int ends[2];

    if (!test) {
        return ENOMEM;
    }
    *test = (struct selftest){.server = server, .done = done, .output = -1};
    int status = pipe2(ends, O_CLOEXEC) ? errno : 0;
    if (!status) {
        test->output = ends[0];
        status = run(test, scripts, ends[1]);
        close(ends[1]);
    }
    if (!status) {
        setpriority(PRIO_PROCESS, (id_t)test->process, NICE);
        status = loop_watch(server->loop, test->output, on_output, test, &test->watch);
    }
    if (!status) {
        status = loop_timer_start(server->loop, &test->timer, LASTS_MS, on_late, test);
    }
    server->selftest = test;
    if (status) {
        server_test_cancel(server);
    }
    return status;
}

void server_test_cancel(struct server *server)
{
    struct selftest *test = server->selftest;

    if (!test) {
        return;
    }
    if (test->process > 0) {
        kill(test->process, SIGKILL);
        waitpid(test->process, NULL, 0);
    }
    selftest_free(test);
}
