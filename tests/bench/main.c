#include "load.h"
#include "reflect.h"
#include "report.h"

#include <stdio.h>

/* Above what we measure: a generator that waits for the server's threads (their audio has a
 * priority of its own) sends late, and takes its own lateness for theirs. */
enum { NICENESS = -15 };

volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

/* Signals end a run early but orderly; a second one ends it at once. */
static void signals_prepare(void)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

static int run_load(const struct options *options)
{
    struct load_result floor, server;
    int err = 0;

    if (options->floor) {
        struct sockaddr_storage target;
        pid_t pid;

        err = reflect_start(&options->locals[0], &target, &pid);
        if (err != 0)
            return 1;
        err = load_run(options, &target, pid, true, &floor);
        reflect_stop(pid);
    }
    if (err == 0 && !options->floor_only)
        err = load_run(options, &options->target, options->pid, false, &server);
    if (err != 0)
        return 1;
    return report_load(options, options->floor ? &floor : NULL,
                       options->floor_only ? NULL : &server)
               ? 0
               : 1;
}

static int run_calls(const struct options *options)
{
    struct calls_result result;

    if (calls_run(options, &result) != 0)
        return 1;
    return report_calls(options, &result) ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct options options;

    switch (options_parse(&options, argc, argv)) {
    case OPTIONS_HELP:
        return 0;
    case OPTIONS_WRONG:
        return 2;
    case OPTIONS_RUN:
        break;
    }
    process_tune();
    if (options.mode == MODE_REFLECT)
        return reflect_serve(&options.target) == 0 ? 0 : 1;
    process_set_priority(NICENESS);
    signals_prepare();
    if (options.pid != 0 && process_cpu(options.pid) == 0) {
        fprintf(stderr, "parley-load: --pid %d: there is no such process\n", (int)options.pid);
        return 2;
    }
    return options.mode == MODE_CALLS ? run_calls(&options) : run_load(&options);
}
