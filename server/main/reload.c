/* `parley reload` and SIGHUP: config and scripts are read anew, tested, and swapped; or none is. */
#include "main/serve.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TOLD_SIZE = 1024 };

/* A conference that goes on cannot become a factory, which nobody can be in. EBUSY. */
static int check_factories(const struct server *server, const struct settings *wanted, char *error,
                           size_t error_size)
{
    for (unsigned i = 0; i < wanted->conference_count; i++) {
        const char *name = wanted->conferences[i].name;
        const struct conference *conference = focus_conference_by_name(server->focus, name);
        if (conference && *wanted->conferences[i].factory && conference_is_in_use(conference)) {
            snprintf(error, error_size,
                     "conferences.%s.factory: that conference goes on; it can be a factory once it "
                     "is over, as after `parley end %s`",
                     name, name);
            return EBUSY;
        }
    }
    return 0;
}

/* One half of the change of the scripts. */
typedef int change_fn(struct lua_engine *engine, const struct lua_engine_demand *demand,
                      char *error, size_t error_size);

/* Of the one conference that goes ahead; it may have ended since that was asked for. */
static int ahead_change(const struct server *server, change_fn *change, char *error,
                        size_t error_size)
{
    struct lua_engine_demand demand = {
        .only = focus_conference_by_name(server->focus, server->reload.only)};
    if (!demand.only) {
        snprintf(error, error_size, "there is no conference \"%s\"", server->reload.only);
        return ENOENT;
    }
    return change(server->engine, &demand, error, error_size);
}

/* To what the settings want. All policies must load, and suit the options of the conferences, or
 * nothing is changed. */
static int scripts_change(struct server *server, change_fn *change, char *error, size_t error_size)
{
    const struct settings *wanted = &server->reload.wanted;
    if (server->reload.only) {
        return ahead_change(server, change, error, error_size);
    }
    struct lua_engine_demand demand = {.site_policy = wanted->policy,
                                       .applications = wanted->applications,
                                       .conference_count = wanted->conference_count};
    struct conference_config *configs = calloc(wanted->conference_count + 1, sizeof *configs);
    if (!configs) {
        snprintf(error, error_size, "out of memory");
        return ENOMEM;
    }
    for (unsigned i = 0; i < wanted->conference_count; i++) {
        configs[i] = server_conference(&wanted->conferences[i]);
    }
    demand.conferences = configs;
    int status = change(server->engine, &demand, error, error_size);
    free(configs);
    return status;
}

/* In the log, and as lines in `told`. */
static void warn_of_restart(const struct settings *now, const struct settings *wanted, char *told,
                            size_t size)
{
    const struct option *option;
    size_t length = 0;
    for (unsigned i = 0; (option = option_at(i)); i++) {
        if (option->live || option_scope(option) != OPTION_OF_SERVER) {
            continue;
        }
        char *old_text = option_print(option, now);
        char *new_text = option_print(option, wanted);
        if (old_text && new_text && strcmp(old_text, new_text) != 0) {
            log_warn("reload: %s = %s needs a restart; until then it is %s", option->key, new_text,
                     old_text);
            length += (size_t)snprintf(told + length, size - length,
                                       "%s = %s needs a restart; until then it is %s\n",
                                       option->key, new_text, old_text);
            length = length < size ? length : size - 1;
        }
        free(old_text);
        free(new_text);
    }
}

/* Once, for all that have asked for one meanwhile and wait for no answer. */
static void reload_again(struct server *server)
{
    if (server->reload.is_wanted_again) {
        server->reload.is_wanted_again = false;
        server_reload(server, NULL, NULL, NULL);
    }
}

/* `told`: why not, or what needs a restart. */
static void reload_end(struct server *server, int status, const char *told)
{
    const char *only = server->reload.only;
    if (status) {
        journal_abandon(server->journal);
        log_error("reload: %s%s%s%s; everything stays as it was", only ? "conference " : "",
                  only ? only : "", only ? ": " : "", told);
    } else if (only) {
        log_info("reload: conference %s alone: script generation %u", only,
                 lua_engine_generation_of(server->engine,
                                          focus_conference_by_name(server->focus, only)));
    } else {
        log_info("reload: done, script generation %u, in %.1f ms",
                 lua_engine_generation(server->engine),
                 (double)(clock_us() - server->reload.began) / 1000);
    }
    settings_free(&server->reload.wanted);
    server->reload.wanted = (struct settings){0};
    free(server->reload.only);
    server->reload.only = NULL;
    server->reload.is_under_way = false;
    if (server->reload.done) {
        server->reload.done(server->reload.arg, status, told);
    }
    reload_again(server);
}

/* `number`: of the scripts that were live. What the settings were is kept as long as these may come
 * back. */
static void keep_before(struct server *server, unsigned number)
{
    unsigned reserve = lua_engine_reserve(server->engine);
    if (reserve != 0 && reserve != number) {
        return; /* those that it is kept for are older */
    }
    settings_free(&server->reload.before);
    server->reload.before = (struct settings){0};
    if (reserve != 0) {
        server->reload.before = server_script_part(&server->reload.wanted);
    }
}

static void scripts_swap(struct server *server)
{
    unsigned before = lua_engine_generation(server->engine);
    char told[TOLD_SIZE] = "";
    int status = scripts_change(server, lua_engine_swap, told, sizeof told);
    if (!status && !server->reload.only) {
        warn_of_restart(&server->settings, &server->reload.wanted, told, sizeof told);
        server_apply(server, &server->reload.wanted);
        keep_before(server, before);
    }
    reload_end(server, status, told);
}

/* The self-tests have been run, on what is in the files by now. */
static void on_tested(struct server *server, const char *problem)
{
    const char *rewritten = lua_engine_rewritten(server->engine);
    char told[TOLD_SIZE];
    if (!problem && !rewritten) {
        scripts_swap(server);
        return;
    }
    if (rewritten) {
        snprintf(told, sizeof told, "%s: it was written anew while the self-tests ran", rewritten);
        server->reload.is_wanted_again |= !server->reload.done;
    } else {
        snprintf(told, sizeof told, "%s", problem);
    }
    lua_engine_abandon(server->engine);
    reload_end(server, EINVAL, told);
}

/* Of all. An errno: `error` says why. */
static int settings_prepare(struct server *server, char *error, size_t error_size)
{
    struct settings *wanted = &server->reload.wanted;
    int status = settings_load(server->arguments, server->arguments->config, wanted, NULL, error,
                               error_size);
    if (status) {
        *wanted = (struct settings){0};
        return status;
    }
    status = check_factories(server, wanted, error, error_size);
    return status ? status : server_prepare_journal(server, wanted, error, error_size);
}

/* Everything but the swap. */
static int reload_prepare(struct server *server, const char *only, char *error, size_t error_size)
{
    int status = 0;
    if (only) {
        server->reload.only = strdup(only);
        status = server->reload.only ? 0 : ENOMEM;
    } else {
        status = settings_prepare(server, error, error_size);
    }
    return status ? status : scripts_change(server, lua_engine_prepare, error, error_size);
}

/* Who gets no answer, as with a signal, is not forgotten: what it is for may have been written too
 * late for the one that is under way. */
static void refuse(struct server *server, void (*done)(void *arg, int error, const char *told),
                   void *arg)
{
    const char *why = server->is_stopping ? "the server is stopping"
                                          : "a reload is under way, with its self-tests";
    if (!done && !server->is_stopping) {
        server->reload.is_wanted_again = true;
        log_info("reload: %s; there will be another one", why);
        return;
    }
    log_error("reload: %s", why);
    if (done) {
        done(arg, EBUSY, why);
    }
}

void server_reload(struct server *server, const char *only,
                   void (*done)(void *arg, int error, const char *told), void *arg)
{
    char told[TOLD_SIZE] = "out of memory";
    if (server->is_stopping || server->reload.is_under_way) {
        refuse(server, done, arg);
        return;
    }
    server->reload.is_under_way = true;
    server->reload.began = clock_us();
    server->reload.done = done;
    server->reload.arg = arg;
    int status = reload_prepare(server, only, told, sizeof told);
    const json_t *scripts = lua_engine_selftests(server->engine);
    if (status) {
        reload_end(server, status, told);
    } else if (json_array_size(scripts) == 0) {
        scripts_swap(server);
    } else if (server_test_scripts(server, scripts, on_tested)) {
        on_tested(server, "the self-tests cannot be run");
    }
}

void server_reload_cancel(struct server *server)
{
    server_test_cancel(server);
    settings_free(&server->reload.wanted);
    settings_free(&server->reload.before);
    free(server->reload.only);
}

int server_place(struct server *server, enum placing placing, struct conference *conference,
                 char *error, size_t error_size)
{
    static int (*const moves[])(struct lua_engine *, struct conference *, char *, size_t) = {
        [PLACE_BACK] = lua_engine_call_back,
        [PLACE_PINNED] = lua_engine_pin,
        [PLACE_UNPINNED] = lua_engine_unpin,
    };
    const char *name = conference_name(conference);
    int status = moves[placing](server->engine, conference, error, error_size);

    if (status) {
        log_error("reload: conference %s: %s; everything stays as it was", name, error);
    } else {
        log_info("conference %s: script generation %u%s", name,
                 lua_engine_generation_of(server->engine, conference),
                 placing == PLACE_PINNED ? ", where it stays" : "");
    }
    return status;
}
