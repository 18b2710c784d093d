/*
 * Inside the script engine: tests. A file with tests is a generation of its own, which has no
 * server; while one of its tests runs it is that of a simulated one, in which the scripts under
 * test are a generation of theirs.
 */
#ifndef LUA_TESTING_H
#define LUA_TESTING_H

#include "lua/handle.h"
#include "lua/lua_test.h"

#include <jansson.h>
#include <lua.h>

struct generation;

/* test("name", function(sim) … end), and selftest, which is the same within a script. */
struct test_case {
    char *name;
    int function; /* reference */
    int line;
    bool is_self;
    json_t *config; /* what it wants of the server instead of the config; NULL: nothing */
    struct test_case *next;
};

struct tester {
    const struct lua_test_config *config;
    const char *path; /* of the file */
    bool is_policy;   /* it is one, with self-tests */
    struct test_case *cases;
    unsigned case_count;
    struct simulation *simulation;     /* of the test that runs; NULL: none does */
    const struct simulating *port;     /* of that */
    unsigned conference_count, errors; /* of the test that runs */
    char error[1024];                  /* the first of its errors */
    int web, web_answer;               /* references: who answers, and the last answer */
};

/* test.c */
/* Sets test, selftest and expect in the table at `globals`. */
void tests_open(lua_State *L, int globals);
/* The tester whose test runs: for functions that are IN_TEST. */
struct tester *tester_of(lua_State *L);
/* Notes an error that has happened in the server, or in what answers it. */
void tester_note(struct tester *tester, const char *error);

/* expect.c */
/* expect(value, expected [, what]) */
int test_expect(lua_State *L);

/* simulation.c, dialing.c, caller.c, web.c */
extern const struct handle_class simulation_class, caller_class;
void caller_push(lua_State *L, const struct call *call);
struct call *caller_at(lua_State *L, int index);
/* What a method of the caller at index 1 returns that has its phone do something: the caller. A
 * test that has a phone do what it cannot is wrong. */
int caller_done(lua_State *L, bool can, const char *what);
/* The simulation at index 1. */
struct simulation *simulation_self(lua_State *L);
/* Lets what has just been done take effect. */
void simulation_settle(lua_State *L);
/* The same after so many ms. */
void simulation_advance(lua_State *L, uint64_t ms);
/* sim:web(function) */
int simulation_web(lua_State *L);
/* sim:call, sim:called, sim:initiate */
int simulation_call(lua_State *L);
int simulation_called(lua_State *L);
int simulation_initiate(lua_State *L);

/* hearing.c: methods of callers */
int caller_hears(lua_State *L);
int caller_heard(lua_State *L);
int caller_must_hear(lua_State *L);
int caller_must_not_hear(lua_State *L);
int caller_playing(lua_State *L);
int caller_received(lua_State *L);
int caller_document(lua_State *L);
int caller_sees(lua_State *L);

#endif
