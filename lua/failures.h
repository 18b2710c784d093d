/*
 * Inside the script engine: the errors of one generation, counted. Focus thread.
 *
 * Whoever finds out how to make a script fail could undo the operator's reload, so that one party's
 * errors are only a part of those that it takes.
 */
#ifndef LUA_FAILURES_H
#define LUA_FAILURES_H

#include "lua/errors.h"
#include "lua/lua_engine.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PLACES_MOST = 16, /* lines of scripts that have failed, whose errors are counted */
    PARTY_TEXT = 96,  /* bytes of a party's name with its NUL */
};

struct failures {
    unsigned count;    /* of errors, but for those that … */
    unsigned left_out; /* … one party has brought about beyond its share */
    struct failure {
        uint64_t at; /* ms, loop_now */
        char party[PARTY_TEXT];
    } last[PROBATION_ERRORS]; /* ring */
    struct failing_place {
        char position[POSITION_TEXT]; /* "policy/open.lua:12" */
        unsigned count;
    } places[PLACES_MOST]; /* those that were first */
};

struct caller;
struct hook_frame;

/* Who has set going what has failed there: the URI of a caller who has proven it, another one's
 * address on the network, the conference that does it by itself, or "". */
void failures_party(const struct hook_frame *frame, char *party);
/* The same of a caller; NULL: "". */
void failures_party_of(const struct caller *caller, char *party);
/* Of the errors that it takes, how many may be one party's. */
unsigned failures_share(const struct probation_config *config);
/* An error, which begins with its position. False: it is left out. */
bool failures_add(struct failures *failures, const struct probation_config *config, uint64_t now,
                  const char *error, const char *party);
/* Whether the last ones, as many as there may not be, have come within so short a time. */
bool failures_are_too_many(const struct failures *failures, const struct probation_config *config,
                           uint64_t now);
/* The line that has failed most. */
const struct failing_place *failures_worst(const struct failures *failures);

#endif
