/*
 * Tests of scripts: files with tests, and scripts with self-tests, each test in a simulated server
 * of its own. Used by main and by who swaps generations. One thread, not necessarily the focus
 * thread.
 */
#ifndef LUA_LUA_TEST_H
#define LUA_LUA_TEST_H

#include "ports/simulating.h"

struct lua_test {
    const char *file, *name;
    int line;            /* of its function */
    const char *problem; /* "tests/board.lua:12: …"; NULL: it went well */
    const char *last;    /* the last decision that was made, in words; "" */
    double simulated;    /* s that went by in it */
    double took;         /* s of computing */
};

struct lua_test_config {
    const struct simulating *simulating;
    struct simulation_config simulation; /* how the server of each test begins */
    const char *only;                    /* what their names contain; NULL: all are run */
    void (*told)(const struct lua_test *test, void *arg); /* of each, when it has been run */
    void *arg;
};

/* Runs the tests of a file, or the self-tests of a script. What fails is told by the above. EINVAL,
 * ENOMEM, or the errno of reading it: it cannot be loaded, and `error` says "file:line: what". */
int lua_test_run(const struct lua_test_config *config, const char *path, char *error,
                 size_t error_size);

#endif
