/* Tests of scripts: how they are declared, and run one after the other. */
#include "lua/budget.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/hook.h"
#include "lua/libraries.h"
#include "lua/private.h"
#include "lua/state.h"
#include "lua/testing.h"

#include "core/clock.h"
#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MONDAY_NOON = 1767614400, /* 2026-01-05 12:00 UTC, when each test begins */
    TESTS_MOST = 1000,
};

struct tester *tester_of(lua_State *L)
{
    return generation_of(L)->tester;
}

void tester_note(struct tester *tester, const char *error)
{
    if (tester->errors++ == 0)
        (void)snprintf(tester->error, sizeof tester->error, "%s", error ? error : "unknown error");
}

/* ---- declaring them ------------------------------------------------------------------------- */

/* { policy = …, applications = … } at index 2: what of the config is another for this test. */
static json_t *config_take(lua_State *L, const char *what)
{
    static const char *const keys[] = {"policy", "applications"};
    struct plain_error problem;
    json_t *config;

    luaL_checktype(L, 2, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
        if (key_check(L, -2, what, keys, 2) == 0)
            luaL_checktype(L, -1, LUA_TSTRING);
        else
            luaL_checktype(L, -1, LUA_TTABLE);
    }
    config = plain_json(L, 2, &problem);
    if (!config)
        script_error(L, "%s%s: %s", what, problem.path, problem.what);
    return config;
}

/* Where the next one goes. `--only` and whoever reads what has failed know them by their names. */
static struct test_case **end_of(lua_State *L, struct tester *tester, const char *what)
{
    const char *name = lua_tostring(L, 1);
    struct test_case **end = &tester->cases;

    for (; *end; end = &(*end)->next) {
        if (strcmp((*end)->name, name) == 0)
            script_error(L, "%s: the one in line %d is \"%s\" already", what, (*end)->line, name);
    }
    if (!*name || strchr(name, '\n'))
        script_error(L, "%s: the name must say something, in one line", what);
    return end;
}

static void add(lua_State *L, struct tester *tester, bool is_self, const char *what)
{
    struct test_case **end = end_of(L, tester, what), *added = calloc(1, sizeof *added);
    lua_Debug debug;

    if (!added || tester->case_count == TESTS_MOST) {
        free(added);
        script_error(L, "%s: there are too many of them", what);
    }
    *end = added; /* the tester's from here on, whatever is raised */
    tester->case_count++;
    added->is_self = is_self;
    added->name = strdup(lua_tostring(L, 1));
    lua_pushvalue(L, 3);
    (void)lua_getinfo(L, ">S", &debug);
    added->line = debug.linedefined;
    lua_pushvalue(L, 3);
    added->function = luaL_ref(L, LUA_REGISTRYINDEX);
    if (!lua_isnil(L, 2))
        added->config = config_take(L, what);
}

static int declare(lua_State *L, bool is_self, const char *what)
{
    struct tester *tester = tester_of(L);

    luaL_checktype(L, 1, LUA_TSTRING);
    if (lua_isfunction(L, 2)) {
        lua_settop(L, 2);
        lua_pushnil(L);
        lua_insert(L, 2);
    }
    if (!lua_isfunction(L, 3))
        script_error(L, "%s: what it does is a function: %s(\"name\", function(sim) … end)", what,
                     what);
    if (tester)
        add(L, tester, is_self, what);
    else
        generation_of(L)->selftest_count++;
    return 0;
}

static int selftest_declare(lua_State *L)
{
    return declare(L, true, "selftest");
}

static int test_declare(lua_State *L)
{
    if (!tester_of(L))
        script_error(L, "test is for files that `parley test` runs; in a script it is selftest");
    return declare(L, false, "test");
}

void tests_open(lua_State *L, int globals)
{
    static const struct script_function functions[] = {
        {"test", test_declare, IN_LOADING},
        {"selftest", selftest_declare, IN_LOADING},
        {"expect", test_expect, IN_TEST},
        {NULL, NULL, 0},
    };

    lua_pushvalue(L, globals);
    functions_set(L, "", "", functions);
    lua_pop(L, 1);
}

/* ---- running one ---------------------------------------------------------------------------- */

/* What goes wrong in the server is the test's failure. */
static void on_log(enum log_level level, const char *line, void *arg)
{
    if (level == LOG_LEVEL_ERROR)
        tester_note(arg, line);
}

static int test_body(lua_State *L)
{
    const struct test_case *test = lua_touserdata(L, 1);

    sandbox_seed(L);
    (void)lua_rawgeti(L, LUA_REGISTRYINDEX, test->function);
    handle_push(L, &simulation_class, 1);
    lua_call(L, 1, 0);
    budget_charge(L, 0);
    return 0;
}

static void call_test(struct generation *generation, const struct test_case *test)
{
    struct tester *tester = generation->tester;
    struct hook_frame frame = {.generation = generation, .test = tester->path};
    lua_State *L = generation->L;
    char error[SCRIPT_TEXT], place[POSITION_TEXT];
    struct budget budget;

    (void)hook_frame_enter(&frame);
    lua_pushcfunction(L, message_handler);
    lua_pushcfunction(L, test_body);
    lua_pushlightuserdata(L, (void *)test);
    budget_begin(generation, &budget, BUDGET_TEST, NULL);
    if (lua_pcall(L, 1, 0, -3) != LUA_OK) {
        (void)snprintf(place, sizeof place, "%.100s:%d", tester->path, test->line);
        message_take(L, &budget, place, error, sizeof error);
        tester->errors = 0; /* what the test says itself comes first */
        tester_note(tester, error);
    }
    budget_end(generation, &budget);
    hook_frame_leave(&frame);
    lua_settop(L, 0);
}

static void last_decision(const struct tester *tester, char *text, size_t size)
{
    const struct simulated_decision *decision, *last = NULL;

    text[0] = '\0';
    for (unsigned i = 0; (decision = tester->port->decision(tester->simulation, i)); i++)
        last = decision;
    if (last)
        (void)snprintf(text, size, "%s of %s in %s: %s%s%s%s, by %s", last->verb, last->actor,
                       last->conference, last->verdict, *last->reason ? " (" : "", last->reason,
                       *last->reason ? ")" : "", last->by);
}

static void run_in_server(struct generation *generation, const struct test_case *test,
                          struct lua_test *result, char *last, size_t last_size)
{
    struct tester *tester = generation->tester;
    struct loop *loop = tester->port->loop(tester->simulation);
    uint64_t began = loop_now(loop);

    generation->engine = tester->port->engine(tester->simulation);
    call_test(generation, test);
    generation->engine = NULL;
    last_decision(tester, last, last_size);
    result->simulated = (double)(loop_now(loop) - began) / 1000;
}

/* What has no line of its own has that of the test. */
static void note_at(struct tester *tester, const struct test_case *test, const char *error)
{
    char text[SCRIPT_TEXT + 128];

    (void)snprintf(text, sizeof text, "%.100s:%d: %s", tester->path, test->line, error);
    tester_note(tester, text);
}

static void run(struct generation *generation, const struct test_case *test)
{
    struct tester *tester = generation->tester;
    struct simulation_config config = tester->config->simulation;
    const json_t *policy = json_object_get(test->config, "policy");
    const json_t *applications = json_object_get(test->config, "applications");
    struct lua_test result = {.file = tester->path, .name = test->name, .line = test->line};
    uint64_t began = clock_ns();
    char error[SCRIPT_TEXT], last[600] = "";

    if (policy)
        config.site_policy = json_string_value(policy);
    if (applications)
        config.applications = applications;
    if (config.when == 0)
        config.when = MONDAY_NOON;
    tester->errors = tester->conference_count = 0;
    tester->web = tester->web_answer = LUA_NOREF;
    log_redirect(on_log, tester);
    if (tester->port->create(tester->port->ctx, &config, &tester->simulation, error, sizeof error))
        note_at(tester, test, error);
    else
        run_in_server(generation, test, &result, last, sizeof last);
    tester->port->destroy(tester->simulation);
    tester->simulation = NULL;
    log_redirect(NULL, NULL);
    result.problem = tester->errors > 0 ? tester->error : NULL;
    result.last = last;
    result.took = (double)(clock_ns() - began) / 1e9;
    tester->config->told(&result, tester->config->arg);
}

/* ---- a file --------------------------------------------------------------------------------- */

static void cases_free(struct tester *tester)
{
    struct test_case *test;

    while ((test = tester->cases)) {
        tester->cases = test->next;
        json_decref(test->config);
        free(test->name);
        free(test);
    }
}

/* Each word in its place. EINVAL. */
static int check_words(const struct tester *tester, bool is_script, char *error, size_t error_size)
{
    for (const struct test_case *test = tester->cases; test; test = test->next) {
        if (test->is_self != is_script) {
            (void)snprintf(error, error_size, "%s:%d: %s", tester->path, test->line,
                           is_script ? "test is for files that return nothing; in a script it is "
                                       "selftest"
                                     : "selftest is for scripts; in a file of tests it is test");
            return EINVAL;
        }
    }
    return 0;
}

static int load(struct generation *generation, char *error, size_t error_size)
{
    struct tester *tester = generation->tester;
    bool is_script;
    int status = generation_load_tests(generation, tester->path, &is_script, &tester->is_policy,
                                       error, error_size);

    return status ? status : check_words(tester, is_script, error, error_size);
}

int lua_test_run(const struct lua_test_config *config, const char *path, char *error,
                 size_t error_size)
{
    struct tester tester = {.config = config, .path = path, .port = config->simulating};
    struct generation *generation;
    int status = generation_create(NULL, 1, "", &generation);

    if (status) {
        (void)snprintf(error, error_size, "%s: out of memory", path);
        return status;
    }
    generation->tester = &tester;
    status = load(generation, error, error_size);
    for (const struct test_case *test = status ? NULL : tester.cases; test; test = test->next) {
        if (!config->only || strstr(test->name, config->only))
            run(generation, test);
    }
    generation_release(generation);
    cases_free(&tester);
    return status;
}
