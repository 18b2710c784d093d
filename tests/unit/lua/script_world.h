/*
 * A server without network, to run scripts in: the real focus and script engine over the fake
 * world. Policies are written to policy/NAME.lua in a directory of the test's own, so that errors
 * name them as an operator would see it; the site's policy is "site". One a test program.
 */
#ifndef UNIT_LUA_SCRIPT_WORLD_H
#define UNIT_LUA_SCRIPT_WORLD_H

#include "tests/unit/fake_world.h"
#include "tests/unit/shipped.h"

#include "core/log.h"
#include "lua/lua_engine.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
    struct loop *loop;
    struct focus *focus;
    struct lua_engine *engine;
    char directory[64], config_file[96];
    json_t *applications; /* of the config; NULL: none */
    const struct fetching *fetching;
    const struct storing *storing;
    char error[1024]; /* of the last load */
    char log[65536];  /* what was logged, see log_catch */
    int log_file, stderr_copy;
} script;

__attribute__((unused)) static void script_path(const char *name, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/policy/%s.lua", script.directory, name);
}

__attribute__((unused)) static void script_write(const char *name, const char *source)
{
    char path[128];
    FILE *file;

    script_path(name, path, sizeof path);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(source, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

__attribute__((unused)) static bool script_exists(const char *name)
{
    char path[128];

    script_path(name, path, sizeof path);
    return access(path, F_OK) == 0;
}

__attribute__((unused)) static void script_delete(const char *name)
{
    char path[128];

    script_path(name, path, sizeof path);
    (void)unlink(path);
}

/* What is logged from here to log_caught goes to script.log. */
__attribute__((unused)) static void log_catch(void)
{
    char path[96];

    (void)snprintf(path, sizeof path, "%s/log", script.directory);
    script.log_file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(script.log_file >= 0);
    script.stderr_copy = dup(STDERR_FILENO);
    assert_int_equal(dup2(script.log_file, STDERR_FILENO), STDERR_FILENO);
}

__attribute__((unused)) static const char *log_caught(void)
{
    ssize_t length;

    assert_int_equal(dup2(script.stderr_copy, STDERR_FILENO), STDERR_FILENO);
    (void)close(script.stderr_copy);
    length = pread(script.log_file, script.log, sizeof script.log - 1, 0);
    (void)close(script.log_file);
    assert_true(length >= 0);
    script.log[length] = '\0';
    return script.log;
}

__attribute__((unused)) static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

/* Starts the engine with what has been written. Returns its errno. */
__attribute__((unused)) static int script_start(void)
{
    struct lua_engine_config config = {
        .loop = script.loop,
        .focus = script.focus,
        .site_policy = "site",
        .config_file = script.config_file,
        .applications = script.applications,
        .fetching = script.fetching,
        .storing = script.storing,
    };
    int error = lua_engine_create(&config, &script.engine, script.error, sizeof script.error);

    if (error)
        return error;
    focus_connect(script.focus, &world_signalling, &world_mixing, lua_engine_policy(script.engine));
    focus_connect_applications(script.focus, lua_engine_application(script.engine));
    return 0;
}

__attribute__((unused)) static int script_reload(void)
{
    return lua_engine_reload(script.engine, NULL, script.error, sizeof script.error);
}

/* Makes `source` the site's policy, at once. */
__attribute__((unused)) static void script_site(const char *source)
{
    script_write("site", source);
    if (script.engine ? script_reload() : script_start())
        fail_msg("%s", script.error);
}

/* The same with what stands between the first line, which makes `policy`, and the last. */
__attribute__((unused)) static void script_policy(const char *functions)
{
    char source[4096];

    (void)snprintf(source, sizeof source,
                   "local policy = parley.policy { name = 'site' }\n%sreturn policy\n", functions);
    script_site(source);
}

/* The same with `body` as the body of a hook. */
__attribute__((unused)) static void script_hook(const char *hook, const char *arguments,
                                                const char *body)
{
    char function[4000];

    (void)snprintf(function, sizeof function, "function policy.%s(%s) %s\nend\n", hook, arguments,
                   body);
    script_policy(function);
}

__attribute__((unused)) static void script_turn(void)
{
    for (unsigned i = 0; i < 4; i++)
        world_turn(script.loop);
}

/* Runs `body` in a join hook and gives back what it returned, as text: it comes out as the reason
 * of a refusal. The buffer is the next call's. */
__attribute__((unused)) static const char *script_result(const char *body)
{
    static char reason[96];
    char hook[3500];
    struct call *call;

    (void)snprintf(hook, sizeof hook,
                   "local function f()\n%s\nend return reject(499, tostring(f()))", body);
    script_hook("join", "request, conference", hook);
    call = world_dial(script.focus, "alice", "demo");
    (void)snprintf(reason, sizeof reason, "%s", call->reason);
    world_hang_up(script.focus, call);
    script_turn();
    return reason;
}

/* What was logged when `body` failed in a join hook. */
__attribute__((unused)) static const char *script_failure(const char *body)
{
    struct call *call;
    const char *log;

    script_hook("join", "request, conference", body);
    log_catch();
    call = world_dial(script.focus, "alice", "demo");
    log = log_caught();
    assert_int_equal(call->reject_code, 500);
    assert_string_equal(call->reason, "Policy error");
    world_hang_up(script.focus, call);
    return log;
}

/* Why the site's policy could not be loaded. */
__attribute__((unused)) static const char *script_load_error(const char *source)
{
    script_write("site", source);
    assert_int_equal(script.engine ? script_reload() : script_start(), EINVAL);
    return script.error;
}

__attribute__((unused)) static struct participant *participant_of(const struct call *call)
{
    return call->user;
}

/* On that loop, which is the test's. */
static int script_begin(struct loop *loop)
{
    struct focus_config config = {.domain = "", .loop = loop};
    char path[96];

    memset(&world, 0, sizeof world);
    memset(&script, 0, sizeof script);
    script.loop = loop;
    log_set_level(LOG_LEVEL_ERROR);
    (void)snprintf(script.directory, sizeof script.directory, "/tmp/parley-lua-XXXXXX");
    assert_non_null(mkdtemp(script.directory));
    (void)snprintf(path, sizeof path, "%s/policy", script.directory);
    assert_int_equal(mkdir(path, 0700), 0);
    shipped_link(script.directory, "scripts"); /* the rules by which numbers are said */
    (void)snprintf(script.config_file, sizeof script.config_file, "%s/parley.lua",
                   script.directory);
    assert_int_equal(focus_create(&config, &script.focus), 0);
    return focus_reserve(script.focus, &(struct conference_config){.name = "demo"});
}

__attribute__((unused)) static int script_setup(void **state)
{
    struct loop *loop;

    (void)state;
    assert_int_equal(loop_create(&loop), 0);
    return script_begin(loop);
}

__attribute__((unused)) static int script_teardown(void **state)
{
    static const char *const names[] = {"site", "own", "other", "late"};
    char path[96];

    (void)state;
    focus_destroy(script.focus);
    lua_engine_destroy(script.engine);
    world_close(&world);
    loop_destroy(script.loop);
    json_decref(script.applications);
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        script_delete(names[i]);
    (void)snprintf(path, sizeof path, "%s/log", script.directory);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/scripts", script.directory);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/policy", script.directory);
    (void)rmdir(path);
    return rmdir(script.directory);
}

#define SCRIPT_TEST(test) cmocka_unit_test_setup_teardown(test, script_setup, script_teardown)

#endif
