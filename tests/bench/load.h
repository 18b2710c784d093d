/* The load and churn modes: legs that join, talk, listen and leave; and what they found. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "hearing.h"
#include "options.h"
#include "process.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct load_result {
    unsigned legs;        /* up when the measuring began */
    unsigned failed;      /* calls that were not answered with a 200 and audio */
    unsigned last_status; /* of the last one of them; 0: no answer */
    unsigned dropped;     /* ended by the server */
    unsigned lingering;   /* BYEs without an answer of 2xx */
    uint64_t joins, resent;
    double seconds;
    uint64_t sent, send_errors, received, lost, strays, restarts, skipped;
    double slowest; /* packets a second */
    struct percentiles answer, gap, delay, late;
    struct hearing_verdict hearing;
    uint64_t windows, bad_windows, wrong_onsets;
    double worst_level, sinad_p50, sinad_p1; /* dB */
    double cpu, own_cpu;                     /* µs per leg and second; cpu 0: not known */
    /* Of the server: before the first call, with all up, at the end of the measuring, after the
     * last BYE. All 0: not known. */
    struct process_memory memory_before, memory_up, memory_end, memory_after;
};

/* Set by SIGINT and SIGTERM: all modes then hang up and return early. */
extern volatile sig_atomic_t interrupted;

/* Loads `target`. `echo`: it is a reflector. 0 or an errno, with a complaint on stderr. */
int load_run(const struct options *options, const struct sockaddr_storage *target, pid_t pid,
             bool echo, struct load_result *result);

struct calls_result {
    uint64_t started, completed;
    uint64_t refused, unanswered; /* INVITEs */
    uint64_t held_back;           /* not even sent: too many were still without an answer */
    uint64_t lingering;           /* BYEs without an answer of 2xx */
    uint64_t resent;
    unsigned last_status;
    double seconds, rate; /* completed a second, until the last answer */
    struct percentiles answer, bye;
    double cpu; /* ms per call; 0: not known */
};

int calls_run(const struct options *options, struct calls_result *result);

#endif
