/* `parley reload` and SIGHUP: what can change under running calls, changes. */
#include "main/serve.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TOLD_SIZE = 1024 };

static enum factory factory_of(const char *way)
{
    return !*way ? FACTORY_NONE : strcmp(way, "answer") == 0 ? FACTORY_ANSWERS : FACTORY_REDIRECTS;
}

static struct conference_life life_of(const struct life_settings *settings)
{
    return (struct conference_life){.empty_timeout = settings->empty_timeout,
                                    .duration = settings->duration,
                                    .warning = settings->warning};
}

struct probation_config server_probation(const struct settings *settings)
{
    return (struct probation_config){.errors = settings->reload_errors,
                                     .within = settings->reload_within,
                                     .lasts = settings->reload_probation};
}

static void set_life(struct focus *focus, const struct settings *settings)
{
    struct conference_life life = life_of(&settings->created);
    life.ends_with_creator = settings->created_ends_with_creator == SWITCH_ON;
    focus_set_life(focus, &life, settings->created_patience, settings->created_gone);
}

static struct conference_config config_of(const struct conference_settings *conference)
{
    struct conference_life life = life_of(&conference->life);
    life.ends_with_creator = *conference->factory && conference->ends_with_creator != SWITCH_OFF;
    return (struct conference_config){.name = conference->name,
                                      .factory = factory_of(conference->factory),
                                      .title = conference->title,
                                      .about = {.description = conference->description,
                                                .web = conference->web,
                                                .email = conference->email,
                                                .phone = conference->phone,
                                                .keywords = conference->keywords},
                                      .policy = conference->policy,
                                      .capacity = conference->capacity,
                                      .life = life,
                                      .hides_focus = conference->hide_focus == SWITCH_ON,
                                      .attendant = conference->attendant,
                                      .options = conference->options,
                                      .places = conference->places};
}

int server_reserve(struct focus *focus, const struct settings *settings)
{
    struct sound_config sound = server_sound(settings, &settings->sound);
    int status = focus_set_sound(focus, &sound);
    set_life(focus, settings);
    focus_set_attendant(focus, settings->attendant);
    for (unsigned i = 0; !status && i < settings->conference_count; i++) {
        const struct conference_settings *conference = &settings->conferences[i];
        struct conference_config config = config_of(conference);
        sound = server_sound(settings, &conference->sound);
        config.sound = &sound;
        status = focus_reserve(focus, &config);
        if (status) {
            log_error("conference %s: cannot be reserved: %s", conference->name, strerror(status));
            return status;
        }
    }
    return status;
}

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

/* One half of the change of the scripts to what the settings want. All policies must load, and suit
 * the options of the conferences, or nothing is changed. */
static int scripts_change(struct server *server,
                          int (*change)(struct lua_engine *, const struct lua_engine_demand *,
                                        char *, size_t),
                          char *error, size_t error_size)
{
    const struct settings *wanted = &server->reload.wanted;
    struct lua_engine_demand demand = {.site_policy = wanted->policy,
                                       .applications = wanted->applications,
                                       .conference_count = wanted->conference_count};
    struct conference_config *configs = calloc(wanted->conference_count + 1, sizeof *configs);
    if (!configs) {
        snprintf(error, error_size, "out of memory");
        return ENOMEM;
    }
    for (unsigned i = 0; i < wanted->conference_count; i++) {
        configs[i] = config_of(&wanted->conferences[i]);
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

static void apply_outbound(struct server *server, struct settings *wanted)
{
    struct settings *now = &server->settings;
    char *proxy = now->outbound_proxy;
    json_t *credentials = now->outbound_credentials;
    now->outbound_proxy = wanted->outbound_proxy;
    now->outbound_credentials = wanted->outbound_credentials;
    now->outbound_redirects = wanted->outbound_redirects;
    wanted->outbound_proxy = proxy;
    wanted->outbound_credentials = credentials;
    (void)server_set_outbound(server, now);
}

static void apply_conferences(struct server *server, struct settings *wanted)
{
    struct settings *now = &server->settings;
    for (unsigned i = 0; i < now->conference_count; i++) {
        if (!settings_conference(wanted, now->conferences[i].name)) {
            focus_unreserve(server->focus, now->conferences[i].name);
        }
    }
    /* Out of memory for one conference is logged and leaves the others; there is no way back. */
    (void)server_reserve(server->focus, wanted);
    state_touch(server->state);

    struct conference_settings *old = now->conferences;
    unsigned old_count = now->conference_count;
    now->conferences = wanted->conferences;
    now->conference_count = wanted->conference_count;
    wanted->conferences = old;
    wanted->conference_count = old_count;

    char *old_attendant = now->attendant;
    now->attendant = wanted->attendant;
    wanted->attendant = old_attendant;

    struct sound_settings old_sound = now->sound;
    now->sound = wanted->sound;
    wanted->sound = old_sound;

    now->created = wanted->created;
    now->created_ends_with_creator = wanted->created_ends_with_creator;
    now->created_patience = wanted->created_patience;
    now->created_gone = wanted->created_gone;
}

static void apply_accounts(struct server *server, struct settings *wanted)
{
    struct settings *now = &server->settings;
    struct account_settings *old = now->accounts;
    unsigned old_count = now->account_count;
    now->accounts = wanted->accounts;
    now->account_count = wanted->account_count;
    wanted->accounts = old;
    wanted->account_count = old_count;
    sip_agent_accounts_changed(server->agent);
}

static void apply_http(struct server *server, struct settings *wanted)
{
    struct string_list old = server->settings.http_allow;
    server->settings.http_allow = wanted->http_allow;
    wanted->http_allow = old;
    if (fetcher_allow(server->fetcher, (const char *const *)server->settings.http_allow.items,
                      server->settings.http_allow.count)) {
        log_error("reload: http.allow: out of memory; it stays as it was");
    }
}

static void apply_overload(struct server *server, const struct settings *wanted)
{
    server->settings.overload_late = wanted->overload_late;
    server->settings.overload_load = wanted->overload_load;
    media_set_overload(server->media, wanted->overload_late, wanted->overload_load);
}

static void apply_probation(struct server *server, const struct settings *wanted)
{
    struct probation_config config = server_probation(wanted);

    server->settings.reload_errors = wanted->reload_errors;
    server->settings.reload_within = wanted->reload_within;
    server->settings.reload_probation = wanted->reload_probation;
    lua_engine_set_probation(server->engine, &config);
}

/* The scripts are the new ones already. */
static void apply(struct server *server, struct settings *wanted)
{
    server->settings.log_level = wanted->log_level;
    log_set_level(wanted->log_level);
    char *policy = server->settings.policy;
    server->settings.policy = wanted->policy;
    wanted->policy = policy;
    json_t *applications = server->settings.applications;
    server->settings.applications = wanted->applications;
    wanted->applications = applications;
    server_swap_journal(server, wanted);
    apply_probation(server, wanted);
    apply_outbound(server, wanted);
    apply_overload(server, wanted);
    apply_http(server, wanted);
    apply_conferences(server, wanted);
    apply_accounts(server, wanted);
    focus_reloaded(server->focus);
    server->settings.reload_watch = wanted->reload_watch;
    server_watch(server);
}

/* `told`: why not, or what needs a restart. */
static void reload_end(struct server *server, int status, const char *told)
{
    if (status) {
        journal_abandon(server->journal);
        log_error("reload: %s; everything stays as it was", told);
    } else {
        log_info("reload: done, script generation %u, in %.1f ms",
                 lua_engine_generation(server->engine),
                 (double)(clock_us() - server->reload.began) / 1000);
    }
    settings_free(&server->reload.wanted);
    server->reload.wanted = (struct settings){0};
    server->reload.is_under_way = false;
    if (server->reload.done) {
        server->reload.done(server->reload.arg, status, told);
    }
}

/* The self-tests have been run. */
static void on_tested(struct server *server, const char *problem)
{
    char told[TOLD_SIZE] = "";
    int status = EINVAL;
    if (problem) {
        snprintf(told, sizeof told, "%s", problem);
        lua_engine_abandon(server->engine);
    } else {
        status = scripts_change(server, lua_engine_swap, told, sizeof told);
    }
    if (!status) {
        warn_of_restart(&server->settings, &server->reload.wanted, told, sizeof told);
        apply(server, &server->reload.wanted);
    }
    reload_end(server, status, told);
}

/* Everything but the swap. */
static int reload_prepare(struct server *server, char *error, size_t error_size)
{
    struct settings *wanted = &server->reload.wanted;
    int status = settings_load(server->arguments, server->arguments->config, wanted, NULL, error,
                               error_size);
    if (status) {
        *wanted = (struct settings){0};
        return status;
    }
    status = check_factories(server, wanted, error, error_size);
    if (!status) {
        status = server_prepare_journal(server, wanted, error, error_size);
    }
    return status ? status : scripts_change(server, lua_engine_prepare, error, error_size);
}

void server_reload(struct server *server, void (*done)(void *arg, int error, const char *told),
                   void *arg)
{
    char told[TOLD_SIZE] = "";
    if (server->is_stopping || server->reload.is_under_way) {
        const char *why = server->is_stopping ? "the server is stopping"
                                              : "a reload is under way, with its self-tests";
        log_error("reload: %s", why);
        if (done) {
            done(arg, EBUSY, why);
        }
        return;
    }
    server->reload.is_under_way = true;
    server->reload.began = clock_us();
    server->reload.done = done;
    server->reload.arg = arg;
    int status = reload_prepare(server, told, sizeof told);
    const json_t *scripts = lua_engine_selftests(server->engine);
    if (status) {
        reload_end(server, status, told);
    } else if (json_array_size(scripts) == 0) {
        on_tested(server, NULL);
    } else if (server_test_scripts(server, scripts, on_tested)) {
        on_tested(server, "the self-tests cannot be run");
    }
}

void server_reload_cancel(struct server *server)
{
    server_test_cancel(server);
    settings_free(&server->reload.wanted);
}

int server_place(struct server *server, enum placing placing, struct conference *conference,
                 char *error, size_t error_size)
{
    static int (*const moves[])(struct lua_engine *, struct conference *, char *, size_t) = {
        [PLACE_AHEAD] = lua_engine_send_ahead,
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
