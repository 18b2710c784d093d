/* `parley test`: runs tests of policies and applications, each in a simulated server. */
#include "main/serve.h"

#include "core/log.h"
#include "lua/lua_test.h"
#include "simulate/simulate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ERROR_MAX = 1024, FLAG_ONLY = 0, OTHER_LASTS = 1000 /* ms: tones, recordings */ };

struct tests {
    const struct arguments *arguments;
    struct settings settings;
    struct accounts accounts;
    struct sound_directories directories;
    struct simulated_sounds sounds;
    json_t *durations;        /* of prompts and files that were looked at: ms, or why not */
    json_t *results, *errors; /* what is printed as JSON: of tests, and of files */
    unsigned count, failed;
    double simulated, took; /* s */
};

/* ---- what the simulated servers are like ---------------------------------------------------- */

static int find_account(void *ctx, const char *user, const char *realm, const char *peer,
                        struct account *account)
{
    const struct tests *tests = ctx;
    (void)realm;
    (void)peer;
    return settings_find_account(&tests->settings, user, account);
}

static int prepare(void *arg, struct focus *focus)
{
    const struct tests *tests = arg;
    return server_reserve(focus, &tests->settings);
}

static json_t *look_once(const struct tests *tests, const char *file)
{
    char path[3 * PATH_MAX];
    char error[ERROR_MAX];
    struct prompt_info info;
    if (strncmp(file, RECORDING, strlen(RECORDING)) == 0) {
        return json_integer(OTHER_LASTS);
    }
    if (media_check_sound(&tests->directories.places, file, error, sizeof error)) {
        return json_string(error);
    }
    if (!prompt_is_name(file) ||
        !prompt_find(&tests->directories.places, NULL, file, path, sizeof path) ||
        prompt_look(path, &info, error, sizeof error)) {
        return json_integer(OTHER_LASTS);
    }
    return json_integer((json_int_t)(info.seconds * 1000));
}

static int look(void *ctx, const char *file, unsigned *msp, char *error, size_t error_size)
{
    const struct tests *tests = ctx;
    const json_t *known = json_object_get(tests->durations, file);
    if (!known) {
        json_t *found = look_once(tests, file);
        json_object_set_new(tests->durations, file, found);
        known = found;
    }
    if (json_is_string(known)) {
        snprintf(error, error_size, "%s", json_string_value(known));
        return EINVAL;
    }
    *msp = (unsigned)json_integer_value(known);
    return 0;
}

/* ---- what has come of them ------------------------------------------------------------------ */

static void print_test(const struct lua_test *test)
{
    if (!test->problem) {
        printf("ok      %s (%.1f s)\n", test->name, test->simulated);
        return;
    }
    printf("FAILED  %s\n        %s\n", test->name, test->problem);
    if (*test->last) {
        printf("        decided last: %s\n", test->last);
    }
}

static void told(const struct lua_test *test, void *arg)
{
    struct tests *tests = arg;
    tests->count++;
    tests->failed += test->problem != NULL;
    tests->simulated += test->simulated;
    tests->took += test->took;
    if (!tests->arguments->json) {
        print_test(test);
        return;
    }
    json_array_append_new(tests->results,
                          json_pack("{s:s, s:s, s:i, s:b, s:s*, s:s*, s:f, s:f}", "file",
                                    test->file, "name", test->name, "line", test->line, "ok",
                                    !test->problem, "problem", test->problem, "decided_last",
                                    test->problem ? test->last : NULL, "simulated", test->simulated,
                                    "took", test->took));
}

static double speed_of(const struct tests *tests)
{
    return tests->took > 0 ? tests->simulated / tests->took : 0;
}

static void print_totals(const struct tests *tests)
{
    if (tests->count == 0 && !tests->arguments->json) {
        return;
    }
    if (!tests->arguments->json) {
        printf("%u test%s, %u failed; %.0f s simulated in %.2f s, %.0f a second\n", tests->count,
               tests->count == 1 ? "" : "s", tests->failed, tests->simulated, tests->took,
               speed_of(tests));
        return;
    }
    json_t *all = json_pack("{s:O, s:O, s:i, s:i, s:f, s:f}", "tests", tests->results, "errors",
                            tests->errors, "count", (int)tests->count, "failed", (int)tests->failed,
                            "simulated", tests->simulated, "took", tests->took);
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

/* ---- the command ---------------------------------------------------------------------------- */

static struct lua_test_config config_of(struct tests *tests)
{
    return (struct lua_test_config){
        .simulating = simulate_simulating(),
        .simulation = {.site_policy = tests->settings.policy,
                       .config_file = tests->settings.file,
                       .applications = tests->settings.applications,
                       .language = tests->settings.prompts_language,
                       .domain = tests->settings.domain,
                       .accounts = &tests->accounts,
                       .sounds = &tests->sounds,
                       .prepare = prepare,
                       .prepare_arg = tests},
        .arg = tests,
    };
}

static int run_files(struct tests *tests)
{
    const struct arguments *arguments = tests->arguments;
    struct lua_test_config config = config_of(tests);
    char error[ERROR_MAX];
    int code = EXIT_CLEAN;
    config.only = arguments->values[FLAG_ONLY];
    config.told = told;
    for (unsigned i = 0; i < arguments->file_count; i++) {
        if (lua_test_run(&config, arguments->files[i], error, sizeof error)) {
            fprintf(stderr, "%s\n", error); /* begins with the place, for editors */
            json_array_append_new(tests->errors, json_string(error));
            code = EXIT_WRONG;
        }
    }
    print_totals(tests);
    if (tests->count == 0 && code == EXIT_CLEAN) {
        complain("test: there are no tests in there%s%s%s", config.only ? " whose name has \"" : "",
                 config.only ? config.only : "", config.only ? "\"" : "");
        code = EXIT_WRONG;
    }
    return code != EXIT_CLEAN ? code : tests->failed > 0 ? EXIT_RUN_TIME : EXIT_CLEAN;
}

/* With their settings. */
static void tests_begin(struct tests *tests)
{
    server_directories(&tests->settings, &tests->directories);
    tests->accounts = (struct accounts){.ctx = tests, .find = find_account};
    tests->sounds = (struct simulated_sounds){.ctx = tests, .look = look};
    tests->durations = json_object();
    tests->results = json_array();
    tests->errors = json_array();
}

static void tests_end(struct tests *tests)
{
    json_decref(tests->durations);
    json_decref(tests->results);
    json_decref(tests->errors);
}

/* The place first, for editors. */
static void tell_failed(const struct lua_test *test, void *arg)
{
    struct tests *tests = arg;
    if (test->problem) {
        tests->failed++;
        fprintf(stderr, "%s - selftest \"%s\"\n", test->problem, test->name);
    }
}

bool self_tests_pass(const struct settings *settings, const json_t *scripts)
{
    struct tests tests = {.settings = *settings};
    char error[ERROR_MAX];
    const json_t *script;
    size_t i;
    log_set_level(LOG_LEVEL_ERROR);
    tests_begin(&tests);
    struct lua_test_config config = config_of(&tests);
    config.told = tell_failed;
    json_array_foreach(scripts, i, script)
    {
        if (lua_test_run(&config, json_string_value(script), error, sizeof error)) {
            fprintf(stderr, "%s\n", error);
            tests.failed++;
        }
    }
    tests_end(&tests);
    return tests.failed == 0;
}

int command_test(const struct arguments *arguments)
{
    struct tests tests = {.arguments = arguments};
    char error[ERROR_MAX];
    if (arguments->file_count == 0) {
        complain("test: give files, as in `parley test tests/board.lua`");
        return EXIT_WRONG;
    }
    if (settings_load(arguments, arguments->config, &tests.settings, NULL, error, sizeof error)) {
        complain("%s", error);
        return EXIT_WRONG;
    }
    log_set_level(LOG_LEVEL_ERROR);
    tests_begin(&tests);
    int code = run_files(&tests);
    tests_end(&tests);
    settings_free(&tests.settings);
    return code;
}
