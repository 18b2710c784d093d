/* What parley-load was asked to do. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

enum { LOCALS_MAX = 8 };

enum mode { MODE_LOAD, MODE_CHURN, MODE_CALLS, MODE_REFLECT };

/* What those send who do not talk. */
enum background { BACKGROUND_SILENCE, BACKGROUND_NOISE, BACKGROUND_NONE, BACKGROUND_PAUSE };

struct options {
    enum mode mode;
    enum background background;
    const struct voice_codec *codec;
    bool has_target, floor, floor_only, json, hear;
    struct sockaddr_storage target; /* where the server listens; or, to reflect, where we do */
    char domain[80];                /* host part of the conference URIs */
    struct sockaddr_storage locals[LOCALS_MAX];
    unsigned local_count;
    char prefix[32];
    unsigned conferences, legs, talkers;
    unsigned share; /* legs on one socket */
    double seconds, rate, settle;
    pid_t pid;              /* 0: not known */
    double max_loss;        /* percent */
    double min_packets;     /* a second */
    double level_tolerance; /* dB */
};

enum options_result { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_WRONG };

/* Complains on stderr about what is wrong; prints the help to stdout. */
enum options_result options_parse(struct options *options, int argc, char **argv);

#endif
